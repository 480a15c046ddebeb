"""Columns of figures: counts, money, ratios, durations, use of a limit, a line of the day.

Each can write its cell short (`line`): static/js/grid-cells.js draws the same cell from that, so that a poll
carries figures instead of markup. Both sides are one format: who changes `html` here changes it there, and
tests/browser/test_refresh.py compares every cell of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grids import formats
from grids.aggregates import Measure
from grids.columns.filed import Filed, Trimmed, ratio, words
from grids.columns.plain import Column, Row, Sight, none, number
from grids.filters import ColumnFilter, DurationFilter, MoneyFilter, NumberFilter, WholeFilter
from grids.markup import attribute, icon, text


def toned(figure: str, tone: str, title: str = "") -> str:
    """A figure, coloured if it needs a person; healthy figures stay black."""
    if not tone and not title:
        return figure
    return f"<span{attribute('class', tone)}{attribute('title', title)}>{figure}</span>"


@dataclass(frozen=True)
class Title:
    """The tooltip of a cell: a sentence with `%(name)s` places, and the figures that fill them.

    fill: the words for the names, in their order; a browser gets these alone, without ";" or "|".
    """

    sentence: Any
    names: tuple[str, ...]
    fill: Callable[[Row, Sight], tuple[str, ...]]

    def text(self, row: Row, sight: Sight) -> str:
        return sight.say(self.sentence) % dict(zip(self.names, self.fill(row, sight), strict=True))

    def pattern(self) -> str:
        """The sentence with %1, %2 … in its places."""
        return str(self.sentence) % {name: f"%{place}" for place, name in enumerate(self.names, start=1)}


FIGURES = ("sum", "avg", "min", "max", "median", "p95", "count", "distinct")


class NumberColumn(Column):
    """A count or a plain figure, `decimals` behind the point."""

    numeric = True
    kind = "number"
    functions: tuple[str, ...] = FIGURES
    width = 100
    sums_by_itself = True

    def __init__(self, label: Any, source: str = "", *, decimals: int = 0, **options: Any) -> None:
        self.decimals = decimals
        super().__init__(label, source, **options)

    def usual_filter(self) -> ColumnFilter | None:
        return NumberFilter(decimals=self.decimals) if self.decimals else WholeFilter()

    def summed(self, function: str, values: Sequence[Any], sight: Sight) -> str:
        value = values[0]
        if value is None:
            return none()
        whole = function in ("count", "distinct")
        return number(value, 0 if whole else self.decimals + (function in ("avg", "median")))

    def filed(self) -> tuple[Filed, ...]:
        value: Any = F(self.source)
        return (Filed(self.name, str(self.label), Trimmed(value) if self.decimals else value),)

    def html(self, row: Row, sight: Sight) -> str:
        value = row[self.source]
        return none() if value is None else number(value, self.decimals)

    def line(self, row: Row, sight: Sight) -> str:
        value = row[self.source]
        return "" if value is None else f"{value}"

    def drawing(self, sight: Sight) -> dict[str, Any]:
        return {"decimals": self.decimals}


class MoneyColumn(Column):
    """An amount and its currency. Totals are kept per currency, never added across.

    total: the status bar shows its sums. bad: rows whose amount is red. title: the cell's tooltip.
    decimals: least number of them, where amounts are often less than a cent; then all that an amount has are
    shown, and no script draws its cells.
    """

    numeric = True
    css = "crd"
    kind = "money"
    functions = FIGURES
    sums_by_itself = True

    def __init__(
        self,
        label: Any,
        source: str = "",
        *,
        currency: str,
        total: bool = False,
        bad: Callable[[Row], bool] | None = None,
        title: Title | None = None,
        decimals: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(label, source, **options)
        self.currency = currency
        self.decimals = decimals
        self.total = total
        self.bad = bad
        self.title = title
        self.extra = (*self.extra, currency)

    def usual_filter(self) -> ColumnFilter | None:
        return MoneyFilter()

    def measure(self, function: str) -> Measure:
        return replace(super().measure(function), currency=self.currency)

    def summed(self, function: str, values: Sequence[Any], sight: Sight) -> str:
        """values: the figure and its currency."""
        figure, code = values
        if figure is None:
            return none()
        if function in ("count", "distinct"):
            return number(figure, 0)
        shown = formats.format_money(Decimal(figure), max(sight.digits(code), self.decimals))
        return f'{toned(shown, "bad" if figure < 0 else "")}<span class="cur"> {text(code)}</span>'

    def filed(self) -> tuple[Filed, ...]:
        """The amount, and its currency in a column of its own, which several amounts of a row may share."""
        amount = Filed(self.name, str(self.label), Trimmed(F(self.source)))
        return (
            amount,
            Filed(
                self.currency,
                _("%(column)s currency") % {"column": self.label},
                words(F(self.currency)),
                is_text=True,
            ),
        )

    def data(self, row: Row, sight: Sight) -> str:
        code = row[self.currency]
        amount = attribute("data-v", plain_decimal(row[self.source]))
        return f'{amount}{attribute("data-cur", code)} data-d="{self._digits(row, sight)}"'

    def _digits(self, row: Row, sight: Sight) -> int:
        digits, amount = sight.digits(row[self.currency]), row[self.source]
        if not self.decimals or amount is None:
            return digits
        own = -int(amount.normalize().as_tuple().exponent)
        return max(digits, self.decimals, min(8, own))

    def html(self, row: Row, sight: Sight) -> str:
        amount, code = row[self.source], row[self.currency]
        if amount is None:
            return none()
        title = attribute("title", self.title.text(row, sight) if self.title else "")
        red = self._is_bad(row) and "bad"
        shown = formats.format_money(amount, self._digits(row, sight))
        return (
            f'<span{attribute("class", red or "")}{title}>{shown}</span><span class="cur">{text(code)}</span>'
        )

    def _is_bad(self, row: Row) -> bool:
        return self.bad(row) if self.bad else row[self.source] < 0

    def line(self, row: Row, sight: Sight) -> str:
        """amount;b if red;currency;decimals;title…"""
        amount, code = row[self.source], row[self.currency]
        if amount is None:
            return f";;{code};{sight.digits(code)}"
        parts = [plain_decimal(amount), "b" if self._is_bad(row) else "", str(code), str(sight.digits(code))]
        return ";".join([*parts, *_filled(self.title, row, sight)])

    def drawing(self, sight: Sight) -> dict[str, Any]:
        return {"title": self.title}


def _filled(title: Title | None, row: Row, sight: Sight) -> list[str]:
    return list(title.fill(row, sight)) if title else []


def plain_decimal(amount: Decimal | None) -> str:
    """`18420.55`: no exponent, no trailing zeros."""
    if amount is None:
        return ""
    shown = f"{amount:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


class RatioColumn(Column):
    """part ÷ whole × scale, from summed parts; `source` names the stored figure if the model keeps one.

    warn/bad: thresholds; the figure is coloured below them, or from them upwards if `high_is_bad`.
    title: tooltip of the cell. bad_title: what a bad figure hints at.
    It is filtered by in the unit shown, of which the stored figure holds `filter_scale`.
    """

    numeric = True
    kind = "ratio"
    functions = ("ratio", "min", "max")
    width = 84
    sums_by_itself = True

    def __init__(
        self,
        label: Any,
        source: str = "",
        *,
        part: str,
        whole: str,
        scale: Decimal | int = 1,
        decimals: int = 1,
        warn: float | str | None = None,
        bad: float | str | None = None,
        high_is_bad: bool = False,
        title: Title | None = None,
        bad_title: Any = "",
        filter_scale: Decimal | int = 1,
        **options: Any,
    ) -> None:
        self.part, self.whole, self.scale, self.decimals = part, whole, scale, decimals
        self.filter_scale, self.unit = filter_scale, options.get("unit", "")
        super().__init__(label, source, **options)
        self.warn, self.bad, self.high_is_bad = warn, bad, high_is_bad
        self.title = title
        self.bad_title = bad_title
        self.extra = (*self.extra, part, whole)

    def usual_filter(self) -> ColumnFilter | None:
        return NumberFilter(scale=self.filter_scale, decimals=self.decimals, unit=self.unit)

    def measure(self, function: str) -> Measure:
        if function == "ratio":
            return Measure((self.part, self.whole), ("sum({0})", "sum({1})"))
        return super().measure(function)

    def summed(self, function: str, values: Sequence[Any], sight: Sight) -> str:
        if function == "ratio":
            figure = self.figure(dict(zip((self.part, self.whole), values, strict=True)))
        else:
            figure = None if values[0] is None else Decimal(values[0]) / Decimal(self.filter_scale)
        return none() if figure is None else toned(self.shown(figure), self.tone(figure, sight))

    def filed(self) -> tuple[Filed, ...]:
        label = f"{self.label} ({self.unit})" if self.unit else str(self.label)
        return (Filed(self.name, label, ratio(self.part, self.whole, self.scale)),)

    def summed_filed(self, function: str, values: Sequence[Any]) -> Any:
        if function == "ratio":
            figure = self.figure(dict(zip((self.part, self.whole), values, strict=True)))
        else:
            figure = None if values[0] is None else Decimal(values[0]) / Decimal(self.filter_scale)
        return None if figure is None else round(figure, 4)

    def figure(self, row: Row) -> Decimal | None:
        """The ratio, or None while nothing was counted."""
        if not row[self.whole]:
            return None
        return Decimal(row[self.part]) * self.scale / Decimal(row[self.whole])

    def plain(self, row: Row) -> Any:
        figure = self.figure(row)
        return None if figure is None else plain_decimal(round(figure, 4))

    def tone(self, figure: Decimal, sight: Sight) -> str:
        for name, threshold in (("bad", sight.limit(self.bad)), ("warn", sight.limit(self.warn))):
            if threshold is not None and (figure >= threshold if self.high_is_bad else figure < threshold):
                return name
        return ""

    def shown(self, figure: Decimal) -> str:
        return formats.format_decimal(figure, self.decimals)

    def html(self, row: Row, sight: Sight) -> str:
        figure = self.figure(row)
        if figure is None:
            return none()
        tone = self.tone(figure, sight)
        title = self.title.text(row, sight) if self.title else ""
        shown = self.shown(figure)
        if tone == "bad" and self.bad_title:
            hint = sight.say(self.bad_title)
            title = " ".join(filter(None, (hint, title)))
            # Beside the colour a sign, and words for who sees neither.
            sign = f'{icon("warn", "xs")}<span class="sr">{text(hint)}</span>'
            shown = f'<span class="chn">{sign}<span>{shown}</span></span>'
        return toned(shown, tone, title)

    def line(self, row: Row, sight: Sight) -> str:
        """plain;shown;w or b if coloured;title…"""
        figure = self.figure(row)
        if figure is None:
            return ""
        parts = [plain_decimal(round(figure, 4)), self.shown(figure), self.tone(figure, sight)[:1]]
        return ";".join([*parts, *_filled(self.title, row, sight)])

    def drawing(self, sight: Sight) -> dict[str, Any]:
        return {"title": self.title, "bad_title": self.bad_title}


class DurationColumn(RatioColumn):
    """A mean duration: summed milliseconds ÷ count, shown as m:ss."""

    def usual_filter(self) -> ColumnFilter | None:
        return DurationFilter()

    def filed(self) -> tuple[Filed, ...]:
        scale = Decimal(self.scale) / 1000
        return (Filed(self.name, f"{self.label} (s)", ratio(self.part, self.whole, scale)),)

    def summed_filed(self, function: str, values: Sequence[Any]) -> Any:
        figure = super().summed_filed(function, values)
        return None if figure is None else round(figure / 1000, 3)

    def shown(self, figure: Decimal) -> str:
        return formats.format_duration_ms(figure)


OF_LIMIT = gettext_lazy("%(percent)d%% of the limit")
NO_LIMIT = gettext_lazy("No limit")


class UsageColumn(Column):
    """How much of a limit is used: figure, limit and a bar. A limit of 0 or none means unlimited."""

    numeric = True
    kind = "usage"
    functions = ("sum", "avg", "min", "max")
    width = 176
    sums_by_itself = True

    def __init__(
        self,
        label: Any,
        source: str = "",
        *,
        limit: str,
        warn: float | str = 80,
        bad: float | str = 95,
        total: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(label, source, **options)
        self.limit, self.warn, self.bad, self.total = limit, warn, bad, total
        self.extra = (*self.extra, limit)

    def usual_filter(self) -> ColumnFilter | None:
        return WholeFilter()

    def measure(self, function: str) -> Measure:
        """A sum is one of limits too."""
        if function == "sum":
            return Measure((self.source, self.limit), ("sum({0})", "sum({1})"))
        return super().measure(function)

    def summed(self, function: str, values: Sequence[Any], sight: Sight) -> str:
        if function == "sum":
            return self.html(dict(zip((self.source, self.limit), values, strict=True)), sight)
        return none() if values[0] is None else number(values[0], 1 if function == "avg" else 0)

    def filed(self) -> tuple[Filed, ...]:
        limit = Filed(self.limit, _("%(column)s limit") % {"column": self.label}, F(self.limit))
        return (Filed(self.name, str(self.label), F(self.source)), limit)

    def html(self, row: Row, sight: Sight) -> str:
        used, limit = row[self.source] or 0, row[self.limit]
        figure = f"<b>{formats.format_count(used)}</b>"
        if not limit:
            title = attribute("title", sight.say(NO_LIMIT))
            room = '<svg width="52" height="5" aria-hidden="true"></svg>'  # figures stand under each other
            return f'<span class="chn"{title}><span>{figure}</span>{room}</span>'
        percent = min(100, used * 100 // limit)
        bad, warn = sight.limit(self.bad), sight.limit(self.warn)
        tone = " b" if bad and percent >= bad else " w" if warn and percent >= warn else ""
        label = text(sight.say(OF_LIMIT) % {"percent": used * 100 // limit})
        step = 0 if used == 0 else max(1, round(percent / 5))
        return (
            f'<span class="chn"><span>{figure}<span class="of"> / {formats.format_count(limit)}</span></span>'
            f'<span class="bar{tone}" role="img" aria-label="{label}"><i class="w{step}"></i></span></span>'
        )

    def line(self, row: Row, sight: Sight) -> str:
        """used;limit"""
        return f"{row[self.source] or 0};{row[self.limit] or ''}"

    def drawing(self, sight: Sight) -> dict[str, Any]:
        return {
            "warn": sight.limit(self.warn) or "",
            "bad": sight.limit(self.bad) or "",
            "words": sight.say(OF_LIMIT) % {"percent": 987_654_321},
            "unlimited": sight.say(NO_LIMIT),
        }


WIDTH, HEIGHT = 68, 18  # px of a sparkline


class SparkColumn(NumberColumn):
    """A figure, and a line of the values in the field `points` (oldest first).

    The line moves once a minute and is a matter of its own: a poll that brings the figure leaves it alone.
    """

    kind = "spark"
    width = 150

    def __init__(self, label: Any, source: str = "", *, points: str, **options: Any) -> None:
        super().__init__(label, source, **options)
        self.points = points

    def html(self, row: Row, sight: Sight) -> str:
        value = row[self.source]
        figure = none() if value is None else f"<span>{number(value, self.decimals)}</span>"
        return f'<span class="cpsc">{figure}{self.curve(row)}</span>'

    def curve(self, row: Row) -> str:
        """The line as markup; the same points give the same one."""
        return spark(tuple(row[self.points] or ()))


@lru_cache(maxsize=4096)
def spark(points: tuple[float, ...]) -> str:
    """A small curve through `points`."""
    highest = max(points, default=0)
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    if len(points) < 2 or not highest:
        flat = f"M0 {HEIGHT - 1}H{WIDTH}"
        return f'<svg class="spark off" {size} aria-hidden="true"><path d="{flat}"/></svg>'
    step = WIDTH / (len(points) - 1)
    room = HEIGHT - 3
    path = "L".join(
        f"{i * step:.0f} {HEIGHT - 1 - room * value / highest:.0f}" for i, value in enumerate(points)
    )
    area = f"M{path}V{HEIGHT}H0Z"
    paths = f'<path class="ar" d="{area}"/><path d="M{path}"/>'
    return f'<svg class="spark" {size} aria-hidden="true">{paths}</svg>'
