"""Counts and sums of a grid, in one scan: rows, all rows, money per currency, and how many each choice has.

Over the rows that are visible and searched for, but not yet narrowed by the set filter whose choices are
counted: the menu says what choosing would give. FILTER (WHERE …) narrows the sums to what is on screen.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db.models import Count, F, IntegerField, Q, QuerySet, Subquery, Sum, Value
from redis.exceptions import RedisError

from grids.columns import MoneyColumn, UsageColumn
from grids.filters import SetFilter

if TYPE_CHECKING:
    from grids.grid import Grid
    from grids.paging import Page


logger = logging.getLogger(__name__)


@dataclass
class Totals:
    """What the status bar and the choice menus show.

    rows: rows under all filters. all_rows: rows this user may see at all. exact: whether that is so; else
    nobody has counted, and `rows` are those of the page.
    money: column -> currency -> sum, biggest number of rows first. usage: column -> (used, limit).
    choices: column -> choice -> rows under the other filters; "" is every choice.
    """

    rows: int = 0
    all_rows: int = 0
    exact: bool = True
    money: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    usage: dict[str, tuple[int, int]] = field(default_factory=dict)
    choices: dict[str, dict[str, int]] = field(default_factory=dict)


class _CountRows(Subquery):
    """Number of rows of a query, as a constant beside other aggregates."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def totals(grid: Grid) -> Totals:
    """One query: one row per currency (a handful), folded here."""
    faceted = {
        name: column.filter for name, column in grid.columns.items() if isinstance(column.filter, SetFilter)
    }
    money = {
        name: column
        for name, column in grid.columns.items()
        if isinstance(column, MoneyColumn) and column.total
    }
    usage = {
        name: column
        for name, column in grid.columns.items()
        if isinstance(column, UsageColumn) and column.total
    }
    chosen = grid.where(exclude=())
    figures: dict[str, Any] = {"rows": _count(chosen)}
    for name, kind in faceted.items():
        others = grid.where(exclude=(name,))
        figures[f"choice_{name}_"] = _count(others)
        for key, choice in kind.entries.items():
            figures[f"choice_{name}_{key}"] = _count(others & choice.where)
    for name, column in money.items():
        figures[f"money_{name}"] = _sum(column.source, chosen)
    for name, used in usage.items():
        figures[f"used_{name}"] = _sum(used.source, chosen)
        figures[f"limit_{name}"] = _sum(used.limit, chosen)
    if grid.state.filters.q:
        figures["all_rows"] = _CountRows(grid.visible().order_by().values("pk"))
    else:
        figures["all_rows"] = Count("*")
    code = next((column.currency for column in money.values()), None)
    groups = _grouped(grid.searched(), code, figures)
    return _fold(grid, groups, list(faceted), list(money), list(usage), searched=bool(grid.state.filters.q))


def counted(grid: Grid, name: str, kind: SetFilter) -> dict[str, int]:
    """Rows that each choice of one set filter would give under the other filters."""
    others = grid.where(exclude=(name,))
    figures = {f"n_{key}": _count(others & choice.where) for key, choice in kind.entries.items()}
    found = grid.searched().order_by().aggregate(**figures)
    return {key: found[f"n_{key}"] for key in kind.entries}


def shared(grid: Grid, what: str, make: Any) -> Any:
    """What `make` gives, as fresh as the totals."""
    return _shared(grid, what, make, grid.totals_age_s)


SHARED_S = 4  # seconds that a result of one version is kept; a commit out of order shows no longer than that


def recent_totals(grid: Grid, seconds: int) -> Totals:
    """Counts and sums, at most `seconds` old where no version says that nothing has changed."""
    return _shared(grid, "totals", lambda: totals(grid), seconds)


def recent_page(grid: Grid, seconds: int, make: Callable[[], Page]) -> Page:
    """The keys of the rows of the page, in their order; as fresh as the totals."""
    place = grid.state.place
    where = (grid.page, place.per_page, place.after, place.before, [key.text for key in grid.state.sort])
    found: Page = _shared(grid, f"page{where}", make, seconds)
    return found


def _shared(grid: Grid, what: str, make: Any, seconds: int) -> Any:
    """What `make` gives, shared by all who see the same rows under the same filters at the same version."""
    version = grid.version()
    key = _key(grid, what, version) if version or seconds else ""
    if not key:
        return make()
    try:
        found = cache.get(key)
        if found is None:
            found = make()
            cache.set(key, found, seconds or SHARED_S)
    except (OSError, RedisError):  # a list works without its cache
        logger.warning("Figures of %s are counted anew: the cache does not answer", grid.slug, exc_info=True)
        found = make()
    return found


def _key(grid: Grid, what: str, version: str) -> str:
    """Names a result: of which rows (those found as SQL, so per user where users differ), how old.

    What a word finds depends on rights besides the rows: two may see the same rows and find others.
    """
    try:
        found = str(grid.searched().query)
    except EmptyResultSet:
        return ""
    counted = (
        grid.slug,
        what,
        version,
        found,
        grid.state.filters.pairs(),
        tuple(grid.columns),
        str(grid.view.zone),
    )
    return "grid:" + hashlib.sha256(repr(counted).encode()).hexdigest()


def _count(rows: Q) -> Count:
    return Count(Value(1), filter=rows) if rows else Count("*")


def _sum(source: str, rows: Q) -> Sum:
    return Sum(source, filter=rows) if rows else Sum(source)


def _grouped(rows: QuerySet[Any], code: str | None, figures: dict[str, Any]) -> list[dict[str, Any]]:
    """One dict per currency; at most one where no column is money.

    That one is grouped by a constant, because `aggregate()` refuses figures that are no aggregates.
    """
    plain = rows.order_by()
    group = {"_code": F(code)} if code else {"_one": Value(1)}
    return list(plain.values(**group).annotate(**figures))


def _fold(
    grid: Grid,
    groups: list[dict[str, Any]],
    faceted: list[str],
    money: list[str],
    usage: list[str],
    *,
    searched: bool,
) -> Totals:
    found = Totals(rows=sum(group["rows"] for group in groups))
    if searched:
        # Nothing found means no group that could carry the number of all rows.
        found.all_rows = groups[0]["all_rows"] if groups else grid.visible().count()
    else:
        found.all_rows = sum(group["all_rows"] for group in groups)
    for name in faceted:
        prefix = f"choice_{name}_"
        keys = ["", *grid.columns[name].filter.entries]  # type: ignore[union-attr]
        found.choices[name] = {key: sum(group[prefix + key] for group in groups) for key in keys}
    groups.sort(key=lambda group: (-group["rows"], str(group.get("_code"))))
    for name in money:
        found.money[name] = {
            group["_code"]: group[f"money_{name}"] or Decimal(0)
            for group in groups
            if group["rows"] and "_code" in group
        }
    for name in usage:
        found.usage[name] = (
            sum(group[f"used_{name}"] or 0 for group in groups),
            sum(group[f"limit_{name}"] or 0 for group in groups),
        )
    return found
