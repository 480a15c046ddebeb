"""Row groups: rows with the same values stand together under one row with their count and figures.

One query gives all groups of a level that are in sight, however many there are, and one more the leaves of
all open groups of the last level. Which groups stand open is in the address: `open=EUR,active` is the group
of EUR, and in it the one of the status active; values are written as in a condition on their column.

Every group knows the conditions that exactly its rows fulfil, for links, selections and exports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet, Value

from grids.aggregates import Figures, figures_by, values_of
from grids.filters import Condition, FilterProblem
from grids.filters.sets import ValuesFilter
from grids.totals import shared

if TYPE_CHECKING:
    from grids.columns import Column, Row
    from grids.grid import Grid
    from grids.state import GridState

FIRST_LEAVES = 20  # rows of an open group
MORE_LEAVES = 100  # that each "show more" adds
MOST_LEAVES = 220  # then the group is better looked at as a list
MOST_GROUPS = 5_000  # of one level that are put in order


@dataclass
class Group:
    """Rows with the same values in the first `level` columns of the layout's groups.

    path: those values as an address writes them. conditions: what exactly its rows fulfil. names: what people
    read for its values; the last one is its own.
    """

    path: tuple[str, ...]
    values: tuple[Any, ...]
    names: tuple[str, ...]
    figures: Figures
    conditions: tuple[Condition, ...]
    opened: bool = False
    groups: list[Group] = field(default_factory=list)
    leaves: list[Row] = field(default_factory=list)

    @property
    def level(self) -> int:
        return len(self.path)

    @property
    def key(self) -> str:
        return ",".join(self.path)


@dataclass
class Tree:
    """What a grouped grid shows. count: groups of the first level; groups: those of this page."""

    count: int
    groups: list[Group]

    def all(self) -> Iterator[Group]:
        """Every group in sight, from top to bottom."""
        waiting = list(reversed(self.groups))
        while waiting:
            group = waiting.pop()
            yield group
            waiting += reversed(group.groups)

    @property
    def leaves(self) -> list[Row]:
        return [row for group in self.all() for row in group.leaves]


def tree(grid: Grid) -> Tree:
    """The groups of the page, what is open in them, and the leaves."""
    return _Planting(grid).plant()


def every(grid: Grid) -> list[Group]:
    """Every group of the innermost level, open or not, on all pages; by the names of its levels."""
    return _Planting(grid).innermost()


class _Planting:
    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.columns: list[Column] = [grid.filterable[name] for name in grid.state.layout.groups]
        self.values = values_of(grid)
        self.wanted = Counter(grid.state.place.opened_groups)

    def plant(self) -> Tree:
        first = self._level(1, [])
        place = self.grid.state.place
        pages = max(1, -(-len(first) // place.per_page))
        start = (min(place.page, pages) - 1) * place.per_page
        page = first[start : start + place.per_page]
        parents = self._open(page)
        for level in range(2, len(self.columns) + 1):
            children = self._level(level, parents)
            by_path = {parent.path: parent for parent in parents}
            for child in children:
                by_path[child.path[:-1]].groups.append(child)
            parents = self._open(children)
        self._grow_leaves(parents)
        return Tree(len(first), page)

    def innermost(self) -> list[Group]:
        keys = [column.group_key() for column in self.columns]
        found = list(
            self._named(self.columns, figures_by(self.grid, self.grid.matching(), keys, self.values))
        )
        found.sort(
            key=lambda group: [
                column.filter.group_place(value, name) if column.filter else name
                for column, value, name in zip(self.columns, group.values, group.names, strict=True)
            ]
        )
        return found

    def _open(self, groups: Iterable[Group]) -> list[Group]:
        found = [group for group in groups if self.wanted[group.key]]
        for group in found:
            group.opened = True
        return found

    # -- groups of one level --------------------------------------------------------------------------

    def _level(self, level: int, parents: Sequence[Group]) -> list[Group]:
        """The groups of a level, in order; below the first one only those within `parents`."""
        if level > 1 and not parents:
            return []
        columns = self.columns[:level]
        known = sorted(parent.key for parent in parents)
        what = f"groups{[column.name for column in columns]}{known}{self.values}"
        rows = self.grid.matching()
        if parents:
            rows = rows.filter(reduce(or_, [self._rows_of(parent) for parent in parents]))
        keys = [column.group_key() for column in columns]
        found = shared(self.grid, what, lambda: figures_by(self.grid, rows, keys, self.values))
        inside = {parent.path for parent in parents}
        groups = [group for group in self._named(columns, found) if level == 1 or group.path[:-1] in inside]
        return self._ordered(columns[-1], groups)[:MOST_GROUPS]

    def _rows_of(self, group: Group) -> Q:
        return rows_of(self.grid, group.conditions)

    def _named(self, columns: Sequence[Column], found: Any) -> Iterator[Group]:
        view = self.grid.view
        names = [
            column.filter.group_names({values[place] for values, _figures in found}, view)
            for place, column in enumerate(columns)
            if column.filter
        ]
        for values, figures in found:
            path = tuple(
                column.filter.group_part(value)
                for column, value in zip(columns, values, strict=True)
                if column.filter
            )
            try:
                conditions = conditions_of(columns, path)
            except FilterProblem:
                continue  # a value longer than a condition may be
            named = tuple(known[value] for known, value in zip(names, values, strict=True))
            yield Group(path, tuple(values), named, figures, conditions)

    def _ordered(self, column: Column, groups: Iterable[Group]) -> list[Group]:
        """By name, then by each sort key, the first one last: sorting is stable. Nothing to compare: last."""
        found = sorted(groups, key=lambda group: _place(column, group))
        for key in reversed(self.grid.state.sort):
            if key.column == column.name:
                found.sort(key=lambda group: _place(column, group), reverse=key.descending)
                continue
            value = next((one for one in self.values if one.column == key.column), None)
            if value is None:
                continue
            with_figure = [group for group in found if group.figures.comparable(value) is not None]
            rest = [group for group in found if group.figures.comparable(value) is None]
            with_figure.sort(key=lambda group: group.figures.comparable(value), reverse=key.descending)
            found = with_figure + rest
        return found

    # -- leaves ---------------------------------------------------------------------------------------

    def _grow_leaves(self, groups: Sequence[Group]) -> None:
        """The first rows of each open group of the last level: their ids in one query, the rows in one."""
        if not groups:
            return
        grid = self.grid
        ordering = grid.ordering()
        needed: dict[str, Any] = {}
        for key in grid.state.sort:
            needed |= grid.filterable[key.column].annotations
        parts: list[QuerySet[Any]] = []
        for number, group in enumerate(groups):
            most = min(MOST_LEAVES, FIRST_LEAVES + MORE_LEAVES * (self.wanted[group.key] - 1))
            rows = grid.matching().filter(self._rows_of(group)).annotate(**needed).order_by(*ordering)
            parts.append(rows.annotate(_group=Value(number)).values_list("_group", *grid.key_names)[:most])
        keys = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
        found = [(number, tuple(key) if len(key) > 1 else key[0]) for number, *key in keys]
        wanted = list({pk for _number, pk in found})
        rows_by_id = {row["pk"]: row for row in grid.keyed(grid.selected(grid.held().filter(pk__in=wanted)))}
        for number, pk in found:
            if pk in rows_by_id:
                groups[number].leaves.append(rows_by_id[pk])


def _place(column: Column, group: Group) -> Any:
    return column.filter.group_place(group.values[-1], group.names[-1]) if column.filter else group.names[-1]


def conditions_of(columns: Sequence[Column], path: Sequence[str]) -> tuple[Condition, ...]:
    """What exactly the rows of the group at `path` fulfil. Raises FilterProblem for what is no group."""
    return tuple(
        column.filter.group_condition(column.name, str(column.label), part)
        for column, part in zip(columns, path, strict=False)
        if column.filter
    )


def rows_of(grid: Grid, conditions: Iterable[Condition]) -> Q:
    """Those conditions as SQL."""
    kinds = ((grid.filterable[one.column].filter, one) for one in conditions)
    return reduce(and_, [kind.where(one, grid.view) for kind, one in kinds if kind], Q())


def narrowed(grid: Grid, conditions: Iterable[Condition]) -> GridState:
    """The flat list of exactly the rows of a group: its conditions besides those that hold already.

    A condition on a column that is filtered by already takes that filter's place, since a group lies within
    it; of an array both have to hold.
    """
    state = grid.state
    filters = state.filters
    for one in conditions:
        before = filters.all_on(one.column)
        if one in before:
            continue
        kind = grid.filterable[one.column].filter
        keeps = isinstance(kind, ValuesFilter) and kind.many and not filters.is_any(one.column)
        filters = filters.having((*before, one) if keeps else (one,), (), grid.filterable)
    layout = state.layout.flat()
    return state.changed(layout=layout, filters=filters, page=1, opened=())


def toggled(grid: Grid, group: Group) -> GridState:
    """The state with the group open instead of closed, or the other way; what is open inside stays so."""
    opened = grid.state.place.opened_groups
    kept = tuple(path for path in opened if path != group.key) if group.opened else (*opened, group.key)
    return grid.state.changed(opened=kept)


def with_more(grid: Grid, group: Group) -> GridState:
    """The state in which more rows of an open group are shown."""
    return grid.state.changed(opened=(*grid.state.place.opened_groups, group.key))
