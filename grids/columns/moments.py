"""Columns of time: when something was, in the zone of who looks, and how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils import formats as django_formats
from django.utils.translation import gettext as _

from grids import formats
from grids.columns.figures import NumberColumn
from grids.columns.filed import Filed, UtcMoment, seconds
from grids.columns.plain import AgeColumn, Column, Row, Sight, none
from grids.filters import ColumnFilter, DurationFilter, NumberFilter
from grids.markup import attribute, text


class MomentColumn(AgeColumn):
    """Day and time in the zone of the grid (see `Grid.zone`); UTC is the tooltip and what is copied.

    url: name of the URL that takes the row's id, where the moment leads to the row.
    """

    kind = ""  # a moment that is written out does not change; scripts need not draw it
    width = 150
    numeric = False
    css = "mom"

    def __init__(self, label: Any, source: str = "", *, url: str = "", **options: Any) -> None:
        super().__init__(label, source, **options)
        self.url = url

    @property
    def names_row(self) -> bool:
        return bool(self.url)

    def says(self, row: Row, sight: Sight) -> str:
        at = row[self.source]
        return django_formats.date_format(at.astimezone(sight.zone), "j M Y H:i:s") if at else ""

    def td(self, row: Row, sight: Sight) -> str:
        cell = super().td(row, sight)
        return cell.replace("<td", '<td role="rowheader"', 1) if self.url else cell

    def html(self, row: Row, sight: Sight) -> str:
        at = row[self.source]
        if at is None:
            return none()
        there = at.astimezone(sight.zone)
        exact = formats.format_moment(at.astimezone(UTC))
        pattern = "j M H:i:s" if there.year == sight.now.astimezone(sight.zone).year else "j M Y H:i:s"
        shown = f'<time datetime="{self.plain(row)}" title="{exact}">{_date(there, pattern)}</time>'
        url = sight.url(self.url, sight.word(row["pk"])) if self.url else None
        return f'<a class="nm" href="{text(url)}">{shown}</a>' if url else shown


def _date(at: Any, pattern: str) -> str:
    return text(django_formats.date_format(at, pattern))


class LengthColumn(NumberColumn):
    """How long something took, stored in milliseconds, shown as m:ss; one figure a row, no mean of many."""

    kind = ""
    width = 90
    functions: tuple[str, ...] = ("sum", "avg", "min", "max", "median", "p95", "count")

    def usual_filter(self) -> ColumnFilter | None:
        return DurationFilter()

    def filed(self) -> tuple[Filed, ...]:
        return (Filed(self.name, f"{self.label} (s)", seconds(self.source)),)

    def summed_filed(self, function: str, values: Sequence[Any]) -> Any:
        if values[0] is None or function == "count":
            return values[0]
        return round(Decimal(values[0]) / 1000, 3)

    def shown(self, value: Any) -> str:
        return formats.format_duration_ms(value)

    def html(self, row: Row, sight: Sight) -> str:
        value = row[self.source]
        if value is None:
            return none()
        return self.shown(value) if value else f'<span class="zero">{self.shown(value)}</span>'

    def summed(self, function: str, values: Sequence[Any], sight: Sight) -> str:
        if values[0] is None or function == "count":
            return super().summed(function, values, sight)
        return self.shown(Decimal(values[0]))


class SecondsColumn(LengthColumn):
    """A short delay, stored in milliseconds, shown in seconds. A sum of such says nothing."""

    functions = ("avg", "min", "max", "median", "p95", "count")
    sums_by_itself = False

    def usual_filter(self) -> ColumnFilter | None:
        return NumberFilter(scale=1000, decimals=1, unit=self.unit)

    def shown(self, value: Any) -> str:
        return formats.format_pdd_s(value)


class LastingColumn(Column):
    """How long something has been going on: since the moment `source`, counted on by the page itself."""

    numeric = True
    kind = "lasting"
    width = 90
    functions = ()

    def usual_filter(self) -> ColumnFilter | None:
        return None

    def filed(self) -> tuple[Filed, ...]:
        return (
            Filed(self.name, _("%(column)s since (UTC)") % {"column": self.label}, UtcMoment(F(self.source))),
        )

    @property
    def sortable(self) -> bool:
        return False  # the moment it began at is what can be sorted by

    def plain(self, row: Row) -> Any:
        at = row[self.source]
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None

    def line(self, row: Row, sight: Sight) -> str:
        return self.plain(row) or ""

    def html(self, row: Row, sight: Sight) -> str:
        at = row[self.source]
        if at is None:
            return none()
        lasted_s = max(0, int((sight.now - at).total_seconds()))
        shown = formats.format_duration_ms(lasted_s * 1000)
        return f"<time{attribute('datetime', self.plain(row))} data-lasting>{shown}</time>"
