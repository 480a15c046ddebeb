"""What a run found, as a table for people and as JSON for comparing runs."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from benchmarks.grid import Cost, Ratio, Result
from benchmarks.load import Measured


@dataclass(frozen=True)
class Conditions:
    """How it was measured. demo_s: seconds that making the data took; None: it was there already."""

    customers: int
    cdrs: int
    demo_s: float | None
    connections: int
    rounds: int
    seconds: float
    postgres: str


def text(result: Result, conditions: Conditions) -> str:
    return "\n".join(
        [*_conditions(conditions), "", *_pages(result), "", *_ratios(result.ratios), "", *_caution(result)]
    )


def _conditions(one: Conditions) -> list[str]:
    made = f"made by `manage.py demo` in {one.demo_s:.1f} s" if one.demo_s is not None else "there already"
    return [
        f"{one.customers:,} customers, {one.cdrs:,} call records, {made}",
        f"Python {platform.python_version()}, Django {version('django')}, PostgreSQL {one.postgres}, "
        f"{os.cpu_count()} cores; gunicorn gthread, 2 workers of 8 threads",
        f"{one.connections} keep-alive connections, {one.rounds} rounds of {one.seconds:g} s per page, "
        "pages taking turns; nothing else of Connex runs",
    ]


def _pages(result: Result) -> list[str]:
    head = (
        *("page", "req/s", "lowest", "highest", "p50 ms", "p95 ms", "web CPU ms", "database CPU ms"),
        *("queries", "bytes", "gzip"),
    )
    rows = [_page(name, measured, result.costs[name]) for name, measured in result.measured.items()]
    return table([head, *rows])


def _page(name: str, measured: Measured, cost: Cost) -> tuple[str, ...]:
    return (
        name,
        _figure(measured.rate),
        _figure(min(measured.rates)),
        _figure(max(measured.rates)),
        f"{measured.latency_ms(50):.1f}",
        f"{measured.latency_ms(95):.1f}",
        "–" if measured.web_ms is None else f"{measured.web_ms:.1f}",
        "–" if measured.database_ms is None else f"{measured.database_ms:.1f}",
        str(cost.queries),
        f"{cost.size:,}",
        f"{cost.zipped:,}",
    )


def _ratios(ratios: list[Ratio]) -> list[str]:
    rows = [("ratio", "over", "under", "ratio is", "target", "")]
    for one in ratios:
        wanted = "" if one.target is None else f"{'≤' if one.at_most else '≥'} {one.target:g}"
        verdict = {None: "", True: "met", False: "not met"}[one.met]
        rows.append((one.name, _figure(one.over), _figure(one.under), f"{one.value:.2f}", wanted, verdict))
    return table(rows)


def _caution(result: Result) -> list[str]:
    busiest = max(result.measured.values(), key=lambda one: max(one.client_cpu))
    return [
        f"The load generator took at most {100 * max(busiest.client_cpu):.0f} % of a core "
        f"({busiest.target.name}). Read ratios, not absolute figures: those move with the machine.",
    ]


def _figure(value: float) -> str:
    """Three figures that count, large numbers in full."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Aligned lines: the first column to the left, the others to the right. The first row is the head."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [lines[0], "─" * (sum(widths) + 2 * (len(widths) - 1)), *lines[1:]]


def as_json(result: Result, conditions: Conditions) -> dict[str, Any]:
    """The same figures by name; rates in requests per second."""
    return {
        "conditions": vars(conditions),
        "pages": {
            name: {
                "rate": measured.rate,
                "rates": measured.rates,
                "p50_ms": measured.latency_ms(50),
                "p95_ms": measured.latency_ms(95),
                "web_cpu_ms": measured.web_ms,
                "database_cpu_ms": measured.database_ms,
                "client_cpu": measured.client_cpu,
                **vars(result.costs[name]),
            }
            for name, measured in result.measured.items()
        },
        "ratios": {
            one.name: {"over": one.over, "under": one.under, "value": one.value, "met": one.met}
            for one in result.ratios
        },
    }
