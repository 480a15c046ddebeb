"""What set filters offer: the values that visible rows hold, each with the rows picking it would give.

All facets of a page come from one scan: GROUPING SETS count each column's values, and FILTER (WHERE …) leaves
out the column's own conditions, so that a count says what picking the value would give under all the others.
Shared by all who see the same rows until the listing changes, as counts and sums are.

Of rows that nobody counts, the first SAMPLE of the usual order are looked through, and no figure is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, F, QuerySet, Value
from django.utils.translation import gettext as _

from grids.filters import SetFilter, ValuesFilter
from grids.totals import counted, shared

if TYPE_CHECKING:
    from grids.grid import Grid

MOST_SHOWN = 50  # values of one facet; the others are found by its search
SAMPLE = 10_000  # rows
MOST_READ = 2000  # values of one facet that are looked at, those with most rows first


@dataclass(frozen=True)
class Entry:
    """One value. key: as it stands in a URL. count: rows under the other filters."""

    key: str
    label: str
    count: int


@dataclass(frozen=True)
class Facet:
    """The values of one set filter. more: how many others there are, to be searched for. sampled: the first
    rows alone were looked through, so that counts mean nothing; the number of those, else 0."""

    entries: tuple[Entry, ...] = ()
    more: int = 0
    sampled: int = 0


def facets(grid: Grid, sought: Mapping[str, str]) -> dict[str, Facet]:
    """Facets of the set filters named in `sought`, each with the text that labels must contain, or ""."""
    kinds = {name: grid.filterable[name].filter for name in sought}
    open_sets = {name: kind for name, kind in kinds.items() if isinstance(kind, ValuesFilter)}
    found: dict[str, Facet] = {}
    if open_sets:
        counts = shared(grid, f"facets{sorted(open_sets)}", lambda: _count_values(grid, open_sets))
        found = {
            name: _facet(grid, name, kind, counts.get(name, {}), sought[name])
            for name, kind in open_sets.items()
        }
    for name, kind in kinds.items():
        if isinstance(kind, SetFilter):
            found[name] = _closed(grid, name, kind, sought[name])
    return found


def _closed(grid: Grid, name: str, kind: SetFilter, text: str) -> Facet:
    """The choices of a closed list; those in the menus are counted already."""
    counts = grid.totals.choices.get(name)
    if not grid.counted:
        counts = dict.fromkeys(kind.entries, 0)
    elif counts is None:
        counts = shared(grid, f"choices{name}", lambda: counted(grid, name, kind))
    entries = [Entry(key, str(choice.label), counts[key]) for key, choice in kind.entries.items()]
    found = tuple(one for one in entries if text.lower() in one.label.lower())
    return Facet(found, sampled=0 if grid.counted else SAMPLE)


def _facet(grid: Grid, name: str, kind: ValuesFilter, counts: Mapping[Any, int], text: str) -> Facet:
    """By number of rows, then by name, so that picking moves nothing; picked values are never left out."""
    picked = {value for condition in grid.state.filters.all_on(name) for value in condition.values}
    absent = [value for value in picked if value not in counts]
    labels: dict[Any, str] = {None: _("(blank)")}
    if kind.names:
        labels |= kind.names.of(value for value in counts if value is not None)
        labels |= kind.named(absent, grid.view) if absent else {}
    wanted = [
        Entry(kind.plain(value), label, n)
        for value, n in (*counts.items(), *((value, 0) for value in absent))
        if (n or value in picked) and _found(text, value, label := labels.get(value, str(value)))
    ]
    keys = {kind.plain(value) for value in picked}
    wanted.sort(key=lambda one: (-one.count, one.label.lower()))
    late = [one for one in wanted[MOST_SHOWN:] if one.key in keys]
    more = max(0, len(wanted) - MOST_SHOWN - len(late))
    return Facet((*wanted[:MOST_SHOWN], *late), more, sampled=0 if grid.counted else SAMPLE)


def _found(text: str, value: Any, label: str) -> bool:
    """Whether a label holds the text; "no value" is a word of ours and has to begin with it."""
    if value is None:
        return label.strip("()").lower().startswith(text.lower())
    return text.lower() in label.lower()


def _count_values(grid: Grid, kinds: Mapping[str, ValuesFilter]) -> dict[str, dict[Any, int]]:
    """column -> value (None: without one) -> rows under the filters on other columns."""
    try:
        inner, params = _rows(grid, kinds).query.sql_with_params()
    except EmptyResultSet:
        return {}
    names = list(kinds)
    single = [i for i, name in enumerate(names) if not kinds[name].many]
    many = [i for i, name in enumerate(names) if kinds[name].many]
    parts = [_grouping_sets(single, len(names))] if single else []
    parts += [_unnested(i, len(names)) for i in many]
    facets = " UNION ALL ".join(parts)
    # Names in it are numbers of ours; values are bound.
    sql = f"""
        WITH counted AS ({inner}), facets AS ({facets}), ranked AS (
            SELECT *, row_number() OVER (PARTITION BY facet ORDER BY n DESC, value) AS place FROM facets
        )
        SELECT facet, value, n FROM ranked WHERE place <= %s
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, (*params, MOST_READ))
        rows = cursor.fetchall()
    found: dict[str, dict[Any, int]] = {name: {} for name in names}
    for facet, text, n in rows:
        name = names[facet]
        value = None if text in (None, "") else int(text) if kinds[name].whole else text
        found[name][value] = found[name].get(value, 0) + n
    return found


def _rows(grid: Grid, kinds: Mapping[str, ValuesFilter]) -> QuerySet[Any]:
    """The rows under all conditions that no facet leaves out, with values `v0` … and whether each
    facet's own conditions hold, `h0` …"""
    rows = grid.searched().filter(grid.where(exclude=tuple(kinds))).order_by()
    found: dict[str, Any] = {}
    others = set(grid.filterable)
    for i, (name, kind) in enumerate(kinds.items()):
        found[f"v{i}"] = F(str(kind.field_name))
        holds = grid.where(exclude=tuple(others - {name}))
        found[f"h{i}"] = ExpressionWrapper(holds, BooleanField()) if holds else Value(True)
    if grid.counted:
        return rows.values(**found)
    return rows.order_by(*grid.usual_order()).values(**found)[:SAMPLE]


def _others_hold(i: int, count: int) -> str:
    return " AND ".join(f"h{j}" for j in range(count) if j != i) or "TRUE"


def _grouping_sets(single: Iterable[int], count: int) -> str:
    sets = list(single)

    def case(what: str) -> str:
        branches = " ".join(f"WHEN GROUPING(v{i}) = 0 THEN {what.format(i=i)}" for i in sets)
        return f"CASE {branches} END"

    number = " ".join(
        f"WHEN GROUPING(v{i}) = 0 THEN COUNT(*) FILTER (WHERE {_others_hold(i, count)})" for i in sets
    )
    groups = ", ".join(f"(v{i})" for i in sets)
    return (
        f"SELECT {case('{i}')} AS facet, {case('v{i}::text')} AS value, CASE {number} END AS n"  # noqa: S608
        f" FROM counted GROUP BY GROUPING SETS ({groups})"
    )


def _unnested(i: int, count: int) -> str:
    return (
        f"SELECT {i} AS facet, one::text AS value, COUNT(*) FILTER (WHERE {_others_hold(i, count)}) AS n"  # noqa: S608
        f" FROM counted LEFT JOIN LATERAL unnest(v{i}) AS one ON TRUE GROUP BY one"
    )
