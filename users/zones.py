"""The time zone in which a user reads times; what is stored stays UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from users.models import User


def zone_of(user: User) -> ZoneInfo:
    """Where the user lives; UTC where the stored name means nothing to this machine."""
    try:
        return ZoneInfo(user.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
