"""Doors of delayed changes: the log, cancel and run now."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from customers import scheduling
from customers.bulkform import WORDS
from customers.models import Customer, ScheduledChange
from users.models import User
from users.requests import SignedInRequest

MAY_CHANGE = "customers.change_customer"
SHOWN = 200


def lines(change: ScheduledChange) -> list[tuple[str, str, str]]:
    """(field, value when it was asked for, value to come) in words."""
    return [
        (str(Customer._meta.get_field(name).verbose_name), _read(name, change.before[name]), _read(name, new))  # type: ignore[union-attr]
        for name, new in change.fields.items()
    ]


def _read(name: str, value: Any) -> str:
    field: Any = Customer._meta.get_field(name)
    if value in (None, "", []):
        return "—"
    if isinstance(value, bool):
        return str(WORDS["on" if value else "off"])
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if field.related_model is not None:
        row = field.related_model._default_manager.filter(pk=value).first()
        return str(row or f"#{value}")
    return str(dict(field.flatchoices).get(value, value))


def waiting_for(customer: Customer, user: User) -> list[dict[str, Any]]:
    """What waits for a customer, for its form."""
    found = ScheduledChange.objects.visible_to(user).waiting().filter(customer=customer)
    return [{"change": one, "lines": lines(one)} for one in found.select_related("asked_by")]


@require_safe
@permission_required(MAY_CHANGE, raise_exception=True)
def delay_log(request: SignedInRequest) -> HttpResponse:
    """What waits, the next first; then what has ended, the last first."""
    seen = ScheduledChange.objects.visible_to(request.user).select_related("customer", "asked_by")
    waiting = seen.waiting()[:SHOWN]
    ended = seen.exclude(state=ScheduledChange.State.WAITING).order_by("-ended_at", "-pk")[:SHOWN]
    context = {
        "zone": request.user.time_zone or "UTC",
        "waiting": [(one, lines(one)) for one in waiting],
        "ended": [(one, lines(one)) for one in ended],
    }
    return render(request, "customers/delayed.html", context)


@require_POST
@permission_required(MAY_CHANGE, raise_exception=True)
def delay_cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ends one before its time."""
    _seen(request, pk)
    if scheduling.cancel(pk, by=request.user):
        messages.success(request, _("The delayed change is cancelled. Nothing was changed."))
    else:
        messages.warning(request, _("It had ended already."))
    return redirect("customers:delayed")


@require_POST
@permission_required(MAY_CHANGE, raise_exception=True)
def delay_run(request: SignedInRequest, pk: int) -> HttpResponse:
    """Carries one out now."""
    _seen(request, pk)
    change = scheduling.run(pk)
    if change is None:
        messages.warning(request, _("It had ended already."))
    elif change.state == ScheduledChange.State.DONE:
        messages.success(request, _("The change is carried out. %(note)s") % {"note": change.note})
    else:
        messages.error(request, _("The change was refused: %(note)s") % {"note": change.note})
    return redirect("customers:delayed")


def _seen(request: SignedInRequest, pk: int) -> None:
    if not ScheduledChange.objects.visible_to(request.user).filter(pk=pk).exists():
        raise Http404(_("There is no such change."))
