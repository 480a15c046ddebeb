"""Filters over figures: counts, money, ratios, durations. A row without a figure matches no comparison."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grids import formats
from grids.filters.conditions import (
    BLANKS,
    OPPOSITE_BLANKS,
    ColumnFilter,
    Condition,
    FilterProblem,
    Operator,
    Said,
    Viewpoint,
)

SIGNS = {":": "eq", "=": "eq", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
MOST_DIGITS = 20  # of a number, 8 of them behind the point: what columns of money hold
MOST_DECIMALS = 8


class NumberFilter(ColumnFilter, django_filters.NumberFilter):
    """`lt:0`, `between:1,5`. Values are in the unit that the column shows.

    scale: what one unit shown is in the unit stored (1000 for seconds over milliseconds).
    decimals: of what is shown. Figures are compared as people see them: with one decimal, 48.7 equals 48.65
    to 48.74; whoever writes more decimals compares more. unit: stands behind values.
    exact: only "equals" rounds; less and more compare what is stored.
    """

    field_class: type[forms.Field] = forms.DecimalField
    kind = "number"
    exact = False
    hint = "−12.5"
    operators = {
        "eq": Operator("=", gettext_lazy("%(column)s = %(value)s")),
        "ne": Operator("≠", gettext_lazy("%(column)s ≠ %(value)s")),
        "lt": Operator("<", gettext_lazy("%(column)s < %(value)s")),
        "lte": Operator("≤", gettext_lazy("%(column)s ≤ %(value)s")),
        "gt": Operator(">", gettext_lazy("%(column)s > %(value)s")),
        "gte": Operator("≥", gettext_lazy("%(column)s ≥ %(value)s")),
        "between": Operator(gettext_lazy("between"), gettext_lazy("%(column)s from %(value)s"), 2),
        **BLANKS,
    }
    opposites = {
        "eq": "ne", "ne": "eq", "lt": "gte", "gte": "lt", "gt": "lte", "lte": "gt", **OPPOSITE_BLANKS,
    }  # fmt: skip
    examples: ClassVar[tuple[tuple[str, Any], ...]] = (
        ("<0", gettext_lazy("less than")),
        (">10", gettext_lazy("more than")),
        ("=5", gettext_lazy("equals")),
        (":1..9", gettext_lazy("from … to")),
        (":blank", gettext_lazy("is blank")),
    )

    def __init__(
        self, *, scale: Decimal | int = 1, decimals: int = 0, unit: Any = "", **options: Any
    ) -> None:
        super().__init__(max_digits=MOST_DIGITS, decimal_places=MOST_DECIMALS, **options)
        self.scale, self.decimals, self.unit = Decimal(scale), decimals, unit

    def value(self, text: str) -> Any:
        """A number as people write it: a real minus sign and thousands separators are understood."""
        plain = text.replace(formats.MINUS, "-").replace(" ", "")
        try:
            number = super().value(plain)
        except ValidationError:
            number = None
        if number is None:
            raise ValidationError(_("“%(value)s” is no number. Write it like −12.5.") % {"value": text})
        return number

    def plain(self, value: Any) -> str:
        shown = f"{value:f}"
        return shown.rstrip("0").rstrip(".") if "." in shown else shown

    def shown(self, value: Any) -> str:
        digits = max(0, -value.as_tuple().exponent)
        figure = formats.format_decimal(value, digits)
        return f"{figure} {self.unit}" if self.unit else figure

    def where(self, condition: Condition, view: Viewpoint) -> Q:
        match condition.operator:
            case "blank":
                return self.blank()
            case "not-blank":
                return ~self.blank()
            case "between":
                low, high = sorted(condition.values)
                return self._compared("gte", low) & self._compared("lte", high)
            case "eq":
                return self._equals(condition.values[0])
            case "ne":
                return ~self._equals(condition.values[0]) & ~self.blank()
            case operator:
                return self._compared(operator, condition.values[0])

    def _compared(self, operator: str, value: Decimal) -> Q:
        """By what is shown: 2:30 is not longer than 2:30, whatever thousandths stand behind it."""
        low, high = self._rounding_to(value)
        if self.exact:
            return Q(**{f"{self.field_name}__{operator}": value * self.scale})
        lookup, bound = {
            "lt": ("lt", low), "gte": ("gte", low), "lte": ("lt", high), "gt": ("gte", high),
        }[operator]  # fmt: skip
        return Q(**{f"{self.field_name}__{lookup}": bound})

    def _equals(self, value: Decimal) -> Q:
        low, high = self._rounding_to(value)
        return Q(**{f"{self.field_name}__gte": low, f"{self.field_name}__lt": high})

    def _rounding_to(self, value: Decimal) -> tuple[Decimal, Decimal]:
        """What is shown as `value`: from the first stored figure to before the second."""
        digits = max(self.decimals, -int(value.normalize().as_tuple().exponent))
        half = Decimal(5).scaleb(-digits - 1)
        return (value - half) * self.scale, (value + half) * self.scale

    def positive(self, said: Said, view: Viewpoint) -> str:
        value = said.value
        low, dots, high = value.partition("..")
        if not dots:
            self._complain(value)
            return f"{SIGNS[said.sign]}:{value}"
        if said.sign not in (":", "="):
            raise FilterProblem(_("A range follows a colon: :1..9."))
        for part in filter(None, (low, high)):
            self._complain(part)
        if low and high:
            return f"between:{low},{high}"
        if not (low or high):
            raise FilterProblem(_("A range names where it begins or ends: 1..9, 1.. or ..9."))
        return f"gte:{low}" if low else f"lte:{high}"

    def _complain(self, value: str) -> None:
        try:
            self.value(value)
        except ValidationError as error:
            raise FilterProblem(" ".join(error.messages)) from error


class WholeFilter(NumberFilter):
    """A count: whole numbers only, compared exactly."""

    hint = "12"

    field_class = forms.IntegerField

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.extra = {"required": False, "min_value": -(10**15), "max_value": 10**15}

    def value(self, text: str) -> Any:
        try:
            return super().value(text)
        except ValidationError:
            raise ValidationError(_("“%(value)s” is no whole number.") % {"value": text}) from None

    def plain(self, value: Any) -> str:
        return str(value)

    def shown(self, value: Any) -> str:
        return formats.format_count(value)

    def _compared(self, operator: str, value: Any) -> Q:
        return Q(**{f"{self.field_name}__{operator}": value})

    def _equals(self, value: Any) -> Q:
        return Q(**{self.field_name: value})


class MoneyFilter(NumberFilter):
    """Amounts, each in its row's own currency: numbers are compared and nothing is converted.

    Less than nothing is less than nothing even if it is a thousandth of a cent.
    """

    exact = True

    def __init__(self, **options: Any) -> None:
        super().__init__(decimals=2, **options)


class DurationFilter(NumberFilter):
    """A length of time, stored in milliseconds: seconds (`gt:150`) or minutes and seconds (`gt:2:30`)."""

    examples = (
        ("<0:30", gettext_lazy("shorter than")),
        (">2:30", gettext_lazy("longer than")),
        (":1:00..3:00", gettext_lazy("from … to")),
        (":blank", gettext_lazy("is blank")),
    )
    hint = "2:30"
    CLOCK = re.compile(r"(\d{1,6}):([0-5]\d)", re.ASCII)

    def __init__(self, **options: Any) -> None:
        super().__init__(scale=1000, **options)

    def value(self, text: str) -> Any:
        clock = self.CLOCK.fullmatch(text)
        if clock:
            return Decimal(int(clock[1]) * 60 + int(clock[2]))
        try:
            return super().value(text)
        except ValidationError:
            raise ValidationError(
                _("“%(value)s” is no length of time. Write seconds, or minutes and seconds like 2:30.")
                % {"value": text}
            ) from None

    def shown(self, value: Any) -> str:
        return formats.format_duration_ms(value * 1000)

    def inputs(self, operator: str, values: tuple[Any, ...]) -> tuple[str, ...]:
        return tuple(
            f"{int(value) // 60}:{int(value) % 60:02}" if value >= 60 and value == int(value) else str(value)
            for value in values
        )
