"""A bulk edit of 10,000 customers, and taking it back, against one bare UPDATE of the same rows.

All three run the same triggers, which write the history and the listing; turns alternate. The edit reads and
judges every row, locks it, and keeps the way back; the bare statement does none of it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from benchmarks.grid import Ratio

RUNS = 3
ROWS = 10_000
MOST_S = 3.0
MOST_TIMES = 3.0


def measure(email: str) -> list[Ratio]:
    """Seconds of the edit and of its undo ÷ those of the bare UPDATE, as the user with this email."""
    from customers import bulk
    from customers.models import BulkChange, Customer
    from users.models import User

    user = User.objects.get(email=email)
    ids = list(Customer.objects.existing().order_by("pk").values_list("pk", flat=True)[:ROWS])

    def turn(run: int) -> tuple[float, float, float]:
        asked = [bulk.Instruction("cps_limit", bulk.SET, 200 + run)]
        made: list[BulkChange] = []
        return (
            _seconds(lambda: Customer.objects.filter(pk__in=ids).update(cps_limit=100 + run)),
            _seconds(lambda: made.append(bulk.change_many(ids, asked, by=user))),
            _seconds(lambda: bulk.undo(made[0].pk, by=user)),
        )

    times = [turn(run) for run in range(RUNS)]
    limit, edit, back = (statistics.median(column) for column in zip(*times, strict=True))
    return [
        Ratio(f"bulk edit of {len(ids):,} customers ÷ bare UPDATE, seconds", edit, limit, MOST_TIMES, True),
        Ratio("its undo ÷ bare UPDATE, seconds", back, limit, MOST_TIMES, True),
        Ratio("bulk edit ÷ 3 s", edit, MOST_S, 1.0, True),
    ]


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
