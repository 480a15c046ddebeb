"""Home of the staff site: how much is up, what needs a person, who is busiest. Composed from all rooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from calls.charts import DAY
from calls.curve import Curve, curve_of
from calls.listing import midnight_of
from calls.summary import Sums, calls_since
from customers.attention import needs_attention
from customers.card import Usage, asr_tone, usage_of
from customers.freshness import Freshness, current_freshness, freshness
from customers.models import Listing
from customers.surroundings import Surroundings, read_surroundings
from grids.formats import format_count
from users.requests import SignedInRequest
from users.zones import zone_of

if TYPE_CHECKING:
    from users.models import User

BUSIEST = 6
REST_POLL_S = 15  # the curve gains a point a minute, and what needs a person is no matter of seconds


@dataclass(frozen=True)
class Totals:
    """Sums over all customers the user may see."""

    channels: int
    cps: Decimal
    customers: int
    dialing: int
    called_today: int


@dataclass(frozen=True)
class Busy:
    """One of the busiest customers."""

    row: Listing
    usage: Usage | None
    tone: str


@require_safe
@never_cache
def home(request: SignedInRequest) -> HttpResponse:
    """The whole page; its two parts load themselves again."""
    user, now, surroundings = request.user, timezone.now(), read_surroundings()
    zone = zone_of(user)
    context = {"zone": zone, "greeting": greeting(now.astimezone(zone).hour)}
    context |= _tiles(user, now, _feed(surroundings, now)) | _rest(user, now, surroundings)
    return render(request, "home.html", context)


@require_safe
@never_cache
def home_tiles(request: SignedInRequest) -> HttpResponse:
    now = timezone.now()
    return render(request, "_home_tiles.html", _tiles(request.user, now, current_freshness(now)))


@require_safe
@never_cache
def home_rest(request: SignedInRequest) -> HttpResponse:
    return render(request, "_home_rest.html", _rest(request.user, timezone.now(), read_surroundings()))


def greeting(hour: int) -> str:
    """By the hour of the user's day, 0 to 23."""
    if hour < 5:
        return _("Good evening")
    return _("Good morning") if hour < 12 else _("Good afternoon") if hour < 18 else _("Good evening")


def _feed(surroundings: Surroundings, now: datetime) -> Freshness:
    return freshness(surroundings.ticked_at, surroundings.heard_at, now)


def _tiles(user: User, now: datetime, feed: Freshness) -> dict[str, Any]:
    midnight = midnight_of(now)
    calls: Sums = calls_since(user, midnight)
    return {
        "totals": totals(user, midnight),
        "calls": calls,
        "feed": feed,
        "poll_s": settings.GRID_POLL_SECONDS,
    }


def totals(user: User, midnight: datetime) -> Totals:
    found = Listing.objects.visible_to(user).aggregate(
        customers=Count("pk"),
        dialing=Count("pk", filter=Q(channels__gt=0)),
        called_today=Count("pk", filter=Q(last_call_at__gte=midnight)),
        cps=Sum("cps", default=Decimal(0)),
        channels=Sum("channels", default=0),  # last: what follows a name may not mean the column any more
    )
    return Totals(**found)


def _rest(user: User, now: datetime, surroundings: Surroundings) -> dict[str, Any]:
    limits, feed = surroundings.limits, _feed(surroundings, now)
    curve = curve_of(user, now)
    return {
        "feed": feed,
        "curve": curve,
        "curve_words": f"{_('Figures are old.')} {_in_words(curve)}" if feed.stale else _in_words(curve),
        "day": DAY,
        "now": now,
        "groups": needs_attention(user, limits),
        "busiest": [
            Busy(row, usage_of(row.channels, row.channels_limit, limits), asr_tone(row.asr, limits))
            for row in Listing.objects.visible_to(user)
            .dialing()
            .order_by("-channels", "name", "pk")[:BUSIEST]
        ],
        "rest_poll_s": REST_POLL_S,
    }


def _in_words(curve: Curve) -> str:
    """What the curve shows, for those who hear it."""
    if curve.highest is None:
        return _("Live channels today: nothing was measured yet.")
    words = _("Live channels today: at most %(highest)s, at %(time)s UTC.") % {
        "highest": format_count(curve.highest.channels),
        "time": f"{curve.highest.minute:%H:%M}",
    }
    if curve.week_ago is None:
        return words
    return words + " " + _("A week ago at this time: %(before)s.") % {"before": format_count(curve.week_ago)}
