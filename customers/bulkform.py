"""The form that changes many customers at once: what is to happen with each field, kept unless said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.changes import Names
from customers.bulk import ADD, CLEAR, OFF, ON, REMOVE, SET, Instruction, field_of
from customers.editform import CustomerForm
from customers.fields import AmountField
from setup.reasons import Reasoned

if TYPE_CHECKING:
    from users.models import User

# Never name and currency.
NAMES = (
    "channels_limit", "status", "cps_limit", "portal_access", "country", "debit_limit", "daily_spend_limit",
    "min_payment", "tax", "tags", "reseller", "account_manager", "domain", "invoice_schedule",
    "invoice_due_days", "invoice_template", "approved_clis_only", "email_verification", "mobile_verification",
)  # fmt: skip
MOST_VALUES = 3  # that are named of those that a field has now
KEEP = ("", gettext_lazy("Keep"))
WORDS = {
    SET: gettext_lazy("Set to"),
    CLEAR: gettext_lazy("Clear"),
    ADD: gettext_lazy("Increase by"),
    REMOVE: gettext_lazy("Remove"),
    ON: gettext_lazy("On"),
    OFF: gettext_lazy("Off"),
}


class BulkForm(Reasoned):
    """For each field `do_<name>`, and `<name>` with the value; why. Fields are those of the customer's form
    that the person has there."""

    def __init__(self, data: Any = None, *, user: User, **more: Any) -> None:
        super().__init__(data, **more)
        alone = CustomerForm(user=user)
        self.names = [name for name in NAMES if name in alone.fields]
        for name in self.names:
            field = alone.fields[name]
            done = self._doings(name, field)
            label = str(field.label)
            self.fields[f"do_{name}"] = forms.ChoiceField(choices=done, required=False, label=label)
            if not isinstance(field, forms.BooleanField):
                self.fields[name] = self._value_field(name, field)
                self.fields[name].widget.attrs["aria-label"] = _("%(field)s: value") % {"field": label}

    def _doings(self, name: str, field: forms.Field) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]]
        if isinstance(field, forms.BooleanField):
            return [KEEP, (ON, WORDS[ON]), (OFF, WORDS[OFF])]
        stored = field_of(name)
        found = [KEEP, (SET, WORDS[SET])]
        if name == "tags":
            found += [(ADD, _("Add")), (REMOVE, WORDS[REMOVE])]
        elif isinstance(stored, models.IntegerField | models.DecimalField):
            found.append((ADD, WORDS[ADD]))
        return [*found, (CLEAR, WORDS[CLEAR])] if stored.null or stored.blank else found

    def _value_field(self, name: str, field: forms.Field) -> forms.Field:
        """The field of the customer's form; what is added to a number may be less than nothing."""
        done = self.data.get(f"do_{name}", "") if self.is_bound else ""
        if done == ADD and name != "tags":
            number = isinstance(field, forms.IntegerField) and not isinstance(field, forms.DecimalField)
            label, most = field.label, 10**9
            field = forms.IntegerField(min_value=-most, max_value=most) if number else AmountField()
            field.label = label
        field.required = done in (SET, ADD, REMOVE)
        field.initial = None
        field.error_messages["required"] = _("Say the value, or keep what is there.")
        return field

    def full_clean(self) -> None:
        """What stands beside “Keep” or “Clear” is no matter."""
        super().full_clean()
        for name in self.names if self.is_bound else ():
            if self.data.get(f"do_{name}", "") in ("", CLEAR):
                self.errors.pop(name, None)

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        for name in self.names:
            if found.get(f"do_{name}") == SET and name in found:
                self._judge(name, found[name])
        if not self.errors and not any(found.get(f"do_{name}") for name in self.names):
            raise forms.ValidationError(_("Nothing is to be changed. Choose what is to happen with a field."))
        return found

    def _judge(self, name: str, value: Any) -> None:
        """What the customer's form asks of a value by methods of its own, the column asks too."""
        try:
            field_of(name).run_validators(value)
        except forms.ValidationError as error:
            self.add_error(name, error.messages)

    @property
    def instructions(self) -> list[Instruction]:
        """What a valid form asks for."""
        cleaned = self.cleaned_data
        asked = [(name, cleaned[f"do_{name}"]) for name in self.names if cleaned[f"do_{name}"]]
        return [Instruction(name, do, cleaned.get(name)) for name, do in asked]

    @property
    def said(self) -> list[str]:
        """The instructions in words, one line each."""
        return [
            " ".join(
                filter(None, (f"{self.fields[f'do_{one.name}'].label}:", self._done(one), self._shown(one)))
            )
            for one in self.instructions
        ]

    def _done(self, one: Instruction) -> str:
        return str(dict(self.fields[f"do_{one.name}"].choices)[one.do])  # type: ignore[attr-defined]

    def _shown(self, one: Instruction) -> str:
        if one.do in (CLEAR, ON, OFF):
            return ""
        return self.read(one.name, one.value)

    def read(self, name: str, value: Any, names: Names | None = None) -> str:
        """A value of a field as people read it. names: of rows that come as their keys."""
        if isinstance(value, bool):
            return str(WORDS[ON if value else OFF])
        if isinstance(value, models.Model):
            return str(value)
        field = self.fields.get(name)
        if value and isinstance(value, str) and not isinstance(field, forms.ModelChoiceField):
            return str(dict(getattr(field, "choices", ())).get(value, value))
        return (names or Names(())).words(field_of(name), value)

    def lines(self, present: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
        """For the template: the two bound fields, and the commonest values that the customers have now."""
        counted = {name: _counted(present.get(name, ())) for name in self.names}
        shown = {name: found[:MOST_VALUES] for name, found in counted.items()}
        names = Names((field_of(name), value) for name, found in shown.items() for value, _n in found)
        for name in self.names:
            yield {
                "do": self[f"do_{name}"],
                "value": self[name] if name in self.fields else None,
                "now": [(self.read(name, value, names), rows) for value, rows in shown[name]],
                "others": len(counted[name]) - len(shown[name]),
            }


def _counted(values: Iterable[Any]) -> list[tuple[Any, int]]:
    """Each value with how often it is there, the commonest first."""
    counter = Counter(tuple(value) if isinstance(value, list) else value for value in values)
    return [(list(value) if isinstance(value, tuple) else value, n) for value, n in counter.most_common()]
