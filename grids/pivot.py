"""Pivot: rows by some columns, column labels by others, and in each cell the figures of the rows in both.

One query counts cells, row totals, label totals and the whole, by GROUPING SETS over one scan. Every part
knows the conditions that exactly its rows fulfil. Totals stand outside the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, Case, ExpressionWrapper, Q, Value, When

from grids.aggregates import Figures, figures_by, figures_by_sets
from grids.columns import MoneyColumn
from grids.filters import Condition, FilterProblem, ValuesFilter
from grids.groups import conditions_of, rows_of
from grids.layout import Aggregate
from grids.totals import shared

if TYPE_CHECKING:
    from grids.columns import Column
    from grids.grid import Grid

MOST_COLUMNS = 60  # column labels; the others are added up as one


@dataclass
class Part:
    """One row or one column label: its values, what people read for them, and the figures of all its rows.

    conditions: what exactly its rows fulfil; None where no address can say it ("Other").
    """

    values: tuple[Any, ...]
    names: tuple[str, ...]
    conditions: tuple[Condition, ...] | None
    figures: Figures


@dataclass
class Pivot:
    """count: rows on all pages; rows: those of this page. others: labels added up as the last one.

    cells: (values of a row, values of a label) -> figures; absent where no row of the list is in both.
    """

    values: tuple[Aggregate, ...]
    labels: list[Part] = field(default_factory=list)
    rows: list[Part] = field(default_factory=list)
    count: int = 0
    others: int = 0
    whole: Figures = field(default_factory=Figures)
    cells: dict[tuple[tuple[Any, ...], tuple[Any, ...]], Figures] = field(default_factory=dict)


OTHER = ("…other",)  # the values of the label that stands for all the rest


def pivot(grid: Grid, *, every: bool = False) -> Pivot:
    """The pivot of the layout over the matching rows. every: the rows of all pages."""
    return _Turning(grid).turn(every=every)


class _Turning:
    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        layout = grid.state.layout
        self.by = [grid.filterable[name] for name in layout.groups]
        self.across = [grid.filterable[name] for name in layout.labels]
        self.values = layout.values
        # A column that is both: only the cells on the diagonal hold rows.
        self.keys = [column.group_key() for column in (*self.by, *self.across)]

    def turn(self, *, every: bool) -> Pivot:
        cells, rows, labels, whole = self._count(self.keys)
        found = Pivot(self.values, whole=whole[0][1] if whole else Figures())
        named = self._parts(self.across, labels)
        named.sort(key=lambda part: -part.figures.rows)
        if len(named) > MOST_COLUMNS:
            kept, rest = named[:MOST_COLUMNS], named[MOST_COLUMNS:]
            cells, labels = self._with_others(kept)
            found.others = len(rest)
            kept.append(Part(OTHER, (), self._not_among(kept), dict(labels).get(OTHER, Figures())))
            named = kept
        found.labels = self._in_order(self.across, named)
        found.rows = self._sorted(self._parts(self.by, rows))
        found.count = len(found.rows)
        if not every:
            found.rows = self._page(found.rows)
        width = len(self.by)
        found.cells = {(values[:width], values[width:]): figures for values, figures in cells}
        return found

    def _page(self, rows: list[Part]) -> list[Part]:
        place = self.grid.state.place
        pages = max(1, -(-len(rows) // place.per_page))
        start = (min(place.page, pages) - 1) * place.per_page
        return rows[start : start + place.per_page]

    def _count(self, keys: Sequence[Any]) -> list[list[tuple[tuple[Any, ...], Figures]]]:
        """Cells, rows, labels, and the whole."""
        grid = self.grid
        by, across = list(range(len(self.by))), list(range(len(self.by), len(keys)))
        sets = [[*by, *across], by, across, []] if by else [across, []]
        names = [[column.name for column in columns] for columns in (self.by, self.across)]
        what = f"pivot{names}{self.values}"
        found = shared(grid, what, lambda: self._ask(keys, sets))
        if by:
            return list(found)
        across_found, whole = found
        return [across_found, whole, across_found, whole]

    def _ask(self, keys: Sequence[Any], sets: Sequence[Sequence[int]]) -> list[Any]:
        """In one scan; but a row that stands under several values of an array would count as often in totals
        over those, so that with arrays each set is a query of its own."""
        grid, rows = self.grid, self.grid.matching()
        kinds = [column.filter for column in (*self.by, *self.across)]
        if any(isinstance(kind, ValuesFilter) and kind.many for kind in kinds):
            return [figures_by(grid, rows, [keys[place] for place in chosen], self.values) for chosen in sets]
        return figures_by_sets(grid, rows, keys, sets, self.values)

    def _with_others(self, kept: Sequence[Part]) -> tuple[Any, Any]:
        """Cells and label totals, with whatever is of no kept label under OTHER."""
        grid = self.grid
        named = reduce(or_, [rows_of(grid, part.conditions or ()) for part in kept], Q())
        is_kept = ExpressionWrapper(named, output_field=BooleanField())
        across = [Case(When(named, then=key)) for key in self.keys[len(self.by) :]]
        keys = [*self.keys[: len(self.by)], Case(When(is_kept, then=Value(1)), default=Value(0)), *across]
        width = len(self.by)
        all_keys = list(range(len(keys)))
        cells, labels = figures_by_sets(
            grid, grid.matching(), keys, [all_keys, all_keys[width:]], self.values
        )

        def label(values: tuple[Any, ...]) -> tuple[Any, ...]:
            return values[1:] if values[0] else OTHER

        return (
            [((*values[:width], *label(values[width:])), figures) for values, figures in cells],
            [(label(values), figures) for values, figures in labels],
        )

    def _not_among(self, kept: Sequence[Part]) -> tuple[Condition, ...] | None:
        """The rest, of one column of labels: a condition can name what it is not."""
        [column, *more] = self.across
        if more or column.filter is None or "not-in" not in column.filter.operators:
            return None
        parts = ",".join(column.filter.group_part(part.values[0]) for part in kept)
        try:
            return (column.filter.condition(column.name, str(column.label), f"not-in:{parts}"),)
        except FilterProblem:
            return None  # longer than a condition may be

    def _parts(
        self, columns: Sequence[Column], found: Iterable[tuple[tuple[Any, ...], Figures]]
    ) -> list[Part]:
        view, found = self.grid.view, list(found)
        names = [
            column.filter.group_names({values[place] for values, _figures in found}, view)
            for place, column in enumerate(columns)
            if column.filter
        ]
        parts = []
        for values, figures in found:
            path = [
                column.filter.group_part(value)
                for column, value in zip(columns, values, strict=True)
                if column.filter
            ]
            try:
                conditions: tuple[Condition, ...] | None = conditions_of(columns, path)
            except FilterProblem:
                conditions = None
            read = tuple(known[value] for known, value in zip(names, values, strict=True))
            parts.append(Part(values, read, conditions, figures))
        return parts

    def _in_order(self, columns: Sequence[Column], parts: Iterable[Part]) -> list[Part]:
        """By name, column by column, or as a closed list has them; what is left over comes last."""

        def place(part: Part) -> Any:
            if part.values == OTHER:
                return (1,)
            return (0, [column.filter.group_place(value, name) for column, value, name
                        in zip(columns, part.values, part.names, strict=True) if column.filter])  # fmt: skip

        return sorted(parts, key=place)

    def _sorted(self, parts: list[Part]) -> list[Part]:
        """By name, or as the state sorts by row columns and values; without any order by the total."""
        found = self._in_order(self.by, parts)
        if not self.grid.state.sort:
            found.sort(key=lambda part: _descending(self._total(part)))
        for key in reversed(self.grid.state.sort):
            by = next((place for place, column in enumerate(self.by) if column.name == key.column), None)
            value = next((one for one in self.values if one.column == key.column), None)
            if by is not None:
                found.sort(key=partial(self._place, by), reverse=key.descending)
            elif value is not None:
                having = [part for part in found if part.figures.comparable(value) is not None]
                rest = [part for part in found if part.figures.comparable(value) is None]
                having.sort(key=partial(_figure_of, value), reverse=key.descending)
                found = having + rest
        return found

    def _place(self, at: int, part: Part) -> Any:
        kind = self.by[at].filter
        return kind.group_place(part.values[at], part.names[at]) if kind else part.names[at]

    def _total(self, part: Part) -> Any:
        return part.figures.comparable(self.values[0]) if self.values else part.figures.rows


def _figure_of(value: Aggregate, part: Part) -> Any:
    return part.figures.comparable(value)


def _descending(figure: Any) -> tuple[bool, Any]:
    return (figure is None, 0 if figure is None else -figure)


def money_columns(grid: Grid) -> list[MoneyColumn]:
    """The amounts that the pivot's values are made of."""
    columns = (grid.filterable[value.column] for value in grid.state.layout.values)
    return [column for column in columns if isinstance(column, MoneyColumn)]


def currency_filter(grid: Grid) -> str:
    """The column by which a pivot of amounts is kept to one currency; "" where none is needed."""
    sources = {column.currency for column in money_columns(grid)}
    return next((name for name, one in grid.filterable.items() if one.source in sources and one.filter), "")


def lacks_currency(grid: Grid) -> str:
    """The column that has to name one currency before amounts can stand in one table, or ""."""
    name = currency_filter(grid)
    conditions = grid.state.filters.all_on(name) if name else ()
    one = len(conditions) == 1 and conditions[0].operator == "in" and len(conditions[0].values) == 1
    return "" if one else name
