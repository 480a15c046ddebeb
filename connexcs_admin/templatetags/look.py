"""The look in templates: icons, figures, pills, bars and form fields. Loaded in every template (settings)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Textarea
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from connexcs_admin import static_files
from grids import formats
from grids.columns.figures import plain_decimal
from users import throttle

register = template.Library()

WARN_PERCENT = 80
BAD_PERCENT = 95


@register.simple_tag
def styles() -> SafeString:
    """Links to all style sheets: one bundle where files were collected, else each source."""
    bundle = getattr(staticfiles_storage, "bundle", None)
    names = [bundle] if bundle else static_files.sheets()
    return format_html_join("\n", '<link rel="stylesheet" href="{}">', ((static(name),) for name in names))


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """A decoration from the sprite. size: "" 16 px, "s" 14, "xs" 12, "l" 20.

    It is hidden from screen readers: the word beside it, or the aria-label of its button, speaks.
    """
    classes = f"i {size}".rstrip()
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        classes,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def pill(status: str, label: str) -> SafeString:
    """A status as colour, shape and word. status: the stored value, or "dialing"."""
    glyph = format_html(
        '<svg aria-hidden="true"><use href="{}#status-{}"></use></svg>', static("icons.svg"), status
    )
    return format_html('<span class="pill" data-status="{}">{}{}</span>', status, glyph, label)


@register.simple_tag
def money(amount: Decimal | None, currency: Any, digits: int | None = None) -> SafeString:
    """An amount with its currency code in grey: `−1,480.12 USD`; `—` without code for None.

    currency: an ISO code, or anything with `code` and `digits`. digits: decimals to show; by default
    those of the currency, and 2 for a bare code.
    """
    if amount is None:
        return format_html('<span class="none">{}</span>', formats.NO_VALUE)
    shown_digits = getattr(currency, "digits", 2) if digits is None else digits
    tone = "bad" if amount < 0 else ""
    return format_html(
        '<span class="{}">{}</span><span class="cur"> {}</span>',
        tone,
        formats.format_money(amount, shown_digits),
        getattr(currency, "code", currency),
    )


@register.simple_tag
def age(then: datetime | None) -> SafeString:
    """How long ago, kept true by frame.js; the exact time with zone stands in the title."""
    if then is None:
        return format_html('<span class="none">{}</span>', formats.NO_VALUE)
    return format_html(
        '<time datetime="{}" title="{}" data-age>{}</time>',
        then.isoformat(),
        formats.format_moment(then),
        formats.format_age(then, timezone.now()),
    )


@register.simple_tag
def duration_ms(value: Decimal | float | int | None) -> str:
    """Milliseconds as m:ss."""
    return formats.format_duration_ms(value)


@register.filter
def as_json(value: Any) -> str:
    """A document as people can read it, keys in order."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)


@register.filter
def plain(value: Decimal | None, digits: int) -> str:
    """A figure for scripts: no grouping, at most `digits` decimals; empty for none."""
    return "" if value is None else plain_decimal(round(Decimal(value), digits))


@register.filter
def plain_s(value_ms: Decimal | int | None) -> str:
    """Milliseconds as seconds, for scripts."""
    return "" if value_ms is None else plain(Decimal(value_ms) / 1000, 3)


@register.filter
def plain_min(value_ms: Decimal | int | None) -> str:
    """Milliseconds as minutes, for scripts."""
    return "" if value_ms is None else plain(Decimal(value_ms) / 60_000, 3)


@register.simple_tag
def total_ms(value: Decimal | float | int | None) -> str:
    """A sum of call lengths, from milliseconds, as h:mm."""
    return formats.format_total_ms(value)


@register.simple_tag
def digits_of(amount: Decimal | None, currency: Any) -> str:
    """An amount without its code, for columns whose head names the currency. currency: has `digits`."""
    return formats.format_money(amount, currency.digits)


@register.filter
def count(value: int | None) -> str:
    """A whole number in full: 1,284."""
    return formats.format_count(value)


@register.filter
def count_short(value: int | None) -> str:
    """A whole number for a tile: 3.71 M."""
    return formats.format_count_short(value)


@register.filter
def percent(value: Decimal | float | None) -> str:
    """One decimal, no sign: 48.7."""
    return formats.format_percent(value)


@register.filter
def rate(value: Decimal | float | None) -> str:
    """Calls per second, one decimal."""
    return formats.format_rate(value)


@register.filter
def pdd_s(value: Decimal | float | None) -> str:
    """Milliseconds as seconds with one decimal."""
    return formats.format_pdd_s(value)


@register.filter
def marked(text: str, words: Iterable[str]) -> SafeString:
    """Text with every place marked where one of `words` stands, whatever its case."""
    wanted = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True) if word)
    if not wanted:
        return format_html("{}", text)
    parts = re.split(f"({wanted})", text, flags=re.IGNORECASE)  # every second part is one of the words
    pairs = [(format_html("<mark>{}</mark>", part) if at % 2 else part,) for at, part in enumerate(parts)]
    return format_html_join("", "{}", pairs)


def bar_step(used: float, limit: float) -> int:
    """Which of the 21 widths (w0 … w20, 5 % each) a bar has; a use above nothing is never an empty bar."""
    if limit <= 0 or used <= 0:
        return 0
    return max(1, min(20, round(used / limit * 20)))


@register.simple_tag
def bar(used: int | None, limit: int | None) -> SafeString:
    """`used` of `limit` as a short bar: amber from 80 %, red from 95 %. Nothing without a limit."""
    if not limit or used is None:
        return SafeString("")
    percent_used = used / limit * 100
    tone = " b" if percent_used >= BAD_PERCENT else " w" if percent_used >= WARN_PERCENT else ""
    return format_html(
        '<span class="bar{}" role="img" aria-label="{}"><i class="w{}"></i></span>',
        tone,
        gettext("%(percent)d %% of the limit") % {"percent": round(percent_used)},
        bar_step(used, limit),
    )


@register.filter
def initials(name: str) -> str:
    """Two letters for a round picture: "Ana Ribeiro" is AR, "noc@x.example" is N."""
    words = str(name).split()
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@register.filter
def is_first_wrong(bound: BoundField) -> bool:
    """Whether it is the first field of its form with an error: where the focus belongs."""
    form = bound.form
    return bound.name == next((name for name in form.fields if name in form.errors), None)


@register.inclusion_tag("_field.html")
def field(bound: BoundField, classes: str = "") -> dict[str, Any]:
    """One form field with label, hint and errors, in the look of the house.

    classes: added to the wrapper, e.g. "w2" for a field over both columns.
    """
    widget = bound.field.widget
    kind, css = "line", ""
    if isinstance(widget, CheckboxInput):
        kind, css = "check", "" if widget.attrs.get("role") == "switch" else "ck"
    elif isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        kind = "choices"
    elif isinstance(widget, Textarea):
        kind = "area"
    existing = widget.attrs.get("class", "")
    attrs: dict[str, str | bool] = {"class": f"{existing} {css}".strip()} if css or existing else {}
    if is_first_wrong(bound):
        attrs["autofocus"] = True
    return {
        "field": bound,
        "widget": bound.as_widget(attrs=attrs),
        "kind": kind,
        "classes": classes,
        "input_type": getattr(widget, "input_type", ""),
    }


@register.filter
def wait_s(form: Any) -> int:
    """Seconds until the form will be heard again after too many failures; 0: now."""
    return throttle.seconds_of(form.errors) if form is not None else 0
