"""The loop of a simulated switch: let calls happen, tell the server, keep what it did not take."""

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from calls.simulator.call import stamp
from calls.simulator.link import Away, Link, TooLarge
from calls.simulator.outbox import Outbox
from calls.simulator.traffic import Traffic

DIALOGS = "/api/switch/dialogs"
CDRS = "/api/switch/cdrs"
TICK_S = 0.1
EVENTS_EVERY_S = 0.5
SNAPSHOT_EVERY_S = 3.0
RECORDS_EVERY_S = 1.0
MOST_RECORDS = 500
MOST_CALLS = 5_000  # named in one snapshot
BACKOFF_S = (0.5, 5.0)
GOODBYE_S = 5.0


class Stopped(Exception):
    """Raised where the feed waits for the server, once it was asked to stop."""


class Feed:
    """Runs until `stop`. say: takes a line for people."""

    def __init__(self, traffic: Traffic, link: Link, outbox: Outbox, say: Callable[[str], None]) -> None:
        self.traffic, self.link, self.outbox, self.say = traffic, link, outbox, say
        self.stopping = self.waiting = False
        self.events: list[dict[str, Any]] = []
        self.next_events = self.next_snapshot = self.next_records = 0.0
        self.away_until, self.backoff = 0.0, 0.0
        self.most_records = MOST_RECORDS
        self.complained = 0.0

    def stop(self) -> None:
        """May be called by a signal handler: breaks off a wait for the server, and nothing else."""
        self.stopping = True
        if self.waiting:
            raise Stopped

    def run(self, seconds: float | None = None) -> None:
        """Until stopped, or for so many seconds; then what is waiting is sent once more. Raises Rejected.

        Whatever the end, unacknowledged records stay on disk.
        """
        end = None if seconds is None else time.monotonic() + seconds
        try:
            while not self.stopping and (end is None or time.monotonic() < end):
                self.tick(time.time())
                time.sleep(TICK_S)
            if not self.stopping:
                self._say_goodbye()
        except Stopped:
            pass
        finally:
            self.link.close()
            self.outbox.close()

    def tick(self, now: float) -> None:
        """Lets calls happen until `now` (seconds since 1970) and sends what is due."""
        happened = self.traffic.advance(now)
        self.outbox.add(happened.records)
        self.events += happened.events
        if now < self.away_until:
            self.events.clear()  # old news of calls; the next snapshot tells what is still true
            return
        try:
            self._send(now)
        except Away as reason:
            self._back_off(now, reason)
        else:
            if self.backoff:
                self.say(f"{self.link.url} answers again.")
            self.backoff = 0.0

    def _send(self, now: float) -> None:
        if now >= self.next_snapshot:
            for calls in _pieces(self.traffic.snapshot(), MOST_CALLS):
                self._post(DIALOGS, [json.dumps({"event": "snapshot", "at": stamp(now), "calls": calls})])
            self.next_snapshot = now + SNAPSHOT_EVERY_S
        if now >= self.next_events and self.events:
            news, self.events = self.events, []
            self._post(DIALOGS, [json.dumps(event) for event in news])
            self.next_events = now + EVENTS_EVERY_S
        if now >= self.next_records:
            self._send_records()
            self.next_records = now + RECORDS_EVERY_S

    def _send_records(self) -> None:
        """One batch, or several while there is a backlog and nothing else is due."""
        until = time.monotonic() + EVENTS_EVERY_S
        while batch := self.outbox.batch(self.most_records):
            try:
                self._post(CDRS, batch)
            except TooLarge:
                if len(batch) == 1:
                    self._complain("A record is too large for the server and was left out.")
                else:
                    self.most_records = max(1, len(batch) // 2)
                    continue
            self.outbox.done(len(batch))
            if len(batch) < self.most_records or time.monotonic() > until:
                return

    def _post(self, path: str, lines: list[str]) -> None:
        self.waiting = True
        try:
            if self.stopping:
                raise Stopped
            answer = self.link.post(path, "\n".join(lines).encode())
        finally:
            self.waiting = False
        if refused := answer.get("refused"):
            first = refused[0]
            self._complain(
                f"{path} refused {len(refused)} of {len(lines)}, the first for {first.get('field')}:"
                f" {first.get('reason')}"
            )

    def _back_off(self, now: float, reason: Away) -> None:
        if not self.backoff:
            self.say(f"Waiting for {self.link.url}: {reason}")
        shortest, longest = BACKOFF_S
        self.backoff = min(longest, self.backoff * 2) if self.backoff else shortest
        self.away_until = now + self.backoff * random.uniform(0.7, 1.0)  # noqa: S311 - not for secrets
        self.events.clear()
        self.next_snapshot = 0.0

    def _say_goodbye(self) -> None:
        """Sends what is waiting, for a few seconds at most."""
        end = time.monotonic() + GOODBYE_S
        while len(self.outbox) and time.monotonic() < end:
            try:
                self._send_records()
            except Away:
                time.sleep(TICK_S)

    def _complain(self, line: str) -> None:
        """At most once in ten seconds: a fault repeats with every batch."""
        if time.monotonic() - self.complained > 10:
            self.complained = time.monotonic()
            self.say(line)


def _pieces(calls: Iterable[dict[str, Any]], most: int) -> Iterator[list[dict[str, Any]]]:
    """The calls in lists of at most `most`; one empty list where nothing is up, as a sign of life."""
    rest = iter(calls)
    piece = list(islice(rest, most))
    yield piece
    while piece := list(islice(rest, most)):
        yield piece
