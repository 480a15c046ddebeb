"""A file of the whole customers grid, against what PostgreSQL needs to copy the same columns out unchanged.

Both take everything and write into the same kind of temporary file; turns alternate. Memory is what the
process grew by while the file was made.
"""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from collections.abc import Callable

from benchmarks.grid import Ratio

RUNS = 5
LEAST_SHARE = 0.5
MOST_MEMORY_MB = 20.0
BARE = (
    "COPY (SELECT name, balance, currency_id, channels, channels_limit, status, last_call_at, connected_24h,"
    " attempts_24h, duration_ms_24h, pdd_sum_ms_24h, pdd_count_24h, cps FROM customers_listing"
    " WHERE deleted_at IS NULL ORDER BY name) TO STDOUT WITH (FORMAT csv)"
)


def measure(email: str) -> list[Ratio]:
    """Rows per second of the file ÷ those of the bare COPY, and memory, as the user with this email."""
    from django.http import QueryDict

    from customers.grids import CustomerGrid
    from grids.export.files import make
    from users.models import User

    user = User.objects.get(email=email)

    def ours() -> None:
        make(CustomerGrid(user=user, params=QueryDict("s=name"), path="/customers/"), "csv").chunks.close()

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours()
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    times = [(_seconds(bare), _seconds(ours)) for _run in range(RUNS)]
    limit, taken = (statistics.median(column) for column in zip(*times, strict=True))
    return [
        Ratio("CSV of every customer ÷ COPY TO STDOUT, rows/s", 1 / taken, 1 / limit, LEAST_SHARE),
        Ratio("memory that file took ÷ 1 MB", max(grown_mb, 0.0), 1.0, MOST_MEMORY_MB, True),
    ]


def bare() -> None:
    """The limit."""
    from django.db import connection

    with tempfile.SpooledTemporaryFile(max_size=4_000_000) as file, connection.cursor() as cursor:
        cursor.copy_expert(BARE, file)


def _seconds(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
