"""Doors of the Auth and Routing tabs of a customer's page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from customers.card import open_card
from customers.models import Customer
from routing import services
from routing.addresses import is_private
from routing.effects import effect_of_deleting
from routing.forms import IpAuthForm, RouteForm, SipUserForm
from routing.models import IngressRoute, IpAuth, SipUser
from users.requests import SignedInRequest

NAMES_SHOWN = 3
# A refused form stands under the address it was sent to. Who reloads that, comes back to it or signs in
# again there asks with GET and is led to the tab.
FORM = ["GET", "HEAD", "POST"]


def _auth_page(request: SignedInRequest, customer_id: int, *, status: int = 200, **more: Any) -> HttpResponse:
    """The Auth tab; `more` brings a form with errors, or the password that is shown once."""
    context = open_card(request.user, customer_id, "auth") | {
        "ip_auths": _readable(request, IpAuth, "routing.view_ipauth", customer_id),
        "sip_users": _readable(request, SipUser, "routing.view_sipuser", customer_id),
        "ip_form": IpAuthForm(auto_id="ip_%s"),
        "user_form": SipUserForm(auto_id="user_%s"),
    }
    return render(request, "routing/auth.html", context | more, status=status)


def _readable(
    request: SignedInRequest, model: type[IpAuth | SipUser], permission: str, customer_id: int
) -> QuerySet[Any]:
    """A customer's entries; none for who may add but not read, and is shown the page with errors."""
    rows = model._default_manager.filter(customer_id=customer_id)
    return rows if request.user.has_perm(permission) else rows.none()


def _routes_page(
    request: SignedInRequest, customer_id: int, form: RouteForm, *, status: int = 200
) -> HttpResponse:
    context = open_card(request.user, customer_id, "routing") | {
        "routes": IngressRoute.objects.filter(customer_id=customer_id),
        "form": form,
    }
    return render(request, "routing/routes.html", context, status=status)


def _visible_or_404(request: SignedInRequest, customer_id: int) -> Customer:
    return get_object_or_404(Customer.objects.visible_to(request.user), pk=customer_id)


@require_safe
@permission_required("routing.view_ipauth", raise_exception=True)
def auth(request: SignedInRequest, customer_id: int) -> HttpResponse:
    """IP entries and SIP users of a customer, with the forms that add one."""
    return _auth_page(request, customer_id)


@require_http_methods(FORM)
@permission_required("routing.add_ipauth", raise_exception=True)
def add_ip(request: SignedInRequest, customer_id: int) -> HttpResponse:
    """Adds an IP entry; 422 with the messages at the fields. A shared address is allowed and warned of."""
    customer = _visible_or_404(request, customer_id)
    if request.method != "POST":
        return redirect("routing:auth", customer.pk)
    form = IpAuthForm(request.POST, auto_id="ip_%s")
    if form.is_valid():
        try:
            entry = services.add_ip_auth(customer_id=customer.pk, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("%(host)s was added.") % {"host": entry.host})
            _warn_of_private_addresses(request, entry)
            _warn_of_mix_ups(request, entry)
            return redirect("routing:auth", customer.pk)
    return _auth_page(request, customer.pk, status=422, ip_form=form)


def _warn_of_private_addresses(request: SignedInRequest, entry: IpAuth) -> None:
    """Carriers do use them over VPNs; on the internet no call comes from one."""
    if is_private(entry.host):
        warning = _(
            "%(host)s is a private address: its calls reach us over a VPN or a private line only, never over"
            " the internet. If there is none, delete it and add the customer's public address."
        )
        messages.warning(request, warning % {"host": entry.host})


def _warn_of_mix_ups(request: SignedInRequest, entry: IpAuth) -> None:
    """Names customers whose calls could be taken for this one's; only those the user may see anyway."""
    others = IpAuth.objects.visible_to(request.user).mistaken_for(entry)
    names = list(others.order_by("customer__name").values_list("customer__name", flat=True).distinct())
    if not names:
        return
    shown = ", ".join(names[:NAMES_SHOWN])
    if len(names) > NAMES_SHOWN:
        shown = _("%(names)s and %(n)d more") % {"names": shown, "n": len(names) - NAMES_SHOWN}
    warning = _(
        "%(host)s is also an address of %(names)s. Give one of them a tech prefix, or both CLI"
        " authentication: until then their calls cannot be told apart."
    )
    messages.warning(request, warning % {"host": entry.host, "names": shown})


@never_cache
@require_http_methods(FORM)
@permission_required("routing.add_sipuser", raise_exception=True)
def add_user(request: SignedInRequest, customer_id: int) -> HttpResponse:
    """Adds a SIP user and answers with the page itself, the only one that ever shows the password."""
    customer = _visible_or_404(request, customer_id)
    if request.method != "POST":
        return redirect("routing:auth", customer.pk)
    form = SipUserForm(request.POST, auto_id="user_%s")
    if form.is_valid():
        try:
            user = services.add_sip_user(customer_id=customer.pk, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            return _auth_page(request, customer.pk, made=user, password=form.cleaned_data["password"])
    return _auth_page(request, customer.pk, status=422, user_form=form)


@require_safe
@permission_required("routing.view_ingressroute", raise_exception=True)
def routes(request: SignedInRequest, customer_id: int) -> HttpResponse:
    """Ingress routes of a customer, with the form that adds one."""
    return _routes_page(request, customer_id, RouteForm(auto_id="route_%s"))


@require_http_methods(FORM)
@permission_required("routing.add_ingressroute", raise_exception=True)
def add_route(request: SignedInRequest, customer_id: int) -> HttpResponse:
    """Adds a route; 422 with the messages at the fields."""
    customer = _visible_or_404(request, customer_id)
    if request.method != "POST":
        return redirect("routing:routes", customer.pk)
    form = RouteForm(request.POST, auto_id="route_%s")
    if form.is_valid():
        try:
            route = services.add_route(customer_id=customer.pk, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Route %(name)s was added.") % {"name": route.name})
            return redirect("routing:routes", customer.pk)
    return _routes_page(request, customer.pk, form, status=422)


# --- One entry or route; `model` comes from the URLconf ------------------------------------------------

_TABS = {IpAuth: "auth", SipUser: "auth", IngressRoute: "routes"}


def _entry_or_404(request: SignedInRequest, model: Any, customer_id: int, pk: int, verb: str) -> Any:
    """The entry of this customer. 403 without the right to `verb` it, 404 for what may not be seen."""
    if not request.user.has_perm(f"routing.{verb}_{model._meta.model_name}"):
        raise PermissionDenied
    rows = model.objects.visible_to(request.user).select_related("customer")
    return get_object_or_404(rows, pk=pk, customer_id=customer_id)


@require_http_methods(FORM)
def set_enabled(request: SignedInRequest, customer_id: int, pk: int, model: Any) -> HttpResponse:
    """Switches an entry or route on (`enabled=1`) or off."""
    entry = _entry_or_404(request, model, customer_id, pk, "change")
    if request.method != "POST":
        return redirect(f"routing:{_TABS[model]}", customer_id)
    enabled = request.POST.get("enabled") == "1"
    services.set_enabled(model, entry.pk, enabled, by=request.user)
    done = _("%(entry)s is enabled.") if enabled else _("%(entry)s is disabled.")
    messages.success(request, done % {"entry": entry})
    return redirect(f"routing:{_TABS[model]}", customer_id)


@require_http_methods(FORM)
def delete(request: SignedInRequest, customer_id: int, pk: int, model: Any) -> HttpResponse:
    """Says what deleting would do, and does it."""
    entry = _entry_or_404(request, model, customer_id, pk, "delete")
    tab = _TABS[model]
    if request.method == "POST":
        services.delete(model, entry.pk, by=request.user)
        messages.success(request, _("%(entry)s was deleted.") % {"entry": entry})
        return redirect(f"routing:{tab}", customer_id)
    context = open_card(request.user, customer_id, "auth" if tab == "auth" else "routing")
    return render(
        request,
        "routing/delete.html",
        context | {"entry": entry, "back": tab, "effects": effect_of_deleting(entry)},
    )
