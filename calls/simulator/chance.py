"""How a call goes, by chance: delays, endings, talk. Seconds throughout."""

import math
import random
from collections.abc import Sequence

from calls.simulator.call import ANSWERED, FAILED_OVER, Call, Ending
from calls.simulator.plan import Caller, Carrier, Plan

_CODECS = ("PCMA", "PCMA", "PCMU", "G729")
_LONGEST_S = 3600
# Of calls that a failing carrier gets, this share comes back; of others, that share.
_FAILING_LOSES = 0.6
_GOOD_LOSES = 0.02
_MEAN_OF_TALK = 1.5683  # of a lognormal with sigma 0.9487; divides it down to mean 1

# Ending, who released, share, rings: 1 always, 0.5 half of the time, 0 never.
_FAILURES: Sequence[tuple[Ending, str, int, float]] = (
    ((486, "Busy Here", 17, "busy here"), "destination", 30, 0.5),
    ((480, "Temporarily Unavailable", 18, "no answer"), "destination", 20, 1),
    ((487, "Request Terminated", 16, "cancelled"), "origin", 24, 1),
    ((404, "Not Found", 1, "no such number"), "carrier", 13, 0),
    ((503, "Service Unavailable", 34, "congestion"), "carrier", 6, 0),
    ((484, "Address Incomplete", 28, "address incomplete"), "carrier", 3, 0),
    ((603, "Decline", 21, "declined"), "destination", 4, 0.5),
)
_FAILURE_WEIGHTS = [row[2] for row in _FAILURES]
OVER_LIMIT: Ending = (503, "Channel Limit Reached", 34, "channel limit")


class Dice:
    """Draws calls for one plan."""

    def __init__(self, plan: Plan, rng: random.Random, run: str) -> None:
        self.rng = rng
        self.run = run
        self.count = 0
        self.carriers = plan.carriers
        self.shares = [carrier.share for carrier in plan.carriers]
        self.good = [carrier for carrier in plan.carriers if not carrier.failing]

    def call(self, caller: Caller, at: float) -> Call:
        """A call that starts at `at`, with everything that will happen to it."""
        at = _whole_ms(at)
        carrier = self.rng.choices(self.carriers, self.shares)[0]
        lost_to, moment = None, at
        if self.rng.random() < (_FAILING_LOSES if carrier.failing else _GOOD_LOSES):
            lost_to, moment = carrier, round(at + self._delay(carrier), 3)
            carrier = self.rng.choice([other for other in self.good if other is not lost_to] or self.good)
        call = self._draft(caller, carrier, at)
        call.lost_to, call.lost_at = lost_to, moment
        delay = self._delay(carrier)
        if self.rng.random() * 100 < caller.asr:
            self._answer(call, moment + delay)
        else:
            self._fail(call, moment + delay)
        call.pdd_out_ms = round(delay * 1000)
        return call

    def refusal(self, caller: Caller, at: float) -> Call:
        """A call that the switch itself turns away, because the customer's channels are used up."""
        call = self._draft(caller, self.good[0], _whole_ms(at))
        call.ending, call.released_by = OVER_LIMIT, "switch"
        return call

    def _draft(self, caller: Caller, carrier: Carrier, at: float) -> Call:
        self.count += 1
        destination = self.rng.choices(caller.destinations, caller.destination_weights)[0]
        subscriber = self.rng.randrange(10**destination.digits)
        return Call(
            callid=f"{self.run}-{self.count:x}",
            caller=caller,
            destination=destination,
            number=f"{destination.prefix}{subscriber:0{destination.digits}d}",
            cli=f"{self.rng.choice(caller.cli_ranges)}{self.rng.randrange(1000):03d}",
            carrier=carrier,
            codec=self.rng.choice(_CODECS),
            started_at=at,
            rings_at=None,
            answered_at=None,
            ends_at=at,
            pdd_out_ms=0,
            ending=FAILED_OVER,
            released_by="carrier",
        )

    def _delay(self, carrier: Carrier) -> float:
        """From the switch's INVITE to the carrier's first ring."""
        if carrier.failing:
            return round(max(8.5, self.rng.gauss(11.2, 1.3)), 3)
        return round(min(4.0, max(0.8, self.rng.lognormvariate(0.45, 0.38))), 3)

    def _answer(self, call: Call, rings_at: float) -> None:
        talk = 1 + self.rng.lognormvariate(0, 0.9487) / _MEAN_OF_TALK * call.caller.acd_s
        call.rings_at = round(rings_at, 3)
        call.answered_at = round(rings_at + 0.7 + min(28.0, self.rng.expovariate(1 / 5.5)), 3)
        call.ends_at = round(call.answered_at + min(_LONGEST_S, talk), 3)
        call.ending = ANSWERED
        call.released_by = self.rng.choice(("origin", "destination"))

    def _fail(self, call: Call, reply_at: float) -> None:
        ending, released_by, _share, rings = self.rng.choices(_FAILURES, _FAILURE_WEIGHTS)[0]
        call.ending, call.released_by = ending, released_by
        call.ends_at = round(reply_at, 3)
        if self.rng.random() < rings:
            call.rings_at = call.ends_at
            longest = 45.0 if rings == 1 else 2.5
            call.ends_at = round(reply_at + self.rng.uniform(0.3, longest), 3)


def _whole_ms(at: float) -> float:
    """Downwards, so that a call stays in the second in which it came."""
    return math.floor(at * 1000) / 1000
