"""What all kinds of filters share: operators, conditions, how one is read from an address or from words.

A condition in the URL is `f.<column>=<operator>:<value>[,<value>]`. Every kind of filter subclasses
`ColumnFilter`, which is a django-filter Filter: its form field checks each value. A kind names its operators
and says what a condition selects; nothing else in the engine knows operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, ClassVar

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Label = Any  # a string or a lazy translation

LONGEST_VALUE = 500  # characters of one condition; longer is a mistake or an attack
MANY = 100  # values of one set condition


class FilterProblem(ValueError):
    """A condition that cannot be understood; the message is for the person who sees it."""


@dataclass(frozen=True)
class Viewpoint:
    """Who asks, and when.

    zone: where days begin and end. rows: makes the query of every row this person may see.
    user: whose eyes, for names of rows of other models.
    """

    now: datetime
    zone: tzinfo
    rows: Callable[[], QuerySet[Any]]
    user: Any = None


@dataclass(frozen=True)
class Operator:
    """words: in a menu. phrase: the sentence, with %(column)s and %(value)s. takes: how many values."""

    words: Label
    phrase: Label
    takes: int = 1


BLANK = Operator(gettext_lazy("is blank"), gettext_lazy("%(column)s is blank"), 0)
NOT_BLANK = Operator(gettext_lazy("is not blank"), gettext_lazy("%(column)s is not blank"), 0)
BLANKS = {"blank": BLANK, "not-blank": NOT_BLANK}
OPPOSITE_BLANKS = {"blank": "not-blank", "not-blank": "blank"}
WORDS_FOR_BLANK = ("blank", "empty", "none", "never")


@dataclass(frozen=True)
class Condition:
    """One typed condition on one column: `operator` applied to checked `values`.

    written: the values as they stand in a URL. sentence: the whole in words.
    """

    column: str
    operator: str
    values: tuple[Any, ...]
    sentence: str
    written: str = ""

    @property
    def text(self) -> str:
        """How the condition is written in a URL."""
        return f"{self.operator}:{self.written}"


@dataclass(frozen=True)
class Said:
    """A condition as words of the text box: `!country:US,DE` is negated, ":", two parts.

    sign: ":", "=", "<", "<=", ">" or ">=". parts: what stands between commas, without quotes.
    quoted: which of them stood in quotes, where no character means anything but itself.
    """

    sign: str
    parts: tuple[str, ...]
    quoted: tuple[bool, ...]
    negated: bool = False

    @property
    def value(self) -> str:
        return ",".join(self.parts)

    def is_word(self, *words: str) -> bool:
        """Whether the value is one of these words and not in quotes."""
        return len(self.parts) == 1 and not self.quoted[0] and self.parts[0].lower() in words


class ColumnFilter(django_filters.Filter):
    """Base of all kinds. `field_name` is what it looks at; without one, what its column reads.

    opposites: operator -> the one that selects the other rows, for `!` before a word.
    examples: what may stand behind a column's name in the text box, for suggestions.
    """

    operators: ClassVar[Mapping[str, Operator]] = {}
    opposites: ClassVar[Mapping[str, str]] = {}
    examples: ClassVar[tuple[tuple[str, Label], ...]] = ()
    kind: ClassVar[str] = "text"  # which inputs its card has
    hint: ClassVar[str] = ""  # an example in an empty input

    # -- groups of rows with the same value ----------------------------------------------------------

    def group_key(self, expression: Any) -> Any:
        """What rows are grouped by. expression: how the value is computed, where it is no field."""
        return F(str(self.field_name)) if expression is None else expression

    def group_condition(self, column: str, label: str, part: str) -> Condition:
        """The condition that exactly the rows of a group fulfil, from how its value is written in an address.

        Raises FilterProblem."""
        return self.condition(column, label, f"in:{part}")

    def group_part(self, value: Any) -> str:
        """How the value of a group is written in an address."""
        return str(value)

    def group_names(self, values: Iterable[Any], view: Viewpoint) -> dict[Any, str]:
        """What people read for the values of groups."""
        return {value: self.shown(value) for value in values}

    def group_place(self, value: Any, name: str) -> Any:
        """Where a group stands among its like."""
        return name.lower()

    # -- from an address ------------------------------------------------------------------------

    def condition(self, column: str, label: str, raw: str) -> Condition:
        """Read `raw` ("in:active,pending"). Raises FilterProblem with a sentence that says what is wrong."""
        operator, colon, value = raw[: LONGEST_VALUE + 1].partition(":")
        if len(raw) > LONGEST_VALUE:
            raise FilterProblem(_("The condition is longer than %(n)d characters.") % {"n": LONGEST_VALUE})
        if operator not in self.operators or not (colon or self.operators[operator].takes == 0):
            raise FilterProblem(
                _("“%(raw)s” has no operator of this column. Use one of: %(known)s.")
                % {"raw": raw, "known": ", ".join(f"{name}:" for name in self.operators)}
            )
        values = self.checked(operator, value)
        return Condition(
            column, operator, values, self.sentence(label, operator, values), self.written(operator, values)
        )

    def checked(self, operator: str, value: str) -> tuple[Any, ...]:
        """The typed values. Raises FilterProblem where they are none of this column."""
        if self.operators[operator].takes == 0:
            if value:
                raise FilterProblem(_("“%(operator)s” takes no value.") % {"operator": operator})
            return ()
        try:
            return self.clean(operator, value)
        except ValidationError as error:
            raise FilterProblem(" ".join(error.messages)) from error

    def clean(self, operator: str, value: str) -> tuple[Any, ...]:
        """The typed values of a condition that takes any. Raises ValidationError."""
        takes = self.operators[operator].takes
        parts = value.split(",") if takes > 1 else [value]
        if len(parts) != takes:
            raise ValidationError(_("Two values are needed, with a comma between them."))
        return tuple(self.value(part.strip()) for part in parts)

    def value(self, text: str) -> Any:
        """One typed value. Raises ValidationError."""
        if not text:
            raise ValidationError(_("No value is given."))
        return self.field.clean(text)

    def written(self, operator: str, values: tuple[Any, ...]) -> str:
        """The values as they stand in a URL; reads back as the same."""
        return ",".join(self.plain(value) for value in values)

    def plain(self, value: Any) -> str:
        """One value as it stands in a URL and in an input."""
        return str(value)

    # -- what it means ----------------------------------------------------------------------------

    def where(self, condition: Condition, view: Viewpoint) -> Q:
        """The rows that `condition` selects."""
        raise NotImplementedError

    def blank(self) -> Q:
        """The rows without a value."""
        return Q(**{f"{self.field_name}__isnull": True})

    def shown(self, value: Any) -> str:
        """One value as people read it."""
        return str(value)

    def shown_values(self, operator: str, values: tuple[Any, ...]) -> str:
        if operator == "between":
            low, high = (self.shown(value) for value in values)
            return _("%(low)s to %(high)s") % {"low": low, "high": high}
        return ", ".join(self.shown(value) for value in values)

    def sentence(self, label: str, operator: str, values: tuple[Any, ...]) -> str:
        """The condition in words, for its chip."""
        shown = self.shown_values(operator, values)
        return str(self.operators[operator].phrase) % {"column": label, "value": shown}

    def sentence_for(self, label: str, condition: Condition, view: Viewpoint) -> tuple[str, SafeString]:
        """The condition in words, plain and with its value in bold."""
        shown = self.shown_values(condition.operator, condition.values)
        return self.said(label, condition.operator, shown)

    def said(self, label: str, operator: str, shown: str) -> tuple[str, SafeString]:
        """The sentence of an operator around what is shown of its values, plain and with that in bold."""
        phrase = str(self.operators[operator].phrase)
        html = phrase.replace("%(column)s", "{column}").replace("%(value)s", "{value}")
        bold = format_html("<b>{}</b>", shown)
        return phrase % {"column": label, "value": shown}, format_html(html, column=label, value=bold)

    def inputs(self, operator: str, values: tuple[Any, ...]) -> tuple[str, ...]:
        """The values as they stand in the inputs of a card."""
        return tuple(self.plain(value) for value in values)

    # -- from words -----------------------------------------------------------------------------------

    def from_words(self, said: Said, view: Viewpoint) -> str:
        """The same condition as it stands in a URL. Raises FilterProblem that says what would be right."""
        raw = self.blank_from_words(said) or self.positive(said, view)
        if not said.negated:
            return raw
        operator, colon, value = raw.partition(":")
        if operator not in self.opposites:
            raise FilterProblem(_("A range has no opposite. Write two conditions instead, such as <1 or >9."))
        return f"{self.opposites[operator]}{colon}{value}"

    def blank_from_words(self, said: Said) -> str:
        """`column:blank` and `column:*`."""
        if said.sign not in (":", "="):
            return ""
        if said.is_word(*WORDS_FOR_BLANK):
            return "blank:"
        return "not-blank:" if said.is_word("*") else ""

    def positive(self, said: Said, view: Viewpoint) -> str:
        """The condition without its negation."""
        raise NotImplementedError
