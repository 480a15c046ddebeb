"""Reading one value of a switch's record: the value, or a sentence that says what is wrong with it."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

Reader = Callable[[Any], Any]
_SHOWN = 60


class Wrong(ValueError):
    """A value that cannot be taken; the message says what to send instead."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one record of a delivery was not taken. index: its place in the delivery, from 0."""

    index: int
    field: str
    reason: str

    def as_json(self) -> dict[str, object]:
        return {"index": self.index, "field": self.field, "reason": self.reason}


def shown(value: Any) -> str:
    """The value as a message may quote it."""
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def whole(low: int, high: int) -> Reader:
    """A whole number, both ends inclusive; digits in quotes are taken too."""

    def read(value: Any) -> int:
        if isinstance(value, str) and value.isascii() and value.lstrip("-").isdigit() and len(value) < 20:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise Wrong(
                _("%(value)s is not a whole number from %(low)s to %(high)s.")
                % {"value": shown(value), "low": low, "high": high}
            )
        return value

    return read


def text(longest: int) -> Reader:
    """Text of at most `longest` characters, without NUL. Numbers are taken as their digits."""

    def read(value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise Wrong(_("%(value)s is not text.") % {"value": shown(value)})
        if "\x00" in value:
            raise Wrong(_("%(value)s contains a NUL byte. Leave it out.") % {"value": shown(value)})
        if len(value) > longest:
            raise Wrong(
                _("The text has %(length)s characters; at most %(longest)s are kept.")
                % {"length": len(value), "longest": longest}
            )
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Wrong(_("%(value)s is not valid Unicode.") % {"value": shown(value)}) from None
        return value

    return read


def required(read: Reader) -> Reader:
    """The same, refusing empty text."""

    def read_some(value: Any) -> Any:
        result = read(value)
        if result == "":
            raise Wrong(_("It is empty."))
        return result

    return read_some


def one_of(*legal: str) -> Reader:
    def read(value: Any) -> str:
        if value not in legal:
            raise Wrong(
                _("%(value)s is not one of: %(legal)s.") % {"value": shown(value), "legal": ", ".join(legal)}
            )
        return value

    return read


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
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        if isinstance(error, Wrong):
            raise
        raise Wrong(
            _("%(value)s is not a time. Write it like 2026-11-21T10:00:00.123Z.") % {"value": shown(value)}
        ) from None


def amount(value: Any) -> Decimal:
    """Money, to eight decimals and below 10¹²; quotes keep it exact, so they are welcome."""
    try:
        number = Decimal(str(value)) if isinstance(value, str | int | float) and value is not True else None
    except InvalidOperation:
        number = None
    if number is None or isinstance(value, bool) or not number.is_finite() or abs(number) >= 10**12:
        raise Wrong(_('%(value)s is not an amount such as "0.0125".') % {"value": shown(value)})
    return number.quantize(Decimal("1e-8"))


def address(value: Any) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise Wrong(_("%(value)s is not an IPv4 or IPv6 address.") % {"value": shown(value)}) from None


def mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong(_("%(value)s is not an object.") % {"value": shown(value)})
    return value
