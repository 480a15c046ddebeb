"""Processes that outlived a killed launcher: found by number and by when they were started."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path

from launcher.processes import Child, wait_for


def command_of(pid: int) -> str:
    """Its command line; empty when there is no such process, or only its shell (a zombie)."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return "" if Path("/proc/self").exists() else _ask_ps(pid, "command=")


def started_at(pid: int) -> str:
    """When it was started, in the system's own notation; with the number it names one process for ever."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if after_name[0] == "Z" else after_name[19]
    except OSError:
        return "" if Path("/proc/self").exists() else _ask_ps(pid, "lstart=")


def _ask_ps(pid: int, column: str) -> str:
    answer = subprocess.run(
        ["ps", "-o", column, "-p", str(pid)], capture_output=True, text=True
    ).stdout.strip()
    return "" if "<defunct>" in answer else answer


def note(path: Path, children: Iterable[Child]) -> None:
    """Write down who runs, for `end` to find after our own sudden death."""
    rows = [
        {
            "name": child.name,
            "pid": child.pid,
            "started": started_at(child.pid),
            "signal": int(child.stop_signal),
        }
        for child in children
        if child.pid and child.is_running()
    ]
    new = path.with_suffix(".new")
    new.write_text(json.dumps(rows))
    new.replace(path)


def end(path: Path, *, seconds: float = 10) -> list[str]:
    """Stop whoever is noted in `path` and still runs; returns their names.

    Each is asked first, and after `seconds` killed with all it started.
    """
    try:
        rows = json.loads(path.read_text())
    except (OSError, ValueError):
        return []
    alive = [row for row in rows if row["started"] and started_at(row["pid"]) == row["started"]]
    for row in alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(row["pid"], row["signal"])
    wait_for(lambda: not any(started_at(row["pid"]) == row["started"] for row in alive), seconds=seconds)
    for row in alive:
        if started_at(row["pid"]) in ("", row["started"]):  # never the group of a newcomer with that number
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(row["pid"], signal.SIGKILL)
    path.unlink(missing_ok=True)
    return [row["name"] for row in alive]
