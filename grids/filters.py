"""Typed filters: which operators a column knows, what they mean in SQL, and each one's sentence.

A condition in the URL is `f.<column>=<operator>:<value>`. Every kind of filter subclasses `ColumnFilter`,
which is a django-filter Filter: its form field checks the value. A kind names its operators and says what
a condition selects; nothing else in the engine knows operators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.text import format_lazy
from django.utils.translation import gettext as _

Label = Any  # a string or a lazy translation

LONGEST_VALUE = 500  # characters of one condition; longer is a mistake or an attack


class FilterProblem(ValueError):
    """A condition that cannot be understood; the message is for the person who sees the chip."""


@dataclass(frozen=True)
class Condition:
    """One typed condition on one column: `operator` applied to checked `values`."""

    column: str
    operator: str
    values: tuple[Any, ...]
    sentence: str

    @property
    def text(self) -> str:
        """How the condition is written in a URL."""
        return f"{self.operator}:{','.join(str(value) for value in self.values)}"


@dataclass(frozen=True)
class Choice:
    """One entry of a set filter.

    key: stands in URLs. where: the rows it selects; a derived state has its own condition here, so that a
    choice need not be a stored value.
    """

    key: str
    label: Label
    where: Q


class ColumnFilter(django_filters.Filter):
    """What all kinds of filters share: reading a condition, and turning it into SQL."""

    operators: ClassVar[tuple[str, ...]] = ()

    def condition(self, column: str, label: str, raw: str) -> Condition:
        """Read `raw` ("in:active,pending"). Raises FilterProblem with a sentence that says what is wrong."""
        operator, colon, value = raw[: LONGEST_VALUE + 1].partition(":")
        if len(raw) > LONGEST_VALUE:
            raise FilterProblem(_("The condition is longer than %(n)d characters.") % {"n": LONGEST_VALUE})
        if not colon or operator not in self.operators:
            raise FilterProblem(
                _("“%(raw)s” has no operator of this column. Use one of: %(known)s.")
                % {"raw": raw, "known": ", ".join(f"{name}:" for name in self.operators)}
            )
        try:
            values = self.clean(operator, value)
        except ValidationError as error:
            raise FilterProblem(" ".join(error.messages)) from error
        return Condition(column, operator, values, self.sentence(label, operator, values))

    def clean(self, operator: str, value: str) -> tuple[Any, ...]:
        """The typed values of a condition. Raises ValidationError."""
        return (self.field.clean(value),)

    def where(self, condition: Condition) -> Q:
        """The rows that `condition` selects."""
        raise NotImplementedError

    def sentence(self, label: str, operator: str, values: tuple[Any, ...]) -> str:
        """The condition in words, for its chip."""
        raise NotImplementedError


class SetFilter(ColumnFilter, django_filters.MultipleChoiceFilter):
    """One or several of a closed list: `in:active,pending`, `not-in:penalty`."""

    operators = ("in", "not-in")

    def __init__(self, choices: Sequence[Choice], **kwargs: Any) -> None:
        self.entries = {choice.key: choice for choice in choices}
        super().__init__(choices=[(choice.key, choice.label) for choice in choices], **kwargs)

    def clean(self, operator: str, value: str) -> tuple[Any, ...]:
        wanted = [key for key in value.split(",") if key]
        if not wanted:
            raise ValidationError(_("No value is given."))
        for key in wanted:
            if key not in self.entries:
                raise ValidationError(
                    _("“%(value)s” is no choice here. Choices: %(known)s.")
                    % {"value": key, "known": ", ".join(self.entries)}
                )
        return tuple(dict.fromkeys(wanted))

    def where(self, condition: Condition) -> Q:
        rows = Q()
        for key in condition.values:
            rows |= self.entries[key].where
        return ~rows if condition.operator == "not-in" else rows

    def sentence(self, label: str, operator: str, values: tuple[Any, ...]) -> str:
        names = ", ".join(str(self.entries[key].label) for key in values)
        form = _("%(column)s is not %(values)s") if operator == "not-in" else _("%(column)s is %(values)s")
        return form % {"column": label, "values": names}

    def caption(self, condition: Condition | None) -> str:
        """What the menu button shows: the one choice, the number of choices, or "All"."""
        if condition is None:
            return _("All")
        if condition.operator == "in" and len(condition.values) == 1:
            return str(self.entries[condition.values[0]].label)
        names = ", ".join(str(self.entries[key].label) for key in condition.values)
        return str(format_lazy("{} {}", _("not"), names)) if condition.operator == "not-in" else names
