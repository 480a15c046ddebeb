"""The customers' doors on the staff site."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from customers import services
from customers.forms import StatusForm
from customers.grids import CustomerGrid
from customers.models import Customer, Status
from grids.views import GridView, wants_fragment
from users.requests import SignedInRequest


class CustomerGridView(GridView):
    """The list of customers, its live poll, and what its filters offer."""

    grid_class = CustomerGrid
    url_name = "customers:list"
    poll_name = "customers:live"
    suggest_name = "customers:suggest"
    values_name = "customers:values"
    export_name = "customers:export"
    views_name = "customers:views"
    template = "customers/list.html"
    fragment = "customers/_grid.html"


@permission_required("customers.change_customer", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def customer_status(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change a status: a small form in place of the list, a page without JavaScript."""
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
    form = StatusForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        # The status that the form showed is no choice, even if somebody else has changed it since.
        if form.cleaned_data["status"] == request.POST.get("was"):
            return _nothing_is_set(request, pk)
        try:
            services.set_status(
                pk, form.cleaned_data["status"], by=request.user, reason=form.cleaned_data["reason"]
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        except Customer.DoesNotExist:
            raise Http404 from None  # deleted since the form was opened
        else:
            return _status_is_set(request, customer, Status(form.cleaned_data["status"]))
    template = "customers/_status_form.html" if wants_fragment(request) else "customers/status.html"
    now = customer.effective_status(timezone.now())
    context = {
        "customer": customer,
        "form": form,
        "choices": Status.choices,
        "now": now,
        "back": _back(request, pk),
    }
    return render(request, template, context, status=422 if form.is_bound else 200)


def _status_is_set(request: SignedInRequest, customer: Customer, status: Status) -> HttpResponse:
    """Says what holds from now on; the list hears of it, or is shown again without JavaScript."""
    sentence = (
        _("%(customer)s is now %(status)s.")
        if status == Status.ACTIVE
        else _("%(customer)s is now %(status)s. New calls are refused.")
    )
    text = sentence % {"customer": customer.name, "status": status.label}
    if not wants_fragment(request):
        messages.success(request, text)
        return redirect(_back(request, customer.pk))
    response = trigger_client_event(HttpResponse(status=204), "customers-changed")
    return trigger_client_event(response, "toast", {"text": text, "tone": "good"})


def _nothing_is_set(request: SignedInRequest, pk: int) -> HttpResponse:
    """Closes the form, or leads back, without news."""
    if not wants_fragment(request):
        return redirect(_back(request, pk))
    return trigger_client_event(HttpResponse(status=204), "customers-changed")


def _back(request: SignedInRequest, pk: int) -> str:
    """The list, or the page of this customer, as it was when the form was opened; else the default list."""
    page = urlsplit(request.POST.get("back") or request.headers.get("Referer", ""))
    home, own = reverse("customers:list"), reverse("customers:detail", args=[pk])
    own_page = page.path.startswith(own) and page.path != request.path and ".." not in page.path
    ours = page.netloc in ("", request.get_host()) and (page.path == home or own_page)
    return page._replace(scheme="", netloc="").geturl() if ours else home
