"""Doors to the people at a customer."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from contacts.models import Contact
from customers.card import open_card
from customers.models import Customer
from grids.views import wants_fragment
from users.requests import SignedInRequest


@require_safe
@vary_on_headers("HX-Request")
@permission_required("contacts.view_contact", raise_exception=True)
def customer_contacts(request: SignedInRequest, customer_id: int) -> HttpResponse:
    """The panel of the customer's page, or a page of its own where no script loads the panel."""
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=customer_id)
    context = {
        "customer": customer,
        "contacts": Contact.objects.filter(customer=customer).select_related("user"),
    }
    if wants_fragment(request):
        return render(request, "contacts/_panel.html", context)
    return render(request, "contacts/list.html", open_card(request.user, customer_id, "main") | context)
