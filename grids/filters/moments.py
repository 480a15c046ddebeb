"""Filters over moments, by whole days of the viewer's zone. A row without a moment matches no comparison."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import formats as django_formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from grids.filters.conditions import (
    OPPOSITE_BLANKS,
    ColumnFilter,
    Condition,
    FilterProblem,
    Operator,
    Said,
    Viewpoint,
)

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)
TODAY, YESTERDAY = "today", "yesterday"
DAY = timedelta(days=1)
SPAN = re.compile(r"-?(\d{1,5})([hdw])", re.ASCII)
SIGNS = {":": "on", "=": "on", "<": "before", "<=": "until", ">": "after", ">=": "from"}


class MomentFilter(ColumnFilter, django_filters.DateFilter):
    """`before:2026-03-01`, `prev:7d`, `blank:`.

    A day is a date, `today` or `yesterday`. A span is a number and h, d or w: `prev:7d` is today and the
    six days before it, `prev:12h` the last twelve hours; `older:` is what came before that.
    """

    field_class = forms.DateField
    kind = "moment"
    operators = {
        "prev": Operator(gettext_lazy("in the last"), gettext_lazy("%(column)s in the last %(value)s")),
        "older": Operator(gettext_lazy("more than … ago"), gettext_lazy("%(column)s over %(value)s ago")),
        "on": Operator(gettext_lazy("on"), gettext_lazy("%(column)s on %(value)s")),
        "before": Operator(gettext_lazy("before"), gettext_lazy("%(column)s before %(value)s")),
        "until": Operator(gettext_lazy("on or before"), gettext_lazy("%(column)s on or before %(value)s")),
        "after": Operator(gettext_lazy("after"), gettext_lazy("%(column)s after %(value)s")),
        "from": Operator(gettext_lazy("on or after"), gettext_lazy("%(column)s on or after %(value)s")),
        "between": Operator(gettext_lazy("between"), gettext_lazy("%(column)s from %(value)s"), 2),
        "blank": Operator(gettext_lazy("never"), gettext_lazy("%(column)s never"), 0),
        "not-blank": Operator(gettext_lazy("ever"), gettext_lazy("%(column)s ever"), 0),
    }
    opposites = {
        "prev": "older", "older": "prev", "before": "from", "from": "before", "after": "until",
        "until": "after", **OPPOSITE_BLANKS,
    }  # fmt: skip
    examples = (
        (":today", gettext_lazy("today")),
        (">-7d", gettext_lazy("in the last 7 days")),
        ("<-30d", gettext_lazy("over 30 days ago")),
        ("<2026-01-31", gettext_lazy("before a day")),
        (":2026-01-01..2026-01-31", gettext_lazy("from … to")),
        (":never", gettext_lazy("never")),
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **options)

    def clean(self, operator: str, value: str) -> tuple[Any, ...]:
        if operator in ("prev", "older"):
            return (self.span(value),)
        days = super().clean(operator, value)
        if len(days) == 2 and TODAY not in days and YESTERDAY not in days:
            return tuple(sorted(days))
        return days

    def span(self, text: str) -> str:
        """`7d`: checked and in its short form. Raises ValidationError."""
        found = SPAN.fullmatch(text.strip().lower())
        if not found or not int(found[1]):
            raise ValidationError(
                _("“%(value)s” is no span of time. Write a number and h, d or w, such as 7d.")
                % {"value": text}
            )
        return f"{int(found[1])}{found[2]}"

    def value(self, text: str) -> Any:
        if text.lower() in (TODAY, YESTERDAY):
            return text.lower()
        try:
            day = super().value(text)
        except ValidationError:
            day = None
        if day is None or not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(
                _("“%(value)s” is no day. Write it like 2026-03-31, today or yesterday.") % {"value": text}
            )
        return day

    def plain(self, value: Any) -> str:
        return value if isinstance(value, str) else value.isoformat()

    def shown(self, value: Any) -> str:
        if isinstance(value, date):
            return django_formats.date_format(value, "j M Y")
        if value in (TODAY, YESTERDAY):
            return _("today") if value == TODAY else _("yesterday")
        n, unit = int(value[:-1]), value[-1]
        match unit:
            case "h":
                return ngettext("%(n)d hour", "%(n)d hours", n) % {"n": n}
            case "d":
                return ngettext("%(n)d day", "%(n)d days", n) % {"n": n}
            case _other:
                return ngettext("%(n)d week", "%(n)d weeks", n) % {"n": n}

    # -- what it means --------------------------------------------------------------------------------

    def where(self, condition: Condition, view: Viewpoint) -> Q:
        if condition.operator in ("blank", "not-blank"):
            return self.blank() if condition.operator == "blank" else ~self.blank()
        low, high = self.bounds(condition, view)
        rows = Q(**{f"{self.field_name}__gte": low}) if low else Q()
        return rows & Q(**{f"{self.field_name}__lt": high}) if high else rows

    def bounds(self, condition: Condition, view: Viewpoint) -> tuple[datetime | None, datetime | None]:
        """From when until before when the moments lie that a condition selects; None: no end on that side."""
        values = condition.values
        match condition.operator:
            case "blank" | "not-blank":
                return None, None
            case "prev":
                return _since(values[0], view), None
            case "older":
                return None, _since(values[0], view)
            case "between":
                first, last = sorted(_day(value, view) for value in values)
                return _midnight(first, view), _midnight(last + DAY, view)
            case operator:
                day = _day(values[0], view)
                begin, end = _midnight(day, view), _midnight(day + DAY, view)
                return {
                    "on": (begin, end),
                    "before": (None, begin),
                    "until": (None, end),
                    "after": (end, None),
                    "from": (begin, None),
                }[operator]

    def positive(self, said: Said, view: Viewpoint) -> str:
        value = said.value.lower()
        if SPAN.fullmatch(value):
            older = said.sign in ("<", "<=")
            return f"{'older' if older else 'prev'}:{self.span(value)}"
        low, dots, high = value.partition("..")
        if dots and said.sign in (":", "="):
            if low and high:
                return f"between:{low},{high}"
            return f"from:{low}" if low else f"until:{high}"
        try:
            self.value(value)
        except ValidationError:
            raise FilterProblem(
                _("“%(value)s” is no day and no span. Write 2026-03-31, today, yesterday, -7d or never.")
                % {"value": said.value}
            ) from None
        return f"{SIGNS[said.sign]}:{value}"


def _day(value: date | str, view: Viewpoint) -> date:
    if isinstance(value, date):
        return value
    today = view.now.astimezone(view.zone).date()
    return today if value == TODAY else today - timedelta(days=1)


def _midnight(day: date, view: Viewpoint) -> datetime:
    """The first moment of a day where the viewer lives."""
    return datetime.combine(day, time.min, tzinfo=view.zone).astimezone(UTC)


def _since(span: str, view: Viewpoint) -> datetime:
    n, unit = int(span[:-1]), span[-1]
    if unit == "h":
        return max(view.now - timedelta(hours=n), datetime(1970, 1, 1, tzinfo=UTC))
    days = n * 7 if unit == "w" else n
    today = view.now.astimezone(view.zone).date()
    return _midnight(max(today - timedelta(days=min(days, 100_000) - 1), FIRST_DAY), view)
