"""Panels that other rooms' pages load from here."""

from __future__ import annotations

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from calls.summary import last_24_hours
from customers.card import open_card
from customers.models import Customer
from grids.views import wants_fragment
from users.requests import SignedInRequest


@require_safe
@never_cache
@vary_on_headers("HX-Request")
@permission_required("calls.view_cdr", raise_exception=True)
def customer_summary(request: SignedInRequest, customer_id: int) -> HttpResponse:
    """The last 24 hours of a customer by hour: a panel for htmx, else a page of its own."""
    rows = Customer.objects.visible_to(request.user).select_related("currency")
    customer = get_object_or_404(rows, pk=customer_id)
    hours, total = last_24_hours(customer.pk, timezone.now())
    context = {"customer": customer, "hours": hours, "total": total, "currency": customer.currency}
    if wants_fragment(request):
        return render(request, "calls/_summary.html", context)
    return render(request, "calls/summary.html", open_card(request.user, customer_id, "main") | context)
