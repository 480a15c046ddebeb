"""Figures of many rows at once: what groups and pivots show of a column.

A column says what it needs (`Column.measure`) and how the result looks (`Column.summed`). Ratios are made of
summed parts, never of ratios. Amounts are kept per currency: whatever asks for one asks for all currencies in
the same scan, by GROUPING SETS, and nothing ever adds two of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, QuerySet, Value
from django.db.models.expressions import Combinable
from django.utils.translation import gettext_lazy

from grids.layout import Aggregate

if TYPE_CHECKING:
    from grids.columns import Column
    from grids.grid import Grid

MOST_CELLS = 100_000  # of one answer: more is no table that anybody reads
# What people read in menus and heads; "ratio" and "sum" of the usual columns need no word.
NAMES = {
    "sum": gettext_lazy("Sum"),
    "avg": gettext_lazy("Average"),
    "min": gettext_lazy("Lowest"),
    "max": gettext_lazy("Highest"),
    "median": gettext_lazy("Median"),
    "p95": gettext_lazy("95th percentile"),
    "count": gettext_lazy("Count"),
    "distinct": gettext_lazy("Different values"),
    "ratio": gettext_lazy("From summed parts"),
}
SQL = {
    "sum": "sum({0})",
    "avg": "avg({0})",
    "min": "min({0})",
    "max": "max({0})",
    "median": "percentile_cont(0.5) WITHIN GROUP (ORDER BY {0})",
    "p95": "percentile_disc(0.95) WITHIN GROUP (ORDER BY {0})",
    "count": "count({0})",
    "distinct": "count(DISTINCT {0})",
}


@dataclass(frozen=True)
class Measure:
    """What one aggregate asks of the database.

    fields: what it reads of each row. outputs: SQL over their places, {0} {1} …, one per value it gives.
    currency: the field of the currency, for amounts.
    """

    fields: tuple[str | Combinable, ...]
    outputs: tuple[str, ...]
    currency: str = ""


@dataclass
class Figures:
    """Of one group: rows, and per aggregate its values; of an amount, values by currency, most rows first."""

    rows: int = 0
    plain: dict[Aggregate, tuple[Any, ...]] = field(default_factory=dict)
    money: dict[Aggregate, dict[str, Any]] = field(default_factory=dict)

    def comparable(self, value: Aggregate) -> Any:
        """One value to sort by; of several currencies the one with most rows. None: nothing to compare."""
        if value in self.money:
            return next(iter(self.money[value].values()), None)
        found = self.plain.get(value, (None,))
        if value.function == "ratio":
            return found[0] / found[1] if found[1] else None
        return found[0]


def usual_values(columns: Mapping[str, Column]) -> tuple[Aggregate, ...]:
    """What groups show where nobody has chosen: the usual figure of each column of figures on screen."""
    return tuple(
        Aggregate(column.functions[0], name) for name, column in columns.items() if column.sums_by_itself
    )


def values_of(grid: Grid) -> tuple[Aggregate, ...]:
    """The aggregates of the layout, or the usual ones."""
    return grid.state.layout.values or usual_values(grid.columns)


def figures_by(
    grid: Grid, rows: QuerySet[Any], keys: Sequence[Any], values: Iterable[Aggregate]
) -> list[tuple[tuple[Any, ...], Figures]]:
    """`rows` grouped by the expressions `keys`: the values of the keys, and the figures of that group.

    One query, one scan. Without keys: the figures of all rows.
    """
    [found] = figures_by_sets(grid, rows, keys, [range(len(keys))], values)
    return found


def figures_by_sets(
    grid: Grid,
    rows: QuerySet[Any],
    keys: Sequence[Any],
    sets: Sequence[Sequence[int]],
    values: Iterable[Aggregate],
) -> list[list[tuple[tuple[Any, ...], Figures]]]:
    """The same for several choices among `keys` at once, each a list of their places, still in one scan."""
    question = _Question(grid, rows, keys, list(values), sets)
    found: list[dict[tuple[Any, ...], Figures]] = [{} for _set in sets]
    for number, values_of_keys, code, is_total, count, outputs in question.ask():
        key = tuple(values_of_keys[place] for place in sets[number])
        figures = found[number].setdefault(key, Figures())
        if is_total:
            figures.rows = count
            figures.plain |= question.plain(outputs)
        else:
            for value, amount in question.amounts(outputs):
                figures.money.setdefault(value, {})[code] = amount
    return [list(one.items()) for one in found]


class _Question:
    """The statement, put together from names of ours; whatever a person wrote is bound by Django's part."""

    def __init__(
        self,
        grid: Grid,
        rows: QuerySet[Any],
        keys: Sequence[Any],
        values: Sequence[Aggregate],
        sets: Sequence[Sequence[int]],
    ) -> None:
        self.keys = [f"_k{place}" for place in range(len(keys))]
        self.sets = [[self.keys[place] for place in chosen] for chosen in sets]
        self.measures = {value: grid.filterable[value.column].measure(value.function) for value in values}
        self.currency = next((one.currency for one in self.measures.values() if one.currency), "")
        fields: dict[str, Any] = dict(zip(self.keys, keys, strict=True))
        names: dict[Any, str] = {}
        for measure in self.measures.values():
            for one in measure.fields:
                name = names.setdefault(one, f"_v{len(names)}")
                fields[name] = F(one) if isinstance(one, str) else one
        if self.currency:
            fields["_code"] = F(self.currency)
        needed = {
            key: expression
            for value in values
            for key, expression in grid.filterable[value.column].annotations.items()
        }
        self.inner = rows.annotate(**needed).order_by().values(**(fields or {"_one": Value(1)}))
        self.outputs = [
            (value, template.format(*(names[one] for one in measure.fields)))
            for value, measure in self.measures.items()
            for template in measure.outputs
        ]

    def ask(self) -> Iterator[tuple[int, Sequence[Any], Any, bool, int, Sequence[Any]]]:
        """Number of the set, values of all keys, currency, whether it is over all of those, rows, outputs."""
        try:
            inner, params = self.inner.query.sql_with_params()
        except EmptyResultSet:
            return
        code = ["_code"] if self.currency else []
        sets = [f"({', '.join(chosen)})" for chosen in self.sets]
        sets += [f"({', '.join([*chosen, *code])})" for chosen in self.sets if code]
        # Which set a row is of, as the bits of what it is not grouped by.
        marks = [*self.keys, *code]
        chosen = [
            f"GROUPING({', '.join(marks)})" if marks else "0",
            *self.keys,
            *(code or ["NULL"]),
            "count(*)",
        ]
        chosen += [sql for _value, sql in self.outputs]
        # Currencies with most rows come first; groups are put in order by whoever asked.
        order = f"ORDER BY count(*) DESC{', _code' if code else ''} LIMIT {MOST_CELLS}"
        group = f"GROUP BY GROUPING SETS ({', '.join(sets)})"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(chosen)} FROM ({inner}) AS rows {group} {order}", params)  # noqa: S608
            rows = cursor.fetchall()
        numbers = {self._bits(chosen, marks): number for number, chosen in enumerate(self.sets)}
        for bits, *found in rows:
            is_total = not code or bool(bits & 1)
            number = numbers[bits >> len(code)]
            width = len(self.keys)
            yield number, found[:width], found[width], is_total, found[width + 1], found[width + 2 :]

    def _bits(self, chosen: Sequence[str], marks: Sequence[str]) -> int:
        """GROUPING of the keys alone, as PostgreSQL counts it: the last one is the lowest bit."""
        keys = [mark for mark in marks if mark != "_code"]
        return sum(1 << place for place, key in enumerate(reversed(keys)) if key not in chosen)

    def plain(self, outputs: Sequence[Any]) -> dict[Aggregate, tuple[Any, ...]]:
        found: dict[Aggregate, tuple[Any, ...]] = {}
        for (value, _sql), result in zip(self.outputs, outputs, strict=True):
            if not self.measures[value].currency:
                found[value] = (*found.get(value, ()), result)
        return found

    def amounts(self, outputs: Sequence[Any]) -> Iterable[tuple[Aggregate, Any]]:
        for (value, _sql), result in zip(self.outputs, outputs, strict=True):
            if self.measures[value].currency:
                yield value, result
