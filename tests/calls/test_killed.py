"""kill -9 of everybody who ingests and folds, at any moment: no record lost or doubled, figures exact."""

import json
import os
import random
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from billing.models import LedgerEntry
from calls import ingest, selfcheck
from calls.models import Cdr, CdrBatch
from calls.pulse import Pulse
from tests.calls import recount
from tests.factories import make_customer, make_switch

ROUNDS = int(os.environ.get("CONNEX_SOAK", "2"))
WRITERS = 2
RECORDS = 40  # per delivery
LIVES_S = (0.0, 0.6)  # how long a process may work before it is killed
_NUMBER = 8  # bytes of a number on a pipe


def delivery(number: int, customers: list[int], day: datetime) -> bytes:
    """The body of the n-th delivery, the same whenever it is made."""
    rng = random.Random(number)
    rows = []
    for place in range(RECORDS):
        connected = rng.random() < 0.5
        row: dict[str, Any] = {
            "customer_id": rng.choice(customers),
            "callid": f"{number}-{place}",
            "started_at": (day + timedelta(milliseconds=rng.randrange(86_400_000))).isoformat(),
            "sip_code": 200 if connected else 486,
            "duration_ms": rng.randrange(1, 300_000) if connected else 0,
            "pdd_ms": rng.randrange(8_000),
            "carrier_id": rng.choice([None, 1, 2]),
            "destination_country": rng.choice(["DE", "GB"]),
            "carrier_currency": "USD",
            "customer_charge": "0.0125" if connected else "0",
        }
        rows.append(row)
    return json.dumps(rows).encode()


class Child:
    """A forked process that tells the numbers of what it has done, until it is killed."""

    def __init__(self, work: Callable[[Callable[[int], None]], None]) -> None:
        connection.close()  # a child must not talk on its parent's connection
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(reading)
                connection.ensure_connection()
                os.write(writing, bytes(_NUMBER))  # it begins
                work(lambda number: os.write(writing, number.to_bytes(_NUMBER, "big")) and None)
            finally:
                os._exit(1)
        os.close(writing)
        self._reading = reading

    def wait_until_it_begins(self) -> None:
        assert os.read(self._reading, _NUMBER)

    def kill(self) -> list[int]:
        """Ends it without a word; returns what it had told."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        with os.fdopen(self._reading, "rb") as pipe:
            told = pipe.read()
        return [int.from_bytes(told[at : at + _NUMBER], "big") for at in range(0, len(told), _NUMBER)]


@pytest.mark.soak
@pytest.mark.accept("W-05")
@pytest.mark.django_db(transaction=True)
def test_no_record_is_lost_or_doubled_and_figures_are_exact_whenever_processes_are_killed(capsys):
    begun = time.monotonic()
    switch, _token = make_switch()
    customers = [make_customer().pk for _n in range(20)]
    day = datetime.now(UTC) - timedelta(hours=25)
    rng = random.Random(datetime.now(UTC).timestamp())
    confirmed = [-1] * WRITERS  # the last delivery of each writer that was answered

    def write(writer: int) -> Callable[[Callable[[int], None]], None]:
        def work(tell: Callable[[int], None]) -> None:
            """A switch: what was not answered is sent again, then on it goes."""
            number = confirmed[writer] + 1
            while True:
                ingest.receive(switch, delivery(number * WRITERS + writer, customers, day))
                tell(number)
                number += 1

        return work

    def fold(tell: Callable[[int], None]) -> None:
        pulse = Pulse()
        while True:
            pulse.tick(datetime.now(UTC))
            tell(1)

    kills = ticks = 0
    for _round in range(ROUNDS):
        children = [Child(write(writer)) for writer in range(WRITERS)]
        folding = Child(fold)
        for child in [*children, folding]:
            child.wait_until_it_begins()
        time.sleep(rng.uniform(*LIVES_S))
        for writer, child in enumerate(children):
            confirmed[writer] = max([confirmed[writer], *child.kill()])
        ticks += len(folding.kill())
        kills += WRITERS + 1

    # The switch sends on: what was under way at the last kill, and everything it has ever sent once more.
    total = 0
    for writer in range(WRITERS):
        for number in range(confirmed[writer] + 2):
            receipt = ingest.receive(switch, delivery(number * WRITERS + writer, customers, day))
            assert not receipt.refused
            total += RECORDS
    Pulse().tick(datetime.now(UTC))
    assert Cdr.objects.count() == total
    assert not CdrBatch.objects.filter(unfolded=True).exists()
    assert recount.wrong() == []
    assert list(selfcheck.differences()) == []
    _say(capsys, f"{kills} kills in {ROUNDS} rounds, {time.monotonic() - begun:.0f} s", total, ticks)


def _say(capsys: Any, head: str, total: int, ticks: int) -> None:
    with capsys.disabled():
        print(
            f"\nsoak: {head}: {total:,} records, each stored once; {CdrBatch.objects.count():,} batches,"
            f" {LedgerEntry.objects.count():,} ledger entries, {ticks} ticks; all figures equal the recount"
        )
