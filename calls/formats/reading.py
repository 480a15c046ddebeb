"""What every format shares: from single records, as bytes, to a delivery in our own schema."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

from calls.fields import Cause, Refusal, Refused, shown
from calls.models import Switch
from calls.records import Delivery, Incoming
from calls.wire import BadBody

# One record as it came: its place in the delivery, from 0, and its bytes.
Item = tuple[int, bytes]
ITEM_MAX_BYTES = 1024 * 1024


class Skipped(Exception):
    """A record that is right and yet none of ours, such as the B-leg of a call; the message says why."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What records do not say themselves. zone: of times without one; columns: names of a CSV's columns."""

    zone: tzinfo = UTC
    columns: tuple[str, ...] = ()


def layout_of(switch: Switch, columns: tuple[str, ...] = ()) -> Layout:
    """The layout of what this switch writes. Raises BadBody where its time zone does not exist."""
    try:
        return Layout(ZoneInfo(switch.time_zone), columns)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadBody(
            _("The switch is set to time zone %(name)s, which does not exist. Set one like Europe/Berlin.")
            % {"name": shown(switch.time_zone)}
        ) from None


def text_of(raw: bytes) -> str:
    """The bytes as text: UTF-8, or Latin-1 where they are none, as older switches write."""
    try:
        return raw.decode("utf-8").lstrip("\ufeff")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def each(items: Iterable[Item], read_one: Callable[[str], dict[str, Any]]) -> Delivery:
    """Reads item by item; one that is wrong costs only itself."""
    records: list[Incoming] = []
    refused: list[Refusal] = []
    skipped: list[Refusal] = []
    for index, raw in items:
        try:
            if len(raw) > ITEM_MAX_BYTES:
                raise Refused(
                    "",
                    _("The record has %(size)s bytes; at most %(most)s are read.")
                    % {"size": len(raw), "most": ITEM_MAX_BYTES},
                    Cause.UNREADABLE,
                )
            records.append(Incoming(index, read_one(text_of(raw)), raw))
        except Skipped as left_out:
            skipped.append(Refusal(index, "", str(left_out)))
        except Refused as error:
            refused.append(Refusal(index, error.field, error.reason, error.cause, raw))
    return Delivery(records, refused, skipped)


def filled(record: dict[str, Any]) -> dict[str, Any]:
    """The record without what it does not say."""
    return {name: value for name, value in record.items() if value is not None and value != ""}


def dialled(number: str) -> str:
    """E.164 digits without the plus, or what else was dialled as it is."""
    return number[1:] if number[:1] == "+" and number[1:].isdigit() else number
