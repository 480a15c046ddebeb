"""Keeps children running: starts them, restarts who dies, gives up when that is hopeless."""

import collections
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launcher import leftovers
from launcher.processes import Child, stop_together
from launcher.refusal import Refusal

DEATHS_ALLOWED = 5
WINDOW_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 8.0
TICK_SECONDS = 0.1


class Stopped(Exception):
    """A person asked for the end while something was under way."""


class GaveUp(Exception):
    """One child died again and again; the text says which and what it said last."""


@dataclass
class Service:
    """A child to keep alive.

    prepare: called before each start. is_ready: for servers, whether others may use it by now.
    needs: names of servers; while one of them is away this service is not restarted, and its
    deaths are not held against it.
    """

    child: Child
    needs: Sequence[str] = ()
    prepare: Callable[[], None] | None = None
    is_ready: Callable[[], bool] | None = None
    deaths: collections.deque[float] = field(default_factory=collections.deque)
    start_at: float | None = None  # time.monotonic() of the next try; None while it runs

    @property
    def name(self) -> str:
        return self.child.name

    def is_up(self) -> bool:
        return self.child.is_running() and (self.is_ready is None or self.is_ready())


class Supervisor:
    """Drives services from one thread, the one that calls its methods.

    say: called with a line for the person. noted_in: file that lists who runs (see leftovers).
    stop_order: names, in groups that stop together; who is not named stops first.
    """

    def __init__(
        self, *, say: Callable[[str], None], noted_in: Path, stop_order: Sequence[Sequence[str]] = ()
    ) -> None:
        self.say = say
        self.noted_in = noted_in
        self.stop_order = stop_order
        self.services: dict[str, Service] = {}
        self._once: list[Child] = []
        self._end_asked = threading.Event()

    def ask_to_end(self) -> None:
        """Safe to call from a signal handler, any number of times."""
        self._end_asked.set()

    def start(self, service: Service) -> None:
        """Start it and watch it from now on."""
        self.services[service.name] = service
        self._launch(service)

    def wait_until(self, is_true: Callable[[], bool], *, what: str, seconds: float) -> None:
        """Go on supervising until `is_true()`. Raises Refusal when that takes longer than `seconds`."""
        deadline = time.monotonic() + seconds
        while not is_true():
            self.tick()
            if time.monotonic() > deadline:
                raise Refusal(f"{what} did not get ready within {seconds:.0f} seconds; its output is above.")

    def run_once(self, child: Child) -> None:
        """Run `child` to its end. Raises Refusal with its last words when it fails."""
        self._once = [child]
        child.start()
        self._note()
        while child.is_running():
            self.tick()
        child.clear_remains()
        self._once = []
        if code := child.exit_code():
            raise Refusal(f"{child.name} failed (exit code {code}). {last_words(child)}")

    def watch(self) -> None:
        """Supervise until someone asks to end. Raises GaveUp."""
        try:
            while True:
                self.tick()
        except Stopped:
            return

    def tick(self) -> None:
        """One look at all, then a short pause. Raises Stopped or GaveUp."""
        if self._end_asked.wait(TICK_SECONDS):
            raise Stopped
        for service in self.services.values():
            if service.start_at is None:
                if not service.child.is_running():
                    self._bury(service)
            elif time.monotonic() >= service.start_at and self._servers_are_up(service):
                self._launch(service)

    def stop(self) -> None:
        """All down, in order; nothing they started is left."""
        named = {name for group in self.stop_order for name in group}
        first = [service.child for name, service in self.services.items() if name not in named]
        stop_together([*self._once, *first])
        for group in self.stop_order:
            stop_together([self.services[name].child for name in group if name in self.services])
        self.noted_in.unlink(missing_ok=True)

    def _launch(self, service: Service) -> None:
        if service.prepare:
            service.prepare()
        service.child.start()
        service.start_at = None
        self._note()

    def _bury(self, service: Service) -> None:
        """Clear up after a death and decide when to try again."""
        child, now = service.child, time.monotonic()
        child.clear_remains()
        if self._servers_are_up(service):
            service.deaths.append(now)
        while service.deaths and service.deaths[0] < now - WINDOW_SECONDS:
            service.deaths.popleft()
        if len(service.deaths) >= DEATHS_ALLOWED:
            raise GaveUp(
                f"{service.name} ended {DEATHS_ALLOWED} times within a minute ({how_it_ended(child)}). "
                + last_words(child)
            )
        pause = FIRST_PAUSE_SECONDS * 2 ** max(0, len(service.deaths) - 1)
        pause = min(pause, LONGEST_PAUSE_SECONDS)
        service.start_at = now + pause
        self.say(f"{service.name} ended ({how_it_ended(child)}); it starts again in {pause:g} s")

    def _servers_are_up(self, service: Service) -> bool:
        return all(self.services[name].is_up() for name in service.needs if name in self.services)

    def _note(self) -> None:
        running: Iterable[Child] = (service.child for service in self.services.values())
        leftovers.note(self.noted_in, [*self._once, *running])


def how_it_ended(child: Child) -> str:
    code = child.exit_code()
    return f"killed by signal {-code}" if code and code < 0 else f"exit code {code}"


def last_words(child: Child) -> str:
    """The last lines of its output; of a settings error only the sentence that says what to do."""
    lines = list(child.last_lines)
    if lines and (sentence := lines[-1].partition("ImproperlyConfigured: ")[2]):
        return sentence
    return "Its last lines:\n" + "\n".join(f"  {line}" for line in lines) if lines else "It said nothing."
