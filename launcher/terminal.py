"""The person's terminal: what we write to it, and who gets its Ctrl-C."""

import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

COLOURS = (36, 33, 35, 32, 34, 96, 93, 95, 92, 94)
_lock = threading.Lock()
_colours: dict[str, int] = {}


def say(line: str) -> None:
    """A line of our own."""
    with _lock:
        print(line, flush=True)


def show(name: str, line: str) -> None:
    """A line that the child `name` wrote; in colour where a person looks."""
    label = f"{name:<9}|"
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        colour = _colours.setdefault(name, COLOURS[len(_colours) % len(COLOURS)])
        label = f"\x1b[{colour}m{label}\x1b[0m"
    say(f"{label} {line}")


def show_but(noise: str) -> Callable[[str, str], None]:
    """`show` without the lines that match `noise`, a regular expression."""
    pattern = re.compile(noise)

    def show_some(name: str, line: str) -> None:
        if not pattern.search(line):
            show(name, line)

    return show_some


@contextmanager
def ctrl_c_is_ours() -> Iterator[None]:
    """Take the terminal from `make`, which otherwise gets the same Ctrl-C and reports a failure."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        yield  # no terminal
        return
    before = os.tcgetpgrp(terminal)
    if before != os.getpgrp() or before == os.getpid():
        os.close(terminal)  # in the background, or already the group's head
        yield
        return
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(
        signal.SIGTSTP, signal.SIG_IGN
    )  # pausing us but not `make` would leave the terminal to nobody
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpid())
    try:
        yield
    finally:
        os.tcsetpgrp(terminal, before)
        os.close(terminal)


def on_end_signals(handler: Callable[[], None]) -> None:
    """Call `handler` on Ctrl-C, SIGTERM and, unless started under nohup, a closed terminal."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda *_: handler())
