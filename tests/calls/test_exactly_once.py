"""Calls shuffled, split, repeated and late, by two processes at once: every figure equals a plain recount."""

import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Count, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls import selfcheck
from calls.models import Cdr
from calls.pulse import Pulse
from customers.models import Customer
from tests.calls import recount
from tests.calls.writers import send, writers
from tests.factories import make_customer, make_switch

EXAMPLES = 10 * int(os.environ.get("CONNEX_SOAK", "1"))
CUSTOMERS, CARRIERS = 3, (None, 7, 8)


@dataclass(frozen=True)
class Attempt:
    """One attempt as it happened; `told` is what a switch says of it."""

    customer: int
    age: timedelta
    fraction_us: int
    number: int
    sip_code: int
    carrier: int | None
    country: str
    duration_ms: int
    pdd_ms: int | None
    charge: Decimal | None
    cost_currency: str

    def told(self, callid: str, customers: list[Customer], now: datetime, *, whole: bool) -> dict[str, Any]:
        """whole: the start to the second, as some of a switch's outputs have it."""
        start = (now - self.age).replace(microsecond=0 if whole else self.fraction_us)
        return {
            "customer_id": customers[self.customer].pk,
            "callid": callid,
            "attempt": self.number,
            "is_last": self.number == 2,
            "started_at": start.isoformat(),
            "sip_code": self.sip_code,
            "duration_ms": self.duration_ms if self.sip_code == 200 else 0,
            "pdd_ms": self.pdd_ms,
            "pdd_out_ms": self.pdd_ms,
            "carrier_id": self.carrier,
            "destination_country": self.country,
            "customer_charge": None if self.charge is None else str(self.charge),
            "carrier_charge": None if self.charge is None else str(self.charge / 2),
            "carrier_currency": self.cost_currency,
        }


attempts = st.builds(
    Attempt,
    customer=st.integers(0, CUSTOMERS - 1),
    # This minute, borders of minutes, hours, days and of the 24-hour window, and long ago.
    age=st.sampled_from([0, 59, 60, 61, 3_600, 86_000, 86_400, 86_460, 90_000, 172_000, 5 * 86_400]).map(
        lambda seconds: timedelta(seconds=seconds)
    ),
    fraction_us=st.sampled_from([0, 123_000, 999_999]),
    number=st.sampled_from([1, 2]),
    sip_code=st.sampled_from([200, 200, 486, 503]),
    carrier=st.sampled_from(CARRIERS),
    country=st.sampled_from(["", "DE", "GB"]),
    duration_ms=st.integers(1, 600_000),
    pdd_ms=st.none() | st.integers(0, 12_000),
    charge=st.none() | st.decimals(0, 2, places=4),
    cost_currency=st.sampled_from(["EUR", "USD"]),
)


@st.composite
def deliveries(draw: Any) -> tuple[list[Attempt], list[list[list[tuple[int, bool]]]]]:
    """Attempts, and for two writers their batches of (which attempt, told to the second?).

    Every attempt is told at least once by somebody; some are told again, in another order.
    """
    happened = draw(st.lists(attempts, min_size=1, max_size=25))
    told = draw(st.permutations(range(len(happened)))) + draw(
        st.lists(st.integers(0, len(happened) - 1), max_size=25)
    )
    writers: list[list[list[tuple[int, bool]]]] = [[[]], [[]]]
    for which in told:
        batches = writers[draw(st.integers(0, 1))]
        if draw(st.booleans()):
            batches.append([])
        batches[-1].append((which, draw(st.booleans())))
    return happened, writers


@pytest.mark.soak
@pytest.mark.accept("W-05")
@pytest.mark.django_db(transaction=True)
def test_whatever_the_order_the_parts_and_the_repeats_all_figures_equal_a_plain_recount():
    switch, _token = make_switch()
    customers = [make_customer(currency=code) for code in ("EUR", "USD", "EUR")]
    pulse = Pulse()

    at_work: set[int] = set()

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(deliveries())
    def all_is_right(case: tuple[list[Attempt], list[list[list[tuple[int, bool]]]]]) -> None:
        happened, parts = case
        now = datetime.now(UTC)
        name = uuid.uuid4().hex
        under_way = [
            pool.submit(
                send,
                switch.pk,
                [
                    [
                        happened[which].told(f"{name}-{which}", customers, now, whole=whole)
                        for which, whole in batch
                    ]
                    for batch in batches
                    if batch
                ],
            )
            for batches in parts
        ]
        pulse.tick(datetime.now(UTC))  # figures are folded while deliveries come in
        at_work.update(one.result(timeout=60) for one in under_way)
        pulse.tick(datetime.now(UTC))
        stored = Cdr.objects.filter(callid__startswith=name).aggregate(
            n=Count("callid"), sum=Sum("customer_charge")
        )
        charges = [one.charge for one in happened if one.charge is not None]
        assert stored == {"n": len(happened), "sum": sum(charges) if charges else None}
        assert recount.wrong() == []

    with writers(2) as pool:
        all_is_right()
    assert len(at_work) == 2
    assert list(selfcheck.differences()) == []
