"""Groups and pivots as tables for a file: all of them, not only those of a page or those that stand open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from grids import aggregates, groups, pivot
from grids.aggregates import Figures
from grids.layout import Aggregate

if TYPE_CHECKING:
    from grids.grid import Grid


@dataclass(frozen=True)
class Table:
    """A small table in memory. keys and heads: of the columns, for programs and for people."""

    keys: list[str]
    heads: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True)
class _Figure:
    """One figure of a table: an aggregate, of one currency where it is an amount."""

    value: Aggregate
    code: str = ""

    def key(self, grid: Grid) -> str:
        return "_".join(filter(None, (self.value.function, self.value.column, self.code)))

    def head(self, grid: Grid) -> str:
        label = str(grid.filterable[self.value.column].label)
        name = "" if self.value.function == "ratio" else f" ({aggregates.NAMES[self.value.function]})"
        return f"{label}{name}{f' {self.code}' if self.code else ''}"

    def of(self, grid: Grid, figures: Figures | None) -> Any:
        if figures is None:
            return None
        if self.value in figures.money:
            return figures.money[self.value].get(self.code)
        found = figures.plain.get(self.value)
        column = grid.filterable[self.value.column]
        return None if found is None else column.summed_filed(self.value.function, found)


def table(grid: Grid) -> Table:
    """What the grid shows of many rows at once, as it stands."""
    return _pivot(grid) if grid.state.layout.is_pivot else _groups(grid)


def _figures(values: Sequence[Aggregate], found: Sequence[Figures]) -> list[_Figure]:
    """Each aggregate; an amount once for each currency in which there is any."""
    listed = []
    for value in values:
        codes = sorted({code for one in found for code in one.money.get(value, {}) if code})
        listed += [_Figure(value, code) for code in codes] or [_Figure(value)]
    return listed


def _groups(grid: Grid) -> Table:
    """One row for each group of the innermost level, with the values of all levels."""
    by = [grid.filterable[name] for name in grid.state.layout.groups]
    found = groups.every(grid)
    figures = _figures(aggregates.values_of(grid), [group.figures for group in found])
    return Table(
        [*(column.name for column in by), "rows", *(one.key(grid) for one in figures)],
        [*(str(column.label) for column in by), _("Rows"), *(one.head(grid) for one in figures)],
        [
            [*group.names, group.figures.rows, *(one.of(grid, group.figures) for one in figures)]
            for group in found
        ],
    )


def _pivot(grid: Grid) -> Table:
    """Rows by column labels, with the total of each row at its end and the totals of all below."""
    found = pivot.pivot(grid, every=True)
    by = [grid.filterable[name] for name in grid.state.layout.groups]
    figures = _figures(found.values, [found.whole]) or []
    labels = [(" / ".join(part.names) or _("Other"), part) for part in found.labels]
    heads = [str(column.label) for column in by]
    keys = [column.name for column in by]
    for name in (*(name for name, _part in labels), _("Total")):
        heads += [f"{name} · {one.head(grid)}" for one in figures] or [name]
        keys += [f"{name}_{one.key(grid)}" for one in figures] or [name]
    rows = [
        [
            *row.names,
            *(
                cell
                for _name, label in labels
                for cell in _cells(grid, figures, found.cells.get((row.values, label.values)))
            ),
            *_cells(grid, figures, row.figures),
        ]
        for row in found.rows
    ]
    if by:
        totals = [cell for _name, label in labels for cell in _cells(grid, figures, label.figures)]
        blank = [""] * (len(by) - 1)
        rows.append([_("Total"), *blank, *totals, *_cells(grid, figures, found.whole)])
    return Table(keys, heads, rows)


def _cells(grid: Grid, figures: Sequence[_Figure], found: Figures | None) -> list[Any]:
    if not figures:
        return [found.rows if found else 0]
    return [one.of(grid, found) for one in figures]
