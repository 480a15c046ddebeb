"""Filters over text. Case does not matter."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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

LONGEST_TEXT = 200  # characters


class TextFilter(ColumnFilter, django_filters.CharFilter):
    """`has:nova`, `begins:Nova`, `is:Nova Tel`. Commas belong to the text."""

    field_class = forms.CharField
    kind = "text"
    operators = {
        "has": Operator(gettext_lazy("contains"), gettext_lazy("%(column)s contains %(value)s")),
        "not-has": Operator(
            gettext_lazy("does not contain"), gettext_lazy("%(column)s does not contain %(value)s")
        ),
        "is": Operator(gettext_lazy("equals"), gettext_lazy("%(column)s equals %(value)s")),
        "not": Operator(gettext_lazy("does not equal"), gettext_lazy("%(column)s does not equal %(value)s")),
        "begins": Operator(gettext_lazy("begins with"), gettext_lazy("%(column)s begins with %(value)s")),
        "ends": Operator(gettext_lazy("ends with"), gettext_lazy("%(column)s ends with %(value)s")),
        **BLANKS,
    }
    opposites = {"has": "not-has", "not-has": "has", "is": "not", "not": "is", **OPPOSITE_BLANKS}
    examples = (
        (":nova", gettext_lazy("contains")),
        ("=nova", gettext_lazy("equals")),
        (":nova*", gettext_lazy("begins with")),
        (":*tel", gettext_lazy("ends with")),
        (":blank", gettext_lazy("is blank")),
    )
    LOOKUPS = {"has": "icontains", "is": "iexact", "begins": "istartswith", "ends": "iendswith"}
    NEGATIVE = {"not-has": "has", "not": "is"}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_TEXT, **options)

    def clean(self, operator: str, value: str) -> tuple[Any, ...]:
        return (self.value(value.strip()),)

    def where(self, condition: Condition, view: Viewpoint) -> Q:
        match condition.operator:
            case "blank":
                return self.blank()
            case "not-blank":
                return ~self.blank()
            case "not-has" | "not":
                return ~self._matches(self.NEGATIVE[condition.operator], condition.values[0])
            case operator:
                return self._matches(operator, condition.values[0])

    def _matches(self, operator: str, text: str) -> Q:
        return Q(**{f"{self.field_name}__{self.LOOKUPS[operator]}": text})

    def blank(self) -> Q:
        return Q(**{self.field_name: ""}) | super().blank()

    def shown(self, value: Any) -> str:
        return f"“{value}”"

    def positive(self, said: Said, view: Viewpoint) -> str:
        text = said.value.strip()
        if said.sign == "=":
            return f"is:{text}"
        if said.sign != ":":
            raise FilterProblem(
                _("Text is not compared by %(sign)s. Write : for “contains” or = for “equals”.")
                % {"sign": said.sign}
            )
        if not any(said.quoted) and len(text) > 1:
            if text.endswith("*"):
                return f"begins:{text[:-1]}"
            if text.startswith("*"):
                return f"ends:{text[1:]}"
        return f"has:{text}"
