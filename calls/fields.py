"""Reading one value of a switch's record: the value, or a sentence that says what is wrong with it."""

import ipaddress
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Reader = Callable[[Any], Any]
_SHOWN = 60
_DIGITS = re.compile(r"-?[0-9]{1,19}")
DOCUMENT_MAX_BYTES = 16 * 1024
DOCUMENT_DEEPEST = 64  # objects and lists within each other; each level costs stack wherever it is read
AMOUNT_BELOW = 10**7
# Beyond these no zone of the world can show a time, or nobody meant it.
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_ADDRESS_MAX = 45  # characters of the longest IPv6 address
_EIGHTH = Decimal("1e-8")


class Wrong(ValueError):
    """A value that cannot be taken; the message says what to send instead."""


# In the place of a default: the field has none and must be sent.
REQUIRED = object()


class Cause(models.TextChoices):
    """Why a record was refused, in the few kinds that are mended in different ways."""

    UNREADABLE = "unreadable", gettext_lazy("Cannot be read")
    BAD_FIELD = "bad_field", gettext_lazy("Bad field")
    UNKNOWN_CUSTOMER = "unknown_customer", gettext_lazy("Unknown customer")
    DURATION = "duration", gettext_lazy("Impossible duration")
    CLOCK = "clock", gettext_lazy("Clock skew")
    TOO_OLD = "too_old", gettext_lazy("Older than records are kept")


class Refused(Exception):
    """One field's value makes its whole record impossible."""

    def __init__(self, field: str, reason: str, cause: Cause = Cause.BAD_FIELD) -> None:
        super().__init__(field, reason)
        self.field, self.reason, self.cause = field, reason, cause


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one record of a delivery was not taken. index: its place in the delivery, from 0.

    raw: the record as it was sent (text, bytes, or an object that is written as JSON), for the quarantine;
    None where somebody else knows it, or where nothing is kept.
    """

    index: int
    field: str
    reason: str
    cause: Cause = Cause.BAD_FIELD
    raw: Any = dataclass_field(default=None, repr=False, compare=False)

    def as_json(self) -> dict[str, object]:
        return {"index": self.index, "field": self.field, "reason": self.reason}


def shown(value: Any) -> str:
    """The value as a message may quote it."""
    try:
        text = repr(value)
    except RecursionError:  # JSON can be read a little deeper than it can be written from here
        return f"{type(value).__name__} (…)"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number, both ends inclusive; digits in quotes are taken too."""

    low: int
    high: int

    def __call__(self, value: Any) -> int:
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not self.low <= value <= self.high:
            raise Wrong(
                _("%(value)s is not a whole number from %(low)s to %(high)s.")
                % {"value": shown(value), "low": self.low, "high": self.high}
            )
        return value


@dataclass(frozen=True, slots=True)
class Text:
    """Text of at most `longest` characters, without NUL. Numbers are taken as their digits.

    empty: whether empty text is taken.
    """

    longest: int
    empty: bool = True

    def __call__(self, value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise Wrong(_("%(value)s is not text.") % {"value": shown(value)})
        if not value and not self.empty:
            raise Wrong(_("It is empty."))
        if "\x00" in value:
            raise Wrong(_("%(value)s contains a NUL byte. Leave it out.") % {"value": shown(value)})
        if len(value) > self.longest:
            raise Wrong(
                _("The text has %(length)s characters; at most %(longest)s are kept.")
                % {"length": len(value), "longest": self.longest}
            )
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Wrong(_("%(value)s is not valid Unicode.") % {"value": shown(value)}) from None
        return value


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these words."""

    legal: tuple[str, ...]

    def __call__(self, value: Any) -> str:
        if value not in self.legal:
            raise Wrong(
                _("%(value)s is not one of: %(legal)s.")
                % {"value": shown(value), "legal": ", ".join(self.legal)}
            )
        return value


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong(_("%(value)s is neither true nor false.") % {"value": shown(value)})
    return value


def instant(value: Any) -> datetime:
    """A moment with a zone, as UTC."""
    if not isinstance(value, str):
        raise Wrong(
            _("%(value)s is not a time. Write it like 2026-11-21T10:00:00.123Z.") % {"value": shown(value)}
        )
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise Wrong(
                _("%(value)s has no time zone. Add Z for UTC, or an offset such as +02:00.")
                % {"value": shown(value)}
            )
        moment = moment.astimezone(UTC)
        if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            raise ValueError
        return moment
    except (ValueError, OverflowError) as error:
        if isinstance(error, Wrong):
            raise
        raise Wrong(
            _("%(value)s is not a time. Write it like 2026-11-21T10:00:00.123Z.") % {"value": shown(value)}
        ) from None


def amount(value: Any) -> Decimal:
    """What one call costs, to eight decimals: not negative, and below AMOUNT_BELOW.

    Quotes keep it exact, so they are welcome. Corrections are made by people, not by a call.
    """
    try:
        number = Decimal(str(value)) if isinstance(value, str | int | float) and value is not True else None
    except InvalidOperation:
        number = None
    if number is None or isinstance(value, bool) or not number.is_finite() or not 0 <= number < AMOUNT_BELOW:
        raise Wrong(
            _('%(value)s is not the price of a call, such as "0.0125", from 0 to below %(below)s.')
            % {"value": shown(value), "below": AMOUNT_BELOW}
        )
    return number.quantize(_EIGHTH)


def address(value: Any) -> str:
    if value.__class__ is str and len(value) <= _ADDRESS_MAX:
        return _address(value)  # a switch names the same few ones again and again
    return _address.__wrapped__(value)


@lru_cache(maxsize=10_000)
def _address(value: Any) -> str:
    try:
        if (
            not isinstance(value, str) or "%" in value
        ):  # a number is read as an address, a zone as part of one
            raise ValueError
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise Wrong(_("%(value)s is not an IPv4 or IPv6 address.") % {"value": shown(value)}) from None


def mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong(_("%(value)s is not an object.") % {"value": shown(value)})
    return value


def document(value: dict[str, Any]) -> str:
    """An object as JSON text that PostgreSQL can keep: no NaN, no NUL, valid Unicode, 16 kB at most."""
    try:
        written = json.dumps(value, allow_nan=False, ensure_ascii=False)
        size = len(written.encode())
    except ValueError:  # also UnicodeEncodeError
        raise Wrong(_("It holds NaN, an infinite number or text that is not valid Unicode.")) from None
    except RecursionError:
        raise Wrong(_("It is nested too deeply.")) from None
    if size > DOCUMENT_MAX_BYTES:
        raise Wrong(
            _("It has %(size)s bytes; at most %(most)s are kept.")
            % {"size": size, "most": DOCUMENT_MAX_BYTES}
        )
    if written.count("[") + written.count("{") > DOCUMENT_DEEPEST and _is_deeper(value, DOCUMENT_DEEPEST):
        raise Wrong(_("It is nested too deeply."))
    if "\\u0000" in written and _has_nul(value):
        raise Wrong(_("It contains a NUL byte. Leave it out."))
    return written


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return bool(inner) and (levels == 0 or any(_is_deeper(one, levels - 1) for one in inner))


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any("\x00" in key or _has_nul(inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\x00" in value
