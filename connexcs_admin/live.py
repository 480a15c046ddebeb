"""The live totals of the top bar: channels and calls per second over all customers the user may see."""

from decimal import Decimal

from django.core.cache import cache
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from customers.freshness import current_freshness
from customers.grids import DIALING
from customers.models import Listing
from users.models import User
from users.requests import SignedInRequest

# Many open pages ask every few seconds; those who may see the same rows share one answer.
KEPT_S = 2


@require_safe
@never_cache
def live_totals(request: SignedInRequest) -> HttpResponse:
    """The fragment that the frame loads and loads again; empty for who may see no customers."""
    if not request.user.has_perm("customers.view_customer"):
        return HttpResponse(status=204)
    totals = _recent_sum(request.user)
    context = {
        **totals,
        "fresh": not current_freshness(timezone.now()).stale,
        "url": f"{reverse('customers:list')}?f.status=in:{DIALING}&s=-channels",
    }
    return render(request, "_live_totals.html", {"live_totals": context})


def _scope(user: User) -> str:
    """Names the set of rows that `visible_to` gives this user."""
    if user.reseller_id:
        return f"reseller-{user.reseller_id}"
    return "all" if user.has_perm("customers.view_every_customer") else f"manager-{user.pk}"


def _recent_sum(user: User) -> dict[str, object]:
    try:
        return cache.get_or_set(f"live-totals:{_scope(user)}", lambda: _sum(user), KEPT_S) or {}
    except RedisError:
        return _sum(user)


def _sum(user: User) -> dict[str, object]:
    sums = Listing.objects.visible_to(user).aggregate(channels=Sum("channels"), cps=Sum("cps"))
    return {"channels": sums["channels"] or 0, "cps": sums["cps"] or Decimal(0)}
