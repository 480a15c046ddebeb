"""One child process: its output line by line, its stop, its end with ours."""

import collections
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LEASH = str(Path(__file__).with_name("leash.py"))
LINES_KEPT = 20


def leashed(
    command: Sequence[str], *, death_signal: int = signal.SIGTERM, confinement: Sequence[str] = ()
) -> list[str]:
    """`command` wrapped so that it gets `death_signal` when this process dies (Linux; elsewhere no-op).

    The signal is bound to the *thread* that starts the command: start it from one that stays.
    confinement: further options of `leash.py` (which user it becomes).
    """
    return [
        sys.executable,
        "-I",
        "-S",
        LEASH,
        f"--parent={os.getpid()}",
        f"--signal={int(death_signal)}",
        *confinement,
        "--",
        *command,
    ]


class Child:
    """A program we start, watch and stop.

    stop_signal: what asks it to end in good order; after `grace` seconds its whole group is killed.
    show: called with each line of its output, from a thread of its own.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_signal: int = signal.SIGTERM,
        grace: float = 15.0,
        confinement: Sequence[str] = (),
        show: Callable[[str, str], None] | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.env = dict(env) if env is not None else None
        self.cwd = cwd
        self.stop_signal = stop_signal
        self.grace = grace
        self.confinement = confinement
        self.show = show
        self.last_lines: collections.deque[str] = collections.deque(maxlen=LINES_KEPT)
        self.process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def start(self) -> None:
        self.last_lines.clear()
        self.process = subprocess.Popen(
            leashed(self.command, death_signal=self.stop_signal, confinement=self.confinement),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self.env,
            cwd=self.cwd,
            start_new_session=True,  # a Ctrl-C in the terminal reaches us alone, and we stop it in order
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        with process.stdout as lines:
            for line in lines:
                line = line.rstrip()
                if not line:
                    continue
                self.last_lines.append(line)
                if self.show:
                    self.show(self.name, line)

    def exit_code(self) -> int | None:
        """None while it runs or was never started; negative: the signal that ended it."""
        return self.process.poll() if self.process else None

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def clear_remains(self) -> None:
        """After its death: end what it started and left behind, and read its last words."""
        if not self.process:
            return
        self._signal_group(signal.SIGKILL)
        if self._reader:
            self._reader.join(timeout=1)

    def ask_to_stop(self) -> None:
        if self.is_running() and self.process:
            self.process.send_signal(self.stop_signal)

    def wait_until_stopped(self, deadline: float) -> None:
        """Wait to the moment `deadline` (time.monotonic()), then kill; leaves nothing of its group."""
        if not self.process:
            return
        try:
            self.process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._signal_group(signal.SIGKILL)
            self.process.wait()
        self.clear_remains()

    def stop(self) -> None:
        stop_together([self])

    def _signal_group(self, number: int) -> None:
        assert self.process
        # Nobody left; macOS says "not permitted" of a group of zombies.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


def stop_together(children: Sequence[Child]) -> None:
    """Ask all at once, then wait for each, so that the slowest alone sets the time."""
    begun = time.monotonic()
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.wait_until_stopped(begun + child.grace)


def wait_for(is_true: Callable[[], bool], *, seconds: float, pause: float = 0.02) -> bool:
    """True as soon as `is_true()` holds, False when it did not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
