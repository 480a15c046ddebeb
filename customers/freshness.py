"""How fresh live figures are: the one home of the rule that calls them old."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from customers.models import FeedState


@dataclass(frozen=True, slots=True)
class Freshness:
    """stale: a person must be told. since: how far back the older of the two signs of life lies, if known."""

    stale: bool
    since: datetime | None


def freshness(ticked_at: datetime | None, heard_at: datetime | None, now: datetime) -> Freshness:
    """Stale when the pulse stands still, or no switch has spoken, for longer than FEED_STALE_SECONDS."""
    known = [moment for moment in (ticked_at, heard_at) if moment is not None]
    patience = timedelta(seconds=settings.FEED_STALE_SECONDS)
    stale = len(known) < 2 or any(now - moment > patience for moment in known)
    return Freshness(stale, min(known, default=None))


def current_freshness(now: datetime) -> Freshness:
    """Of the figures as they are stored now."""
    state = FeedState.objects.filter(pk=1).first() or FeedState()
    return freshness(state.ticked_at, state.heard_at, now)
