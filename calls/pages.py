"""Pages for people: latest calls, over all customers and as a tab of one, and one call."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from calls.callkeys import CallKey, NoKey
from calls.latest import Latest, LookUpForm, TooSlow
from calls.models import Cdr
from calls.onecall import OneCall
from calls.querysets import CdrQuerySet
from calls.sight import CallSight
from customers.card import open_card
from users.requests import SignedInRequest


@require_safe
@never_cache
@permission_required("calls.view_cdr", raise_exception=True)
def latest_calls(request: SignedInRequest) -> HttpResponse:
    """Calls of every customer the user may see."""
    context = _latest(request, Cdr.objects.visible_to(request.user), reverse("pages:calls"))
    return render(request, "calls/latest.html", context)


@require_safe
@never_cache
@permission_required("calls.view_cdr", raise_exception=True)
def customer_calls(request: SignedInRequest, customer_id: int) -> HttpResponse:
    """Calls of one customer: a tab of its page."""
    card = open_card(request.user, customer_id, "calls")
    calls = Cdr.objects.visible_to(request.user).filter(customer_id=customer_id)
    context = _latest(request, calls, reverse("tabs:calls", args=(customer_id,)))
    return render(request, "calls/customer_calls.html", card | context)


def _month_url(path: str, form: LookUpForm, kept: dict[str, str]) -> str:
    """The same look-up over the longest span; empty where somebody has chosen a span already."""
    if "from" in kept or "until" in kept:
        return ""
    return f"{path}?{urlencode({**kept, 'from': form.month_begin()})}"


def _latest(request: SignedInRequest, calls: CdrQuerySet, path: str) -> dict[str, Any]:
    """Form, rows and the ways to newer and older ones."""
    sight = CallSight.of(request.user)
    form = LookUpForm(request.GET, sight.zone, timezone.now())
    latest = Latest(calls, form, sight, request.GET.get("before", ""), request.GET.get("after", ""))
    context: dict[str, Any] = {"form": form, "sight": sight, "zone": sight.zone, "path": path, "rows": []}
    try:
        context["rows"] = latest.rows
    except TooSlow:
        return context | {"too_slow": True}
    kept = {name: request.GET[name] for name in ("q", "from", "until") if request.GET.get(name)}
    newer, older = latest.newer_than, latest.older_than
    return context | {
        "span": form.cleaned_data if form.is_valid() else None,
        "asked": kept,
        "month_url": _month_url(path, form, kept) if form.is_valid() and not latest.rows else "",
        "newer_url": f"{path}?{urlencode({**kept, 'after': newer})}" if newer else "",
        "older_url": f"{path}?{urlencode({**kept, 'before': older})}" if older else "",
    }


@require_safe
@never_cache
@permission_required("calls.view_cdr", raise_exception=True)
def call_detail(request: SignedInRequest, key: str) -> HttpResponse:
    """One attempt with every field the user may see."""
    try:
        wanted = CallKey.read(key)
    except NoKey:
        raise Http404 from None
    sight = CallSight.of(request.user)
    visible = Cdr.objects.visible_to(request.user)
    rows = visible if sight.carriers else visible.as_customers_see()
    call = OneCall(get_object_or_404(rows.named(wanted)), visible, sight, timezone.now())
    return render(request, "calls/call.html", {"call": call, "sight": sight, "zone": sight.zone})
