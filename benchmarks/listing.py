"""What a page of the customers grid costs the database, whatever is filtered and sorted, in scans.

A scan is the limit: one pass over the listing that picks 50 rows by a figure without an index. A page counts
exactly, sums, and picks its rows; each combination is asked with nothing shared, and timed by the database.
Then records are added, and the same page is asked again: the list must not know how many there are.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from benchmarks.grid import Ratio

RUNS = 3
MOST_SCANS, MOST_GROWTH = 2.0, 1.2
FILTERS = (
    "",
    "f.status=in:active",
    "f.status=in:active,penalty",
    "f.status=in:dialing",
    "q=an&f.status=in:active",
)
SCAN = (
    "SELECT customer_id FROM customers_listing WHERE deleted_at IS NULL"
    " ORDER BY {by} DESC NULLS LAST LIMIT 50"
)
SCANNED_BY = "pdd_sum_ms_24h"


@dataclass(frozen=True)
class Scans:
    """Milliseconds in the database. pages: by filter and sort, the median of some runs. scan: the limit."""

    scan: float
    pages: dict[str, float] = field(default_factory=dict)

    @property
    def ratios(self) -> list[Ratio]:
        worst = max(self.pages, key=lambda name: self.pages[name])
        middle = statistics.median(self.pages.values())
        return [
            Ratio(
                "a page with exact total, median of filters × sorts ÷ one scan",
                middle,
                self.scan,
                MOST_SCANS,
                True,
            ),
            Ratio(
                f"the dearest of them ({worst}) ÷ one scan", self.pages[worst], self.scan, MOST_SCANS, True
            ),
        ]


def measure(email: str) -> Scans:
    """Every sort in both directions under each of FILTERS, as the user with this email."""
    from customers.grids import CustomerGrid
    from users.models import User

    user = User.objects.get(email=email)
    sorts = [name for name, column in CustomerGrid.declared.items() if column.sortable]
    pages = {
        f"{filters or 'all'} by {sort}": statistics.median(
            _page_ms(user, filters, sort) for _run in range(RUNS)
        )
        for filters in FILTERS
        for name in sorts
        for sort in (name, f"-{name}")
    }
    return Scans(statistics.median(_ms(SCAN.format(by=SCANNED_BY)) for _run in range(5 * RUNS)), pages)


def _page_ms(user: object, filters: str, sort: str) -> float:
    """Counts and sums, ids, and rows of one page, nothing of it shared."""
    from django.core.cache import cache
    from django.db import connection
    from django.http import QueryDict
    from django.test.utils import CaptureQueriesContext

    from customers.grids import CustomerGrid

    cache.clear()
    grid = CustomerGrid(user=user, params=QueryDict(f"{filters}&s={sort}"), path="/customers/")
    with CaptureQueriesContext(connection) as captured:
        grid.totals, grid.rows  # noqa: B018 - both are read once and kept
    return sum(_ms(sql) for sql in _over_listing(captured))


def _over_listing(captured: Iterable[dict[str, str]]) -> Iterator[str]:
    for query in captured:
        if re.search(r'FROM "?customers_listing"?', query["sql"]):
            yield query["sql"]


def _ms(sql: str) -> float:
    """Time the database took to plan and run a statement."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")  # as web connections have it
        cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + sql.replace("%", "%%"), [])
        [found] = cursor.fetchone()[0]
    return float(found["Planning Time"]) + float(found["Execution Time"])


def grow(to: int) -> int:
    """Copies records under new Call-IDs until there are about `to`; returns how many there are."""
    from django.db import connection

    from calls.models import Cdr

    there = Cdr.objects.count()
    copies = to // max(1, there) - 1
    if there and copies > 0:
        columns = [field.column for field in Cdr._meta.concrete_fields if field.column]
        names = ", ".join(columns)
        values = ", ".join("callid || '-' || n" if name == "callid" else name for name in columns)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(
                f"INSERT INTO calls_cdr ({names})"
                f" SELECT {values} FROM calls_cdr, generate_series(1, %s) AS n",
                [copies],
            )
            cursor.execute("VACUUM (ANALYZE) calls_cdr")
    return Cdr.objects.count()
