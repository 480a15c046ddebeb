"""Doors to one customer's page."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from customers import numbers
from customers.card import TABS, open_card, read_card
from users.requests import SignedInRequest


@require_safe
@permission_required("customers.view_customer", raise_exception=True)
def customer_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """The first tab: who they are and how the last 24 hours went."""
    context = open_card(request.user, pk, "main")
    context["blocks"] = numbers.blocks_of(context["customer"], request.user)
    return render(request, "customers/detail.html", context)


@require_safe
@never_cache
@permission_required("customers.view_customer", raise_exception=True)
def customer_head(request: SignedInRequest, pk: int) -> HttpResponse:
    """Head and warnings for the poll of any tab (`tab`); 204 while nothing that shows has changed."""
    tab = request.GET.get("tab", "")
    card = read_card(request.user, pk, tab if tab in TABS else "main")
    if request.GET.get("seen") == card.token:
        return HttpResponse(status=204)
    return render(request, "customers/_head_poll.html", {"card": card, "customer": card.customer})
