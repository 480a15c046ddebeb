"""How figures are written, everywhere alike: grid cells, pages, exports for people, toasts.

Pure functions, no Django model, no request. Three different things are never mixed up:
no value is `—`, nothing is `0`, and less than nothing carries a real minus sign (U+2212).
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext, pgettext

MINUS = "\N{MINUS SIGN}"
NO_VALUE = "\N{EM DASH}"

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S
DAYS_PER_MONTH = 30.4375  # the mean month of the Gregorian calendar


def format_decimal(value: Decimal | float | int | None, digits: int = 0) -> str:
    """Thousands grouped by commas, `digits` decimals, halves rounded away from zero; `—` for None.

    A value that rounds to nothing is written without a minus: -0.001 at two digits is `0.00`.
    """
    if value is None:
        return NO_VALUE
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if not exact.is_finite():
        return NO_VALUE  # a ratio of nothing is no figure, never "NaN" on a screen
    rounded = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    sign = MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded):,f}"


def format_money(amount: Decimal | None, digits: int) -> str:
    """The digits of an amount of money, without its currency: `−1,480.12`.

    digits: decimals of the currency (2 for EUR, 0 for JPY, 3 for KWD).
    """
    return format_decimal(amount, digits)


def format_count(count: int | None) -> str:
    """A whole number in full: `1,284`. Grids never shorten."""
    return format_decimal(count)


def format_count_short(count: int | None) -> str:
    """A whole number for a tile, three figures long from ten thousand on: `9,640`, `48.2 k`, `3.71 M`."""
    if count is None or abs(count) < 10_000:
        return format_count(count)
    for unit, size in (("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)):
        shown = Decimal(count) / size
        digits = 2 if abs(shown) < 10 else 1 if abs(shown) < 100 else 0
        text = format_decimal(shown, digits)
        # 999,999 would round to "1,000 k"; the next unit says it better
        if "," not in text or unit == "G":
            return f"{text} {unit}"
    raise AssertionError("the last unit always answers")  # pragma: no cover


def format_percent(percent: Decimal | float | None) -> str:
    """A ratio already in percent, one decimal, without the sign: `48.7`. The unit stands in the head."""
    return format_decimal(percent, 1)


def format_rate(per_second: Decimal | float | None) -> str:
    """Calls per second, one decimal: `14.2`."""
    return format_decimal(per_second, 1)


def format_pdd_s(delay_ms: Decimal | float | int | None) -> str:
    """Post-dial delay in seconds, one decimal, from milliseconds: `1.6`."""
    return NO_VALUE if delay_ms is None else format_decimal(Decimal(str(delay_ms)) / 1000, 1)


def format_duration_ms(duration_ms: Decimal | float | int | None) -> str:
    """Length of a call or a mean of such, from milliseconds, as minutes and seconds: `2:48`, `83:13`."""
    if duration_ms is None:
        return NO_VALUE
    total_s = int((Decimal(str(duration_ms)) / 1000).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    sign = MINUS if total_s < 0 else ""
    minutes, seconds = divmod(abs(total_s), MINUTE_S)
    return f"{sign}{minutes}:{seconds:02d}"


def format_total_ms(total_ms: Decimal | float | int | None) -> str:
    """A sum of call lengths, from milliseconds, as hours and minutes: `110:43`."""
    if total_ms is None:
        return NO_VALUE
    total_min = int((Decimal(str(total_ms)) / 60_000).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    sign = MINUS if total_min < 0 else ""
    hours, minutes = divmod(abs(total_min), 60)
    return f"{sign}{hours}:{minutes:02d}"


def format_age(then: datetime | None, now: datetime) -> str:
    """How long ago `then` was, in one unit: `now`, `8 s`, `12 min`, `3 h`, `2 d`, `8 mo`; `—` for never.

    Both are aware. A unit is left when the next one is full (60 s is `1 min`, 30 d is `1 mo`), rounded down.
    A time just ahead of our clock is `now`, because the clocks of switches differ a little.
    static/js/frame.js keeps ages on a page true and follows the same table.
    """
    if then is None:
        return NO_VALUE
    age_s = int((now - then).total_seconds())
    if age_s < 1:
        return gettext("now")
    if age_s < MINUTE_S:
        return f"{age_s} {pgettext('unit of time', 's')}"
    if age_s < HOUR_S:
        return f"{age_s // MINUTE_S} {pgettext('unit of time', 'min')}"
    if age_s < DAY_S:
        return f"{age_s // HOUR_S} {pgettext('unit of time', 'h')}"
    days = age_s // DAY_S
    if days < 30:
        return f"{days} {pgettext('unit of time', 'd')}"
    return f"{max(1, int(days / DAYS_PER_MONTH)):,d} {pgettext('unit of time', 'mo')}"


def format_moment(moment: datetime | None) -> str:
    """A time in full, with its zone, for titles: `2026-11-24 14:12:08 UTC`."""
    if moment is None:
        return NO_VALUE
    return moment.strftime("%Y-%m-%d %H:%M:%S %Z")
