"""Doors through which one customer is made and changed."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers import delayed, hours, merging, scheduling, services
from customers.editform import DAYS, KEPT, CustomerForm
from customers.models import Customer
from users.requests import SignedInRequest

CONFLICT, WRONG = 409, 422


@permission_required("customers.add_customer", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def customer_new(request: SignedInRequest) -> HttpResponse:
    """A form with what a customer usually begins with, or with what the one before it had (KEPT)."""
    if request.method != "POST":
        initial = {name: request.GET[name][:20] for name in KEPT if name in request.GET}
        return _page(request, CustomerForm(user=request.user, initial=initial))
    form = CustomerForm(request.POST, user=request.user)
    if form.is_valid():
        fields = {**form.values, **services.belongs_to(request.user)}
        try:
            customer = services.create_customer(
                by=request.user, reason=form.cleaned_data["reason"], week=form.week, **fields
            )
        except ValidationError as error:  # somebody took the name in between
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("%(name)s was made.") % {"name": customer})
            return _onwards(request, customer)
    return _page(request, form, status=WRONG)


@permission_required("customers.change_customer", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def customer_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """The same form, filled. What others changed meanwhile is kept; what both changed is asked about."""
    if request.method != "POST":
        return _page(request, CustomerForm(user=request.user, instance=_read(request, pk)))
    with transaction.atomic():
        customer = _read(request, pk, locked=True)
        stored = CustomerForm(user=request.user, instance=customer)
        opened = merging.unseal(request.POST.get("opened", ""))
        merged = merging.merge(stored, request.POST, opened, request.POST.get("theirs", ""))
        form = CustomerForm(merged.data, user=request.user, instance=customer)
        if merged.collisions or "theirs" in request.POST:
            form.is_valid()
            return _page(request, form, stored=stored, collisions=merged.collisions, status=CONFLICT)
        if form.is_valid() and request.POST.get("save") == "delay":
            if _delay(request, form, pk):
                return HttpResponseRedirect(reverse("customers:edit", args=[pk]))
        elif form.is_valid():
            try:
                customer = services.change_customer(
                    pk, form.values, by=request.user, reason=form.cleaned_data["reason"], week=form.week
                )
            except ValidationError as error:
                form.add_error(None, error.messages)
            else:
                _tell(request, customer, merged.theirs)
                return _onwards(request, customer)
    return _page(request, form, stored=stored, status=WRONG)


def _delay(request: SignedInRequest, form: CustomerForm, pk: int) -> bool:
    """Whether what the form says waits now for its time; nothing of the customer has changed."""
    zone = ZoneInfo(request.user.time_zone or "UTC")
    span, moment = request.POST.get("delay_for", ""), request.POST.get("delay_at", "")
    try:
        if set(DAYS) & set(form.changed_data):
            raise ValidationError(_("Hours cannot be delayed. Save them at once, and the rest with a delay."))
        at = scheduling.read_time(span, moment, zone, timezone.now())
        scheduling.delay(pk, form.values, at, by=request.user, reason=form.cleaned_data["reason"])
    except ValidationError as error:
        form.add_error(None, error.messages)
        return False
    words = _("Nothing is changed yet. It will be at %(at)s, %(zone)s.")
    said = at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    messages.success(request, words % {"at": said, "zone": zone.key})
    return True


def _read(request: SignedInRequest, pk: int, *, locked: bool = False) -> Customer:
    rows = Customer.objects.visible_to(request.user)
    found = (rows.select_for_update(no_key=True, of=("self",)) if locked else rows).filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such customer."))
    return found


def _tell(request: SignedInRequest, customer: Customer, theirs: list[str]) -> None:
    text = _("%(name)s was saved.") % {"name": customer}
    if theirs:
        text += " " + _("Kept as somebody else saved it meanwhile: %(fields)s.") % {
            "fields": ", ".join(theirs)
        }
    messages.success(request, text)


def _onwards(request: SignedInRequest, customer: Customer) -> HttpResponseRedirect:
    """Where the button leads: back to the customer, to its form once more, or to an empty form."""
    after = request.POST.get("save", "")
    if after == "stay":
        return HttpResponseRedirect(reverse("customers:edit", args=[customer.pk]))
    if after == "another" and request.user.has_perm("customers.add_customer"):
        kept = f"?currency={customer.currency_id}&status={customer.status}&tax={customer.tax:f}"
        return HttpResponseRedirect(reverse("customers:new") + kept)
    return HttpResponseRedirect(reverse("customers:detail", args=[customer.pk]))


def _page(
    request: SignedInRequest,
    form: CustomerForm,
    *,
    stored: CustomerForm | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    customer = form.instance if form.instance.pk else None
    context = {
        "form": form,
        "customer": customer,
        "opened": merging.seal(stored or form) if customer else "",
        "wrong": len(form.errors),
        "zones": sorted(available_timezones()),
        **more,
    }
    if customer:
        now, week = timezone.now(), customer.week
        context |= {
            "waiting": delayed.waiting_for(customer, request.user),
            "zone": request.user.time_zone or "UTC",
            "delay_for": request.POST.get("delay_for", ""),
            "delay_at": request.POST.get("delay_at", ""),
        }
        turns = hours.next_change(week, customer.time_zone, now)
        context |= {"may_call": hours.is_open(week, customer.time_zone, now), "turns": turns, "now": now}
    return render(request, "customers/form.html", context, status=status)
