"""The door through which customers come into being."""

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from customers import services
from customers.forms import NewCustomerForm
from users.requests import SignedInRequest


@permission_required("customers.add_customer", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def customer_new(request: SignedInRequest) -> HttpResponse:
    """A page with the fields a customer begins with."""
    form = NewCustomerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            customer = services.create_customer(
                by=request.user, **services.belongs_to(request.user), **form.cleaned_data
            )
        except ValidationError as error:  # somebody took the name in between
            form.add_error(None, error.messages)
        else:
            return redirect("customers:detail", customer.pk)
    return render(request, "customers/new.html", {"form": form}, status=422 if form.is_bound else 200)
