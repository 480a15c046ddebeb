"""One line on a terminal that says how far a command is; nothing where nobody looks."""

import time
from typing import Any, Protocol

_EVERY_S = 0.2


class Counted(Protocol):
    """What a progress line counts."""

    stored: int
    known: int
    refused: int


class Progress:
    """Rewrites its line at most five times a second, on a terminal only."""

    def __init__(self, out: Any, name: str) -> None:
        self._out, self._name = out, name
        self._watched = bool(getattr(out, "isatty", lambda: False)())
        self._shown_at = 0.0
        self._shown = False

    def show(self, share: float, counted: Counted) -> None:
        """share: how much of the work is done, from 0 to 1."""
        now = time.monotonic()
        if not self._watched or now - self._shown_at < _EVERY_S:
            return
        self._shown_at, self._shown = now, True
        filled = round(share * 20)
        line = f"{'█' * filled}{'·' * (20 - filled)} {share:4.0%}  {self._name}  {counted.stored:,} stored"
        if counted.known:
            line += f", {counted.known:,} known"
        if counted.refused:
            line += f", {counted.refused:,} refused"
        self._out.write(f"\r{line[:119]:<119}", style_func=str, ending="")
        self._out.flush()

    def clear(self) -> None:
        """Takes the line away, so that others can write."""
        if self._shown:
            self._out.write("\r" + " " * 119 + "\r", style_func=str, ending="")
            self._shown = False
