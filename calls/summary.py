"""The last 24 hours of one customer, hour by hour, from minute buckets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncHour

from calls.models import MinuteBucket
from calls.rollups import window_start
from customers.models import Listing

if TYPE_CHECKING:
    from users.models import User

HOUR = timedelta(hours=1)


@dataclass
class Sums:
    """Attempts, connected calls, their duration and charge. Ratios come from these, never from ratios."""

    attempts: int = 0
    connected: int = 0
    duration_ms: int = 0
    charge: Decimal = field(default_factory=Decimal)

    @property
    def asr(self) -> Decimal | None:
        """Percent; None without an attempt."""
        return Decimal(self.connected) * 100 / self.attempts if self.attempts else None

    @property
    def acd_ms(self) -> Decimal | None:
        """Over answered calls; None without one."""
        return Decimal(self.duration_ms) / self.connected if self.connected else None


@dataclass(kw_only=True)
class Hour(Sums):
    """One hour of the window; the first may begin within its hour, the last is not over."""

    starts: datetime
    counted_from: datetime
    so_far: bool = False

    @property
    def is_cut(self) -> bool:
        return self.counted_from > self.starts


def last_24_hours(customer_id: int, now: datetime) -> tuple[list[Hour], Sums]:
    """Every hour of the window, newest first, and their sum. Hours without calls are there, with zeros."""
    begin = window_start(now.astimezone(UTC))
    found = {row["hour"]: row for row in _by_hour(customer_id, begin)}
    hours: list[Hour] = []
    starts = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while starts + HOUR > begin:
        row = found.get(starts) or {"attempts": 0, "connected": 0, "duration_ms": 0, "charge": Decimal(0)}
        hours.append(
            Hour(
                attempts=row["attempts"],
                connected=row["connected"],
                duration_ms=row["duration_ms"],
                charge=row["charge"],
                starts=starts,
                counted_from=max(starts, begin),
                so_far=not hours,
            )
        )
        starts -= HOUR
    return hours, _sum(hours)


def calls_since(user: User, moment: datetime) -> Sums:
    """All calls since `moment` (within the last 48 hours) of customers that `user` may see; no charge."""
    visible = Listing.objects.visible_to(user).order_by().values("pk")
    found = MinuteBucket.objects.filter(minute__gte=moment, customer_id__in=visible).aggregate(
        attempts=Sum("attempts", default=0),
        connected=Sum("connected", default=0),
        duration_ms=Sum("duration_ms", default=0),
    )
    return Sums(**found)


def _by_hour(customer_id: int, begin: datetime) -> QuerySet:
    return (
        MinuteBucket.objects.filter(customer_id=customer_id, minute__gte=begin)
        .order_by()
        .values(hour=TruncHour("minute", tzinfo=UTC))
        .annotate(
            attempts=Sum("attempts"),
            connected=Sum("connected"),
            duration_ms=Sum("duration_ms"),
            charge=Sum("charge"),
        )
    )


def _sum(parts: Iterable[Sums]) -> Sums:
    total = Sums()
    for part in parts:
        total.attempts += part.attempts
        total.connected += part.connected
        total.duration_ms += part.duration_ms
        total.charge += part.charge
    return total
