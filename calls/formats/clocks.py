"""Times as clocks on a wall show them, and the moments they may stand for."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from calls.fields import Cause, Refused, shown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}")


def moments(field: str, value: Any, zone: tzinfo) -> list[datetime]:
    """The moments, in UTC, at which clocks of the zone showed `value`: two in the hour that comes twice.

    A value that names its own zone is one moment. Raises Refused for what is no time, and for a time in the
    hour that clocks leave out in spring.
    """
    text = str(value).strip()
    try:
        stated = datetime.fromisoformat(text)
    except ValueError:
        stated = None
    if stated is None or not _LOCAL.match(text):
        raise Refused(field, _("%(value)s is no time such as 2026-11-21 10:00:00.") % {"value": shown(value)})
    try:
        if stated.tzinfo is not None:
            return [stated.astimezone(UTC)]
        found = {stated.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
        found = {moment for moment in found if moment.astimezone(zone).replace(tzinfo=None) == stated}
    except OverflowError:
        raise Refused(
            field, _("%(value)s is no time that calls can have.") % {"value": shown(value)}
        ) from None
    if not found:
        raise Refused(
            field,
            _("%(value)s never was in %(zone)s: clocks were put forward. Check the switch's time zone.")
            % {"value": text, "zone": zone},
            Cause.CLOCK,
        )
    return sorted(found)


def since_1970(field: str, value: Any) -> datetime | None:
    """A moment given in seconds since 1970, with or without a fraction. Empty and 0: None."""
    if value is None or value == "":
        return None
    try:
        seconds = Decimal(str(value))
        moment = _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
    except (InvalidOperation, OverflowError, ValueError):
        raise Refused(field, _("%(value)s is no count of seconds.") % {"value": shown(value)}) from None
    return moment if moment != _EPOCH else None


def milliseconds(span: timedelta) -> int:
    """Whole milliseconds; what is less is cut off."""
    return span // timedelta(milliseconds=1)
