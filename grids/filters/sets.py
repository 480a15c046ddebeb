"""Filters that pick values: from a closed list, from what the rows hold, or yes and no."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import django_filters
from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db.models import Case, CharField, F, Func, Model, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower, NullIf
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grids.filters.conditions import (
    BLANKS,
    MANY,
    OPPOSITE_BLANKS,
    WORDS_FOR_BLANK,
    ColumnFilter,
    Condition,
    FilterProblem,
    Label,
    Operator,
    Said,
    Viewpoint,
)

NO_VALUE = "~"  # stands for "no value" among the values of a set
MOST_NAMED = 12  # values that a message lists
_TEXTS: Any = ArrayField(CharField(null=True))
PART = re.compile(r"((?:[^\\,]|\\.)*)(?:,|$)", re.DOTALL)


@dataclass(frozen=True)
class Choice:
    """One entry of a set filter.

    key: stands in URLs. where: the rows it selects; a derived state has its own condition here, so that a
    choice need not be a stored value.
    """

    key: str
    label: Label
    where: Q


def split_values(text: str) -> list[str]:
    """Values between commas, still with their backslashes: `a,b\\,c` is `a` and `b\\,c`."""
    return [found[1] for found in PART.finditer(text) if found[1]]


def escaped(value: str) -> str:
    """A value as it stands in a list: commas, backslashes and a leading tilde behind a backslash."""
    safe = value.replace("\\", "\\\\").replace(",", "\\,")
    return f"\\{safe}" if safe.startswith(NO_VALUE) else safe


def unescaped(part: str) -> str | None:
    """The value that a part of a list stands for; None for "no value"."""
    return None if part == NO_VALUE else re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL)


def few(names: Iterable[Any]) -> str:
    """The first of many names, for a message."""
    known = [str(name) for name in names]
    return ", ".join(known[:MOST_NAMED]) + (", …" if len(known) > MOST_NAMED else "")


IN = Operator(gettext_lazy("is one of"), gettext_lazy("%(column)s is %(value)s"), MANY)
NOT_IN = Operator(gettext_lazy("is none of"), gettext_lazy("%(column)s is not %(value)s"), MANY)


class PickFilter(ColumnFilter):
    """What the two kinds of sets share."""

    kind = "set"
    operators = {"in": IN, "not-in": NOT_IN}
    opposites = {"in": "not-in", "not-in": "in", **OPPOSITE_BLANKS}

    def said_values(self, said: Said) -> list[tuple[str, bool]]:
        """The values as written, each with whether it stood in quotes."""
        if said.sign not in (":", "="):
            raise FilterProblem(
                _("Values of a list are not compared by %(sign)s. Write : and the values.")
                % {"sign": said.sign}
            )
        values = [pair for pair in zip(said.parts, said.quoted, strict=True) if pair[0]]
        if not values:
            raise FilterProblem(_("No value is given."))
        return values


class SetFilter(PickFilter, django_filters.MultipleChoiceFilter):
    """One or several of a closed list: `in:active,pending`, `not-in:penalty`."""

    def __init__(self, choices: Sequence[Choice], **kwargs: Any) -> None:
        super().__init__(choices=[(choice.key, choice.label) for choice in choices], **kwargs)
        self.offer(choices)

    def offer(self, choices: Sequence[Choice]) -> None:
        """These choices from now on."""
        self.entries = {choice.key: choice for choice in choices}

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

    def where(self, condition: Condition, view: Viewpoint) -> Q:
        rows = Q()
        for key in condition.values:
            rows |= self.entries[key].where
        return ~rows if condition.operator == "not-in" else rows

    def shown(self, value: Any) -> str:
        return str(self.entries[value].label)

    def group_names(self, values: Iterable[Any], view: Viewpoint) -> dict[Any, str]:
        return {value: self.shown(value) if value in self.entries else str(value) for value in values}

    def group_place(self, value: Any, name: str) -> Any:
        """In the order of the list."""
        keys = list(self.entries)
        return keys.index(value) if value in keys else len(keys)

    def caption(self, condition: Condition | None) -> str:
        """What the menu button shows: the one choice, the number of choices, or "All"."""
        if condition is None:
            return _("All")
        if condition.operator == "in" and len(condition.values) == 1:
            return str(self.entries[condition.values[0]].label)
        names = ", ".join(str(self.entries[key].label) for key in condition.values)
        return str(format_lazy("{} {}", _("not"), names)) if condition.operator == "not-in" else names

    def positive(self, said: Said, view: Viewpoint) -> str:
        by_name = {str(choice.label).lower(): key for key, choice in self.entries.items()}
        keys = []
        for name, _quoted in self.said_values(said):
            key = name.lower()
            if key not in self.entries:
                key = by_name.get(key, "")
            if not key:
                raise FilterProblem(
                    _("“%(value)s” is no choice here. Choices: %(known)s.")
                    % {"value": name, "known": ", ".join(self.entries)}
                )
            keys.append(key)
        return f"in:{','.join(keys)}"


@dataclass(frozen=True)
class Names:
    """Where the names of stored ids are: in the field or expression `name` of `model`."""

    model: type[Model]
    name: str | Combinable = "name"

    def of(self, ids: Iterable[Any]) -> dict[Any, str]:
        """id -> name. Asked only with ids of rows that the person may see."""
        rows = self.model._default_manager.filter(pk__in=list(ids))
        return dict(rows.annotate(_name=self.expression).values_list("pk", "_name"))

    def seen_by(self, user: Any) -> QuerySet[Any]:
        """Rows whose names `user` may know, with `_name`; all where the model does not tell them apart."""
        manager: Any = self.model._default_manager
        rows = manager.visible_to(user) if hasattr(manager, "visible_to") else manager.all()
        found: QuerySet[Any] = rows.order_by().annotate(_name=self.expression)
        return found

    @property
    def expression(self) -> Combinable:
        return F(self.name) if isinstance(self.name, str) else self.name


class ValuesFilter(PickFilter, django_filters.CharFilter):
    """Values that the visible rows hold: `in:US,DE`, `not-in:~` (no value).

    many: the column is an array, and a row matches with any one of its values. names: the column holds ids,
    people read names. code: values are codes in capitals. whole: they are whole numbers. large: rows are too
    many to be looked through for values, so whatever is written is taken, and names are looked for among all
    that the person may know. A comma within a value is written `\\,`.
    """

    field_class = forms.CharField
    operators = {"in": IN, "not-in": NOT_IN, **BLANKS}

    def __init__(
        self,
        *,
        many: bool = False,
        names: Names | None = None,
        code: bool = False,
        whole: bool = False,
        large: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(max_length=200, **options)
        self.many, self.names, self.code, self.large = many, names, code, large
        self.whole = whole or names is not None

    # -- from an address ------------------------------------------------------------------------------

    def clean(self, operator: str, value: str) -> tuple[Any, ...]:
        parts = split_values(value)
        if not parts:
            raise ValidationError(_("No value is given."))
        if len(parts) > MANY:
            raise ValidationError(_("At most %(n)d values can be picked.") % {"n": MANY})
        return tuple(dict.fromkeys(self._typed(unescaped(part)) for part in parts))

    def _typed(self, text: str | None) -> Any:
        if text is None or not self.whole:
            return text.upper() if text and self.code else text
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise ValidationError(_("“%(value)s” is no choice here.") % {"value": text})
        return int(text)

    def plain(self, value: Any) -> str:
        return NO_VALUE if value is None else escaped(str(value))

    # -- groups ---------------------------------------------------------------------------------------

    def group_key(self, expression: Any) -> Any:
        """Of an array each of its values is a group, so that a row may be in several; "" is no value."""
        field = F(str(self.field_name))
        if self.many:
            empty = Q(**{self.field_name: []}) | super().blank()
            return Func(Case(When(empty, then=Value([None], _TEXTS)), default=field), function="unnest")
        return field if self.whole else NullIf(field, Value(""), output_field=CharField())

    def group_part(self, value: Any) -> str:
        return self.plain(value)

    def group_names(self, values: Iterable[Any], view: Viewpoint) -> dict[Any, str]:
        found = self.named(values, view)
        return {
            value: self.shown(value) if value is None else found.get(value, f"#{value}") for value in values
        }

    def group_place(self, value: Any, name: str) -> Any:
        """By name, those without a value last."""
        return (value is None, name.lower())

    # -- what it means --------------------------------------------------------------------------------

    def where(self, condition: Condition, view: Viewpoint) -> Q:
        if condition.operator in ("blank", "not-blank"):
            return self.blank() if condition.operator == "blank" else ~self.blank()
        known = [value for value in condition.values if value is not None]
        lookup = "overlap" if self.many else "in"
        rows = Q(**{f"{self.field_name}__{lookup}": known}) if known else Q()
        if None in condition.values:
            rows |= self.blank()
        return ~rows if condition.operator == "not-in" else rows

    def blank(self) -> Q:
        if self.whole:
            return super().blank()
        return Q(**{self.field_name: [] if self.many else ""}) | super().blank()

    def shown(self, value: Any) -> str:
        return _("(blank)") if value is None else str(value)

    def named(self, values: Iterable[Any], view: Viewpoint) -> dict[Any, str]:
        """Value -> its name. Names of ids that no visible row holds stay unknown."""
        wanted = [value for value in values if value is not None]
        if not self.names:
            return {value: str(value) for value in wanted}
        if not wanted:
            return {}
        if self.large:
            return dict(self.names.seen_by(view.user).filter(pk__in=wanted).values_list("pk", "_name"))
        held = view.rows().filter(**{f"{self.field_name}__in": wanted}).order_by()
        return self.names.of(held.values_list(self.field_name, flat=True).distinct())

    def sentence_for(self, label: str, condition: Condition, view: Viewpoint) -> tuple[str, SafeString]:
        """The sentence with names instead of ids, plain and with the names in bold."""
        names = self.named(condition.values, view)
        shown = ", ".join(
            _("(blank)") if value is None else names.get(value, f"#{value}") for value in condition.values
        )
        return self.said(label, condition.operator, shown)

    # -- from words -------------------------------------------------------------------------------------

    def positive(self, said: Said, view: Viewpoint) -> str:
        values = self.said_values(said)
        wanted = {
            text.lower(): text for text, quoted in values if quoted or text.lower() not in WORDS_FOR_BLANK
        }
        known = self._known(wanted, view)
        parts = []
        for text, quoted in values:
            if not quoted and text.lower() in WORDS_FOR_BLANK:
                parts.append(NO_VALUE)
            elif text.lower() in known:
                parts.append(self.plain(known[text.lower()]))
            else:
                raise FilterProblem(
                    _("No row has the value “%(value)s”. There are: %(known)s.")
                    % {"value": text, "known": few(self._all(view)) or "—"}
                )
        return f"in:{','.join(parts)}"

    def _known(self, wanted: Mapping[str, str], view: Viewpoint) -> dict[str, Any]:
        """Lower-case word -> the stored value, of those that visible rows hold."""
        if not wanted:
            return {}
        if self.large:
            return self._guessed(wanted, view)
        rows = view.rows().order_by()
        if self.many:
            return {value.lower(): value for value in self._all(view, most=None) if value.lower() in wanted}
        if self.names:
            held = rows.exclude(self.blank()).values_list(self.field_name, flat=True).distinct()
            return {name.lower(): pk for pk, name in self.names.of(held).items() if name.lower() in wanted}
        found = rows.annotate(_word=Lower(self.field_name)).filter(_word__in=list(wanted))
        return {value.lower(): value for value in found.values_list(self.field_name, flat=True).distinct()}

    def _guessed(self, wanted: Mapping[str, str], view: Viewpoint) -> dict[str, Any]:
        """The same without a look at the rows; a word that can be no value is left out."""
        if self.names:
            rows = self.names.seen_by(view.user).annotate(_word=Lower("_name")).filter(_word__in=list(wanted))
            return {word: pk for pk, word in rows.values_list("pk", "_word")}
        found = {}
        for word, text in wanted.items():
            try:
                found[word] = self._typed(text)
            except ValidationError:
                continue
        return found

    def _all(self, view: Viewpoint, most: int | None = MOST_NAMED + 1) -> list[str]:
        if self.large:
            rows = self.names.seen_by(view.user).order_by("_name") if self.names else None
            return list(rows.values_list("_name", flat=True)[:most]) if rows is not None else []
        rows = view.rows().exclude(self.blank()).order_by()
        held = rows.values_list(self.field_name, flat=True).distinct()
        if self.names:
            return sorted(self.names.of(held).values())[:most]
        if self.many:
            return sorted({value for values in held for value in values})[:most]
        return sorted(held)[:most]


class YesNoFilter(ColumnFilter, django_filters.BooleanFilter):
    """`is:yes`, `is:no`."""

    field_class = forms.CharField
    kind = "choice"
    operators = {"is": Operator(gettext_lazy("is"), gettext_lazy("%(column)s is %(value)s"))}
    examples = ((":yes", gettext_lazy("on")), (":no", gettext_lazy("off")))
    WORDS = {"yes": True, "on": True, "true": True, "1": True, "no": False, "off": False, "false": False,
             "0": False}  # fmt: skip

    def value(self, text: str) -> Any:
        if text.lower() not in self.WORDS:
            raise ValidationError(_("“%(value)s” is neither yes nor no.") % {"value": text})
        return self.WORDS[text.lower()]

    def plain(self, value: Any) -> str:
        return "yes" if value else "no"

    def shown(self, value: Any) -> str:
        return _("on") if value else _("off")

    def where(self, condition: Condition, view: Viewpoint) -> Q:
        return Q(**{self.field_name: condition.values[0]})

    def group_condition(self, column: str, label: str, part: str) -> Condition:
        return self.condition(column, label, f"is:{part}")

    def group_part(self, value: Any) -> str:
        return self.plain(value)

    def from_words(self, said: Said, view: Viewpoint) -> str:
        if said.sign not in (":", "="):
            raise FilterProblem(_("Write :yes or :no."))
        try:
            wanted = self.value(said.value)
        except ValidationError as error:
            raise FilterProblem(" ".join(error.messages)) from error
        return f"is:{self.plain(wanted != said.negated)}"
