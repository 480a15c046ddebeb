"""Fields of forms about customers that Django does not have: amounts, tags, TOML, hours of a day."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from customers import hours
from customers.rules import plain_name
from grids.columns.figures import plain_decimal
from imports.numbers import parse_decimal
from imports.problems import Wrong

MOST_TAGS, LONGEST_VARS = 50, 20_000
LONGEST_NUMBER, SHOWN = 64, 40  # characters: more than any column holds; what is said back of a wrong one
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")


class AmountField(forms.DecimalField):
    """An amount, shown without the zeros that the database keeps behind it."""

    def __init__(self, *, max_digits: int = 20, decimal_places: int = 8, **options: Any) -> None:
        super().__init__(
            max_digits=max_digits, decimal_places=decimal_places, widget=forms.TextInput, **options
        )
        self.widget.attrs["inputmode"] = "decimal"

    def to_python(self, value: Any) -> Any:
        """Read as a file's numbers are: no exponent, no digits of other scripts; thousands may be grouped."""
        text = "" if value is None else str(value).strip()
        if not text:
            return None
        if len(text) > LONGEST_NUMBER:
            raise ValidationError(
                _("“%(start)s…” is longer than any amount."), params={"start": text[:SHOWN]}
            )
        try:
            return parse_decimal(text, ".")
        except Wrong as wrong:
            raise ValidationError(f"“{text[:SHOWN]}” {wrong}", code="invalid") from None

    def prepare_value(self, value: Any) -> Any:
        return plain_decimal(value) if isinstance(value, Decimal) else value


class NameField(forms.CharField):
    """A customer's name, as `rules.plain_name` has it."""

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        try:
            return plain_name(text)
        except Wrong as wrong:
            raise ValidationError(_("The name %(fault)s"), params={"fault": wrong}) from None


class TagsField(SimpleArrayField):
    """Words with commas between them; twice the same is once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(forms.CharField(max_length=64), **options)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        words = [" ".join(word.split()) for word in (value or "").split(",")]
        found = list(super().clean(",".join(dict.fromkeys(filter(None, words)))))
        if len(found) > MOST_TAGS:
            raise ValidationError(
                _("A customer takes at most %(most)s tags; these are %(n)s."),
                params={"most": MOST_TAGS, "n": len(found)},
            )
        return found


class TomlField(forms.CharField):
    """TOML; a mistake is named with its line."""

    def __init__(self, **options: Any) -> None:
        attrs = {"rows": 8, "class": "mono", "spellcheck": "false"}
        super().__init__(max_length=LONGEST_VARS, strip=False, widget=forms.Textarea(attrs), **options)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        text = text.replace("\r\n", "\n")
        try:
            tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ValidationError(_toml_fault(str(error), text)) from None
        except RecursionError:
            raise ValidationError(_("Line 1: brackets are nested too deeply.")) from None
        return text


def _toml_fault(said: str, text: str) -> str:
    at = _AT.search(said)
    line = int(at[1]) if at else text.count("\n") + 1  # "(at end of document)"
    what = said.partition(" (at ")[0]
    return _("Line %(line)s: %(what)s") % {"line": line, "what": what}


class ZoneField(forms.CharField):
    """A time zone by its IANA name, with all of them to choose from."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput({"list": "time-zones", "autocomplete": "off"})
        super().__init__(max_length=64, widget=widget, **options)

    def clean(self, value: Any) -> str:
        name: str = super().clean(value)
        known = {zone.lower(): zone for zone in available_timezones()}
        if name.lower() not in known:
            raise ValidationError(
                _("“%(name)s” is no time zone. Choose one of the list, such as Europe/Berlin."),
                params={"name": name},
            )
        return known[name.lower()]


class DayField(forms.CharField):
    """The hours of one weekday, as text; its clean value is the text in order."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput({"placeholder": _("Closed"), "autocomplete": "off", "data-day": ""})
        super().__init__(max_length=120, required=False, widget=widget, **options)

    def clean(self, value: Any) -> str:
        return hours.said(hours.read(super().clean(value)))
