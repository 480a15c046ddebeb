"""The customers grid sorted by ASR: against nothing, Django's usual lists, and its own poll."""

import gzip
import html
import re
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.load import Load, Measured, Target, WrongAnswer, fetch

GRID = Target("grid by ASR", "/customers/?f.status=in:active&s=-asr")
EMPTY = Target("empty signed-in view", "/benchmark/empty/")
ADMIN = Target("Django admin changelist", "/benchmark/admin/customers/listing/?status=active")
TABLES2 = Target("tables2 + django-filter", "/benchmark/tables2/?status=active")
QUIET_POLL = "poll, nothing changed"
BUSY_POLL = "poll, 10 rows changed"

ROWS = 50
ROWS_CHANGED = 10
CHECK_LENGTH, FIGURES = 12, 5  # characters of one row in a revision, and of its figures, see grids.live
POLL_CORES = 1.5  # of those of the empty view at the same rate
POLL_BYTES = 2048
QUERY_RUNS = 5
MOST_QUERIES = 8

# Where each list shows the ids of its rows.
ROW_IDS = {
    GRID.name: rb'<tr data-id="(\d+)"',
    ADMIN.name: rb"/customers/listing/(\d+)/change/",
    TABLES2.name: rb'href="/customers/(\d+)/"',
}


@dataclass(frozen=True)
class Cost:
    """What one page costs the database, and how big it is. sql_ms: median over some runs."""

    queries: int
    sql_ms: float
    size: int
    zipped: int


@dataclass(frozen=True)
class Ratio:
    """over ÷ under, and the figure it should reach; at_most: the smaller the better."""

    name: str
    over: float
    under: float
    target: float | None = None
    at_most: bool = False

    @property
    def value(self) -> float:
        return self.over / self.under

    @property
    def met(self) -> bool | None:
        """None without a target."""
        if self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target


@dataclass(frozen=True)
class Result:
    """Everything one run found, by target name."""

    measured: Mapping[str, Measured]
    costs: Mapping[str, Cost]
    ratios: list[Ratio]


def run(load: Load, *, rounds: int, seconds: float) -> Result:
    """Measure all pages. Raises WrongAnswer when a page is not what it should be."""
    lists = [GRID, ADMIN, TABLES2]
    pages = {target.name: fetch(load.port, target, load.cookie) for target in lists}
    check_lists(pages)
    targets = [EMPTY, *lists, *polls(pages[GRID.name])]
    costs = {target.name: cost(target, load.cookie) for target in targets}
    measured = load.measure(targets, rounds=rounds, seconds=seconds)
    return Result(measured, costs, ratios(measured, costs))


def check_lists(pages: Mapping[str, bytes]) -> None:
    """Raises WrongAnswer unless every list shows the same customers in the same order."""
    shown = {name: list(dict.fromkeys(re.findall(ROW_IDS[name], page))) for name, page in pages.items()}
    ours = shown[GRID.name]
    if not ours:
        raise WrongAnswer(f"{GRID.path} shows no rows, so that there is nothing to measure.")
    for name, ids in shown.items():
        if ids != ours:
            raise WrongAnswer(
                f"{name} does not show the grid's {len(ours)} rows: {_words(ids)} instead of {_words(ours)}. "
                "A ratio of different pages says nothing."
            )


def _words(ids: list[bytes]) -> str:
    return f"{len(ids)} rows ({b', '.join(ids[:5]).decode()} …)"


def polls(page: bytes) -> list[Target]:
    """The polls that static/js/grid.js sends from `page`: as it stands, and with some rows whose figures are
    out of date, which is what the pulse changes each second. The revision goes in the address here."""
    address, revision = (_attribute(page, name) for name in ("data-poll-url", "data-revision"))
    ids = re.findall(ROW_IDS[GRID.name], page)
    checks, _, tail = revision.partition(".")
    stale = min(ROWS_CHANGED, len(ids))
    each = [checks[at : at + CHECK_LENGTH] for at in range(0, len(checks), CHECK_LENGTH)]
    aged = "".join(["-" * FIGURES + one[FIGURES:] for one in each[:stale]] + each[stale:]) + "." + tail
    path = f"{address}&ids={b','.join(ids).decode()}&since="
    return [Target(QUIET_POLL, path + revision, status=204), Target(BUSY_POLL, path + aged)]


def _attribute(page: bytes, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"'.encode(), page)
    if found is None:
        raise WrongAnswer(f"{GRID.path} has no {name}, so that its poll cannot be measured.")
    return html.unescape(found[1].decode())


def cost(target: Target, cookie: str) -> Cost:
    """Ask in this process, through the same middleware, and count."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "localhost", "cookie": cookie})
    times: list[float] = []
    for _ in range(QUERY_RUNS):
        with CaptureQueriesContext(connection) as queries:
            answer: Any = client.get(target.path)
        if answer.status_code != target.status:
            raise WrongAnswer(f"{target.path} answered {answer.status_code}, not {target.status}.")
        times.append(sum(float(query["time"]) for query in queries) * 1000)
    body = answer.content
    return Cost(len(queries), statistics.median(times), len(body), len(gzip.compress(body, 6)) if body else 0)


def _cores(measured: Mapping[str, Measured]) -> list[Ratio]:
    """CPU time of web and database server for a poll, over that of the empty view; nothing where the system
    does not tell."""
    empty = measured[EMPTY.name].cores_ms
    return [
        Ratio(f"{name} ÷ empty signed-in view, CPU time", cores, empty, POLL_CORES, at_most=True)
        for name in (QUIET_POLL, BUSY_POLL)
        if empty and (cores := measured[name].cores_ms) is not None
    ]


def ratios(measured: Mapping[str, Measured], costs: Mapping[str, Cost]) -> list[Ratio]:
    """Each ratio from both its sides; docs/performance.md says where the targets come from."""
    grid = measured[GRID.name].rate
    size = costs[GRID.name].size
    return [
        Ratio("grid ÷ empty signed-in view, requests/s", grid, measured[EMPTY.name].rate, 0.2),
        Ratio("grid ÷ Django admin changelist, requests/s", grid, measured[ADMIN.name].rate, 20),
        Ratio("grid ÷ tables2 + django-filter, requests/s", grid, measured[TABLES2.name].rate, 20),
        Ratio("poll with nothing changed ÷ grid, requests/s", measured[QUIET_POLL].rate, grid),
        Ratio("poll with 10 rows changed ÷ grid, requests/s", measured[BUSY_POLL].rate, grid),
        Ratio("poll with 10 rows changed ÷ grid, bytes", costs[BUSY_POLL].size, size),
        Ratio("poll with 10 rows changed ÷ 2 kB", costs[BUSY_POLL].size, POLL_BYTES, 1, at_most=True),
        *_cores(measured),
        Ratio("queries of the grid page ÷ 8", costs[GRID.name].queries, MOST_QUERIES, 1, at_most=True),
    ]
