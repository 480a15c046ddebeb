"""Doors through which a customer gets blocks of internal numbers and gives them back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers import numbers
from customers.card import open_card
from customers.models import Customer, NumberBlock
from users.requests import SignedInRequest

# Who reloads an answer to a form, or signs in again there, asks with GET and is led to the page.
FORM = ["GET", "HEAD", "POST"]


@require_http_methods(FORM)
@permission_required("customers.add_numberblock", raise_exception=True)
def block_assign(request: SignedInRequest, pk: int) -> HttpResponse:
    """The next free block; where none can be given, the reason is said."""
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    if request.method == "POST":
        try:
            block = numbers.assign_block(customer.pk, by=request.user)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("%(block)s belongs to this customer now.") % {"block": block})
    return redirect("customers:detail", pk)


@require_http_methods(FORM)
@permission_required("customers.delete_numberblock", raise_exception=True)
def block_delete(request: SignedInRequest, pk: int, block: int) -> HttpResponse:
    """Says what taking a block back means, and does it."""
    visible = Customer.objects.visible_to(request.user).filter(pk=pk)
    row = get_object_or_404(NumberBlock, pk=block, customer__in=visible)
    if request.method == "POST":
        try:
            numbers.remove_block(row.pk, by=request.user)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("%(block)s is free again.") % {"block": row})
        return redirect("customers:detail", pk)
    return render(
        request, "customers/block_delete.html", open_card(request.user, pk, "main") | {"range": row}
    )
