"""What a file may fill, as rooms declare it: fields with the words people use for them, and their parsers.

A parser is a function (text, decimal mark) -> value of the model's field; it gets no blank text and raises
Wrong. It must be sound: it takes nothing that the model's own validation refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, URLValidator
from django.db import models
from django.utils.translation import gettext as _

from imports.numbers import parse_decimal
from imports.problems import Wrong

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from users.models import User

Parser = Callable[[str, str], Any]


@dataclass(frozen=True)
class Chooser:
    """A parser of a field with few legal texts, so that a page can offer them."""

    parse: Parser
    legal: tuple[str, ...]

    def __call__(self, cell: str, mark: str) -> Any:
        return self.parse(cell, mark)


LISTED = 8  # so many legal values are named in a message


@dataclass(frozen=True)
class Field:
    """One field. name: that of the model's field; parser: made when an import begins, so that it may ask the
    database which values there are; numeric: the decimal mark matters to it; looks: cells that all match it
    tell that a column without a known head holds this field."""

    name: str
    label: StrOrPromise
    parser: Callable[[], Parser]
    synonyms: tuple[str, ...] = ()
    required: bool = False
    numeric: bool = False
    looks: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Kept:
    """A row that an undo leaves alone. why: a sentence."""

    id: int
    name: str
    why: str


@dataclass(frozen=True)
class Target:
    """One kind of row that files may make.

    slug: its word in addresses and commands. list_url: URL name of the list of such rows. model: its
    queryset has `visible_to(user)`. unique: fields by
    which no two rows may be alike, letters' case apart, with the condition in SQL under which a stored row
    counts. given: values that depend on who imports, which no file overrules. created: called with the new
    ids inside the transaction. take_back: undoes the making of these rows for a user, with a reason, where
    nobody changed them since, and says which stay; it takes the right take_back_permission.
    """

    slug: str
    nouns: tuple[StrOrPromise, StrOrPromise]
    model: type[models.Model]
    fields: tuple[Field, ...]
    permission: str
    list_url: str
    unique: Mapping[str, str]
    given: Callable[[User | None], Mapping[str, Any]]
    created: Callable[[list[int]], None]
    take_back: Callable[[list[int], User, str], list[Kept]]
    take_back_permission: str

    def field(self, name: str) -> Field | None:
        return next((field for field in self.fields if field.name == name), None)


TARGETS: dict[str, Target] = {}


def register(target: Target) -> None:
    """Makes a room's declaration known; called from its imports.py."""
    TARGETS[target.slug] = target


# --- Parsers


def text(longest: int = 0) -> Callable[[], Parser]:
    """longest: characters; 0: no limit of ours."""

    def parse(cell: str, _mark: str) -> str:
        if longest and len(cell) > longest:
            raise Wrong(
                _("has %(count)s characters; at most %(most)s fit. Shorten it.")
                % {"count": len(cell), "most": longest}
            )
        return cell

    return lambda: parse


def whole(highest: int) -> Callable[[], Parser]:
    """A whole number from 0 to `highest`."""

    def parse(cell: str, mark: str) -> int:
        number = parse_decimal(cell, mark)
        if number != number.to_integral_value() or not 0 <= number <= highest:
            raise Wrong(_("is no whole number from 0 to %(most)s.") % {"most": highest})
        return int(number)

    return lambda: parse


def decimal(
    *, digits: int, decimals: int, lowest: int | None = None, highest: int | None = None
) -> Callable[[], Parser]:
    """A number of `digits` in all, of which `decimals` behind the mark."""
    beyond = 10 ** (digits - decimals)

    def parse(cell: str, mark: str) -> Any:
        number = parse_decimal(cell, mark)
        if abs(number) >= beyond:
            raise Wrong(_("is too large. Use less than %(most)s.") % {"most": beyond})
        if -number.as_tuple().exponent > decimals:  # type: ignore[operator]
            raise Wrong(_("has more than %(most)s decimals.") % {"most": decimals})
        if (lowest is not None and number < lowest) or (highest is not None and number > highest):
            if highest is None:
                raise Wrong(_("is below %(least)s.") % {"least": lowest})
            raise Wrong(_("is not between %(least)s and %(most)s.") % {"least": lowest, "most": highest})
        return number

    return lambda: parse


def one_of(
    values: Callable[[], Mapping[str, Any]], *, what: StrOrPromise, aside: Iterable[str] = ()
) -> Callable[[], Parser]:
    """One of the texts that `values` knows, letters' case apart; never made on the fly.

    aside: those that are understood but not offered.
    """

    def make() -> Parser:
        found = values()
        known = {key.casefold(): value for key, value in found.items()}
        offered = tuple(key for key in found if key not in set(aside))
        legal = _named(offered)

        def parse(cell: str, _mark: str) -> Any:
            try:
                return known[cell.casefold()]
            except KeyError:
                raise Wrong(_("is no %(what)s. Use %(legal)s.") % {"what": what, "legal": legal}) from None

        return Chooser(parse, offered)

    return make


def choice(choices: type[models.TextChoices], *, what: StrOrPromise) -> Callable[[], Parser]:
    """A value of these choices, by its label or key."""

    def values() -> dict[str, str]:
        labels = {str(label): str(value) for value, label in choices.choices}
        return labels | {str(value): str(value) for value in choices.values if str(value) not in labels}

    labels = {str(label) for label in choices.labels}
    return one_of(values, what=what, aside=[str(key) for key in choices.values if str(key) not in labels])


def among(parse: Parser, legal: Callable[[], Iterable[str]]) -> Callable[[], Parser]:
    """A parser of one's own whose legal texts can be offered."""
    return lambda: Chooser(parse, tuple(legal()))


def flag() -> Callable[[], Parser]:
    words = {
        "yes": True,
        "no": False,
        "true": True,
        "false": False,
        "1": True,
        "0": False,
        "on": True,
        "off": False,
    }
    return one_of(lambda: words, what=_("yes or no"), aside=list(words)[2:])


def listed(each: int) -> Callable[[], Parser]:
    """Texts separated by semicolons, each of at most `each` characters."""
    one = text(each)()

    def parse(cell: str, mark: str) -> list[str]:
        return [one(part.strip(), mark) for part in cell.split(";") if part.strip()]

    return lambda: parse


def email() -> Callable[[], Parser]:
    return _validated(EmailValidator(), 254, _("is no email address, such as name@example.com."))


def website() -> Callable[[], Parser]:
    return _validated(URLValidator(), 200, _("is no web address, such as https://example.com."))


def _validated(validator: Callable[[Any], None], longest: int, sentence: str) -> Callable[[], Parser]:
    fits = text(longest)()

    def parse(cell: str, mark: str) -> str:
        try:
            validator(fits(cell, mark))
        except ValidationError:
            raise Wrong(sentence) from None
        return cell

    return lambda: parse


def _named(values: Iterable[str]) -> str:
    names = list(values)
    return ", ".join(names[:LISTED]) + (", …" if len(names) > LISTED else "")
