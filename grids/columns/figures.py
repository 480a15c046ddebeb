"""Columns of figures: counts, money, ratios, durations, use of a limit, a line of the day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from grids import formats
from grids.columns.plain import Column, Row, Sight, none
from grids.markup import attribute, icon, text


def toned(figure: str, tone: str, title: str = "") -> str:
    """A figure, coloured if it needs a person; healthy figures stay black."""
    if not tone and not title:
        return figure
    return f"<span{attribute('class', tone)}{attribute('title', title)}>{figure}</span>"


class NumberColumn(Column):
    """A count or a plain figure, `decimals` behind the point."""

    numeric = True

    def __init__(self, label: Any, source: str = "", *, decimals: int = 0, **options: Any) -> None:
        super().__init__(label, source, **options)
        self.decimals = decimals

    def html(self, row: Row, sight: Sight) -> str:
        value = row[self.source]
        return none() if value is None else number(value, self.decimals)


def number(value: Any, decimals: int) -> str:
    """A figure with thousands separators; zero is grey, since it is rarely what one looks for."""
    shown = formats.format_decimal(value, decimals)
    return f'<span class="zero">{shown}</span>' if not value else shown


class MoneyColumn(Column):
    """An amount and its currency. Totals are kept per currency, never added across.

    total: the status bar shows its sums. bad: rows whose amount is red. title: the cell's tooltip.
    """

    numeric = True
    css = "crd"

    def __init__(
        self,
        label: Any,
        source: str = "",
        *,
        currency: str,
        total: bool = False,
        bad: Callable[[Row], bool] | None = None,
        title: Callable[[Row, Sight], str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(label, source, **options)
        self.currency = currency
        self.total = total
        self.bad = bad
        self.title = title
        self.extra = (*self.extra, currency)

    def data(self, row: Row, sight: Sight) -> str:
        code = row[self.currency]
        amount = attribute("data-v", plain_decimal(row[self.source]))
        return f'{amount}{attribute("data-cur", code)} data-d="{sight.digits(code)}"'

    def html(self, row: Row, sight: Sight) -> str:
        amount, code = row[self.source], row[self.currency]
        if amount is None:
            return none()
        title = attribute("title", self.title(row, sight) if self.title else "")
        red = (self.bad(row) if self.bad else amount < 0) and "bad"
        shown = formats.format_money(amount, sight.digits(code))
        return (
            f'<span{attribute("class", red or "")}{title}>{shown}</span><span class="cur">{text(code)}</span>'
        )


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
    """

    numeric = True

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
        title: Callable[[Row, Sight], str] | None = None,
        bad_title: Any = "",
        **options: Any,
    ) -> None:
        super().__init__(label, source, **options)
        self.part, self.whole, self.scale, self.decimals = part, whole, scale, decimals
        self.warn, self.bad, self.high_is_bad = warn, bad, high_is_bad
        self.title = title
        self.bad_title = bad_title
        self.extra = (*self.extra, part, whole)

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
        title = self.title(row, sight) if self.title else ""
        shown = self.shown(figure)
        if tone == "bad" and self.bad_title:
            title = " ".join(filter(None, (str(self.bad_title), title)))
            # Beside the colour a sign, and words for who sees neither.
            sign = f'{icon("warn", "xs")}<span class="sr">{text(self.bad_title)}</span>'
            shown = f'<span class="chn">{sign}<span>{shown}</span></span>'
        return toned(shown, tone, title)


class DurationColumn(RatioColumn):
    """A mean duration: summed milliseconds ÷ count, shown as m:ss."""

    def shown(self, figure: Decimal) -> str:
        return formats.format_duration_ms(figure)


class UsageColumn(Column):
    """How much of a limit is used: figure, limit and a bar. A limit of 0 or none means unlimited."""

    numeric = True

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

    def html(self, row: Row, sight: Sight) -> str:
        used, limit = row[self.source] or 0, row[self.limit]
        figure = f"<b>{formats.format_count(used)}</b>"
        if not limit:
            title = attribute("title", _("No limit"))
            room = '<svg width="52" height="5" aria-hidden="true"></svg>'  # figures stand under each other
            return f'<span class="chn"{title}><span>{figure}</span>{room}</span>'
        percent = min(100, used * 100 // limit)
        bad, warn = sight.limit(self.bad), sight.limit(self.warn)
        tone = " b" if bad and percent >= bad else " w" if warn and percent >= warn else ""
        label = text(_("%(percent)d%% of the limit") % {"percent": used * 100 // limit})
        step = 0 if used == 0 else max(1, round(percent / 5))
        return (
            f'<span class="chn"><span>{figure}<span class="of"> / {formats.format_count(limit)}</span></span>'
            f'<span class="bar{tone}" role="img" aria-label="{label}"><i class="w{step}"></i></span></span>'
        )


class SparkColumn(NumberColumn):
    """A figure, and a line of the values in the field `points` (oldest first)."""

    WIDTH, HEIGHT = 68, 18  # px

    def __init__(self, label: Any, source: str = "", *, points: str, **options: Any) -> None:
        super().__init__(label, source, **options)
        self.points = points

    def html(self, row: Row, sight: Sight) -> str:
        value = row[self.source]
        figure = none() if value is None else f"<span>{number(value, self.decimals)}</span>"
        return f'<span class="cpsc">{figure}{self.line(row[self.points] or ())}</span>'

    def line(self, points: Sequence[float]) -> str:
        highest = max(points, default=0)
        size = f'width="{self.WIDTH}" height="{self.HEIGHT}" viewBox="0 0 {self.WIDTH} {self.HEIGHT}"'
        if len(points) < 2 or not highest:
            flat = f"M0 {self.HEIGHT - 1}H{self.WIDTH}"
            return f'<svg class="spark off" {size} aria-hidden="true"><path d="{flat}"/></svg>'
        step = self.WIDTH / (len(points) - 1)
        room = self.HEIGHT - 3
        path = "L".join(
            f"{i * step:.0f} {self.HEIGHT - 1 - room * value / highest:.0f}" for i, value in enumerate(points)
        )
        area = f"M{path}V{self.HEIGHT}H0Z"
        paths = f'<path class="ar" d="{area}"/><path d="M{path}"/>'
        return f'<svg class="spark" {size} aria-hidden="true">{paths}</svg>'
