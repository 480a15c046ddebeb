"""CPU time of the servers under test: unlike requests per second, hardly moved by what else runs.

From /proc, hence on Linux only, and for a database on this machine only.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Spent:
    """CPU seconds used so far; None where it cannot be read."""

    web: float | None
    database: float | None

    def since(self, before: "Spent") -> "Spent":
        return Spent(_minus(self.web, before.web), _minus(self.database, before.database))


def _minus(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


@dataclass(frozen=True)
class Meter:
    """web: session of the web server's processes. postmaster: pid of the database server if it is here."""

    web: int
    postmaster: int | None

    def read(self) -> Spent:
        found = [one for one in _processes() if self.web == one.session or self.postmaster == one.parent]
        if not found:
            return Spent(None, None)
        web = sum(one.own for one in found if one.session == self.web)
        if self.postmaster is None:
            return Spent(web, None)
        # Workers of a parallel scan live for one query; their time is with the children that are gone.
        gone = sum(one.children for one in _processes() if one.pid == self.postmaster)
        return Spent(web, gone + sum(one.own for one in found if one.parent == self.postmaster))


@dataclass(frozen=True)
class _Process:
    """own, children: CPU seconds of itself, and of its children that ended."""

    pid: int
    parent: int
    session: int
    own: float
    children: float


def _processes() -> Iterator[_Process]:
    if not (PROC / "self" / "stat").exists():
        return
    tick = os.sysconf("SC_CLK_TCK")
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            text = (folder / "stat").read_text()
        except OSError:
            continue  # it ended meanwhile
        # After the name in brackets, which may hold anything: state, parent, group, session, …
        rest = text.rpartition(")")[2].split()
        own, children = (sum(map(int, rest[at : at + 2])) / tick for at in (11, 13))
        yield _Process(int(folder.name), int(rest[1]), int(rest[3]), own, children)


def postmaster_of(backend: int) -> int | None:
    """The database server that process `backend` belongs to; None if it is no process of this machine."""
    name = PROC / str(backend) / "comm"
    if not name.exists() or not name.read_text().startswith("postgres"):
        return None
    return next((one.parent for one in _processes() if one.pid == backend), None)
