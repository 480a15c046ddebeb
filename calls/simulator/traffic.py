"""Calls coming and going in time: a day's curve, bursts, limits."""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from calls.simulator import call as wire
from calls.simulator.call import Call, State
from calls.simulator.chance import Dice
from calls.simulator.plan import Caller, Plan

_BY_HOUR = (30, 24, 20, 18, 20, 26, 38, 56, 76, 92, 100, 98, 92, 92, 98, 100, 95, 86, 76, 66, 56, 48, 40, 34)
_RECKON_EVERY_S = 600
_WARM_UP_S = 3600
_WARM_UP_CALLS = 200_000
_LONG_TALK = 12  # times the mean; next to nobody talks longer
# Bursts: this share of all calls, each burst this much above the mean, for so many seconds.
_BURST_SHARE = 0.12
_BURST_FACTOR = 1.6
_SLOWEST_BURST = 2.0
_BURST_S = (3.0, 8.0)
_BURST_AMONG = 200
_REFUSED_SHARE = 0.1
_TRIES = 4


@dataclass(slots=True)
class Happened:
    """What there is to tell: events in order of time, and records of attempts that are over."""

    events: list[dict[str, Any]] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)


class Traffic:
    """All calls of one simulated switch. Time only goes forward; `advance` may be called at any rate.

    cps: calls per second, averaged over a day. live: calls that are up, by call id.
    """

    def __init__(self, plan: Plan, *, cps: float, rng: random.Random, now: float) -> None:
        self.plan, self.cps, self.rng = plan, cps, rng
        self.dice = Dice(plan, rng, run=f"sim-{round(now * 1000):x}")
        self.live: dict[str, Call] = {}
        self.channels: dict[int, int] = {}
        self.second: dict[int, tuple[int, int]] = {}
        self.agenda: list[tuple[float, int, str, Call]] = []
        self.order = 0
        self.burst: tuple[Caller, float, float] | None = None  # who, until when, calls per second
        self.reckoned_until = 0.0
        self.biggest = sorted(plan.callers, key=lambda caller: -caller.weight)[:_BURST_AMONG]
        self._warm_up(now)

    def advance(self, now: float) -> Happened:
        """Everything from the last call until `now`."""
        happened = Happened()
        while self.clock < now:
            self._step(now, happened)
        return happened

    def snapshot(self) -> Iterator[dict[str, Any]]:
        """All calls that are up."""
        return (wire.live(call) for call in self.live.values())

    def _warm_up(self, now: float) -> None:
        """Lives through the last hour at most, unheard, so that calls are up at once, some for long."""
        longest = max(caller.acd_s for caller in self.plan.callers) * _LONG_TALK + 60
        self.clock = now - min(_WARM_UP_S, longest, _WARM_UP_CALLS / self.cps)
        self.next_burst = self.clock + self._until_burst()
        self.next_arrival = self.clock + self._until_arrival()
        self.heard = False
        self.advance(now)
        self.heard = True

    def _step(self, now: float, happened: Happened) -> None:
        """Goes to the next thing that happens, at most to `now`."""
        burst_ends = self.burst[1] if self.burst else float("inf")
        due = self.agenda[0][0] if self.agenda else float("inf")
        self.clock = min(now, due, self.next_arrival, self.next_burst, burst_ends)
        if self.clock == due:
            _at, _order, kind, call = heapq.heappop(self.agenda)
            self._happens(kind, call, happened)
        elif self.clock == self.next_arrival:
            self._arrive(happened)
            self.next_arrival = self.clock + self._until_arrival()
        elif self.clock in (self.next_burst, burst_ends):
            self._change_burst()
            # The rate has changed; waiting times have no memory, so drawing anew is right.
            self.next_arrival = self.clock + self._until_arrival()

    # --- when -------------------------------------------------------------------------------------

    def _until_arrival(self) -> float:
        self._reckon()
        return self.rng.expovariate(self.base_rate + (self.burst[2] if self.burst else 0.0))

    def _until_burst(self) -> float:
        in_one = self._burst_rate() * sum(_BURST_S) / 2
        return self.rng.expovariate(self.cps * _BURST_SHARE / in_one)

    def _burst_rate(self) -> float:
        return max(_SLOWEST_BURST, self.cps * _BURST_FACTOR)

    def _reckon(self) -> None:
        """How busy the hour is, and who calls in it; good for ten minutes."""
        if self.clock < self.reckoned_until:
            return
        self.reckoned_until = self.clock + _RECKON_EVERY_S
        weights = [caller.weight * _busy(self.clock, caller.hours) for caller in self.plan.callers]
        self.sums = list(accumulate(weights))
        whole = sum(caller.weight for caller in self.plan.callers)
        self.base_rate = self.cps * (1 - _BURST_SHARE) * self.sums[-1] / whole

    def _change_burst(self) -> None:
        if self.burst and self.clock >= self.burst[1]:
            self.burst = None
        else:
            caller = self.rng.choice(self.biggest)
            calls_per_second = self._burst_rate()
            if caller.cps_limit:
                calls_per_second = min(calls_per_second, caller.cps_limit)
            self.burst = caller, self.clock + self.rng.uniform(*_BURST_S), calls_per_second
            self.next_burst = self.burst[1] + self._until_burst()

    # --- who --------------------------------------------------------------------------------------

    def _arrive(self, happened: Happened) -> None:
        caller = self._someone()
        for _ in range(_TRIES):
            if not self._at_limit(caller):
                self._start(caller, happened)
                return
            if self.rng.random() < _REFUSED_SHARE:
                self._tell_record(happened, self.dice.refusal(caller, self.clock))
                return
            caller = self.rng.choices(self.plan.callers, cum_weights=self.sums)[0]

    def _someone(self) -> Caller:
        if self.burst and self.rng.random() * (self.base_rate + self.burst[2]) < self.burst[2]:
            return self.burst[0]
        return self.rng.choices(self.plan.callers, cum_weights=self.sums)[0]

    def _at_limit(self, caller: Caller) -> bool:
        second, count = self.second.get(caller.id, (0, 0))
        this_second = count if second == int(self.clock) else 0
        return bool(
            (caller.channels_limit and self.channels.get(caller.id, 0) >= caller.channels_limit)
            or (caller.cps_limit and this_second >= caller.cps_limit)
        )

    # --- what -------------------------------------------------------------------------------------

    def _start(self, caller: Caller, happened: Happened) -> None:
        call = self.dice.call(caller, self.clock)
        second = int(self.clock)
        last, count = self.second.get(caller.id, (0, 0))
        self.second[caller.id] = (second, count + 1 if last == second else 1)
        self.channels[caller.id] = self.channels.get(caller.id, 0) + 1
        self.live[call.callid] = call
        self._tell(happened, call, "start")
        if call.lost_to is not None:
            self._plan_for(call.lost_at, "lost", call)
        if call.rings_at is not None:
            self._plan_for(call.rings_at, "ringing", call)
        if call.answered_at is not None:
            self._plan_for(call.answered_at, "answered", call)
        self._plan_for(call.ends_at, "ended", call)

    def _plan_for(self, at: float, kind: str, call: Call) -> None:
        self.order += 1
        heapq.heappush(self.agenda, (max(at, self.clock), self.order, kind, call))

    def _happens(self, kind: str, call: Call, happened: Happened) -> None:
        if kind == "lost":
            if self.heard:
                happened.records.append(wire.lost_record(call))
            return
        if kind == "ringing":
            call.state = State.RINGING
        elif kind == "answered":
            call.state = State.CONNECTED
        else:
            del self.live[call.callid]
            self.channels[call.caller.id] -= 1
            self._tell_record(happened, call)
        self._tell(happened, call, kind)

    def _tell(self, happened: Happened, call: Call, kind: str) -> None:
        if self.heard:
            at = call.started_at if kind == "start" else self.clock
            happened.events.append(wire.event(call, kind, at))

    def _tell_record(self, happened: Happened, call: Call) -> None:
        if self.heard:
            happened.records.append(wire.record(call, self.plan.switch_ip))


def _busy(at: float, hours: int) -> float:
    """How busy a place `hours` east of UTC is, 1 on average over the day."""
    local = (at / 3600 + hours) % 24
    here, following = _BY_HOUR[int(local)], _BY_HOUR[(int(local) + 1) % 24]
    return (here + (following - here) * (local % 1)) * 24 / sum(_BY_HOUR)
