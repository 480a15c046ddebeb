"""The data folder (CONNEX_HOME): who uses it, the secrets of this installation, what it remembers."""

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from launcher.refusal import Refusal


class Home:
    """A data folder in use by this process alone; `close()` frees it, and so does any death."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = self._open()

    def _open(self) -> IO[str]:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = (self.path / "lock").open("a+")
        except OSError as error:
            raise Refusal(
                f"The data folder {self.path} cannot be written ({error.strerror}). "
                "Set CONNEX_HOME to a folder of yours, for example CONNEX_HOME=$HOME/connex."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise Refusal(
                f"Connex is already running on the data folder {self.path} (process {holder}). "
                "Stop it with Ctrl-C first, or set CONNEX_HOME (and PORT) to run a second one."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return lock

    def close(self) -> None:
        self._lock.close()

    def secret(self, name: str, *, characters: int = 24) -> str:
        """A random secret, made when first asked for, the same ever after."""
        kept = self._read("secrets.json")
        if name not in kept:
            self.keep_secret(name, secrets.token_urlsafe(characters)[:characters])
        return self._read("secrets.json")[name]

    def keep_secret(self, name: str, value: str) -> None:
        """Have `secret` return `value` from now on."""
        write_private(
            self.path / "secrets.json", json.dumps(self._read("secrets.json") | {name: value}, indent=1)
        )

    def recall(self, name: str) -> str | None:
        """What `remember` stored."""
        return self._read("state.json").get(name)

    def remember(self, name: str, value: str) -> None:
        write_private(
            self.path / "state.json", json.dumps(self._read("state.json") | {name: value}, indent=1)
        )

    def _read(self, name: str) -> dict[str, str]:
        path = self.path / name
        try:
            return dict(json.loads(path.read_text()))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise Refusal(
                f"{path} is damaged ({error}). Put back a copy of it, or set CONNEX_HOME to an empty folder."
            ) from error

    def write_run_env(self, values: Mapping[str, str]) -> None:
        """What runs now, for `manage.py` in another terminal (connexcs_admin/env.py reads it)."""
        lines = "".join(f"{name}={value}\n" for name, value in values.items())
        write_private(self.path / "run.env", lines)

    def remove_run_env(self) -> None:
        (self.path / "run.env").unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Replace `path` as a whole, readable by its owner alone from the first moment on."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
