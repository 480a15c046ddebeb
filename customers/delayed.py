"""Doors of delayed changes: the log, cancel and run now."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit.changes import Names
from customers import scheduling
from customers.bulk import field_of
from customers.models import Customer, ScheduledChange
from users.models import User
from users.requests import SignedInRequest

MAY_CHANGE = "customers.change_customer"
SHOWN = 200
Line = tuple[str, str, str]  # field, before, after


def with_lines(changes: Iterable[ScheduledChange]) -> list[tuple[ScheduledChange, list[Line]]]:
    """Each change with its lines: (field, value when it was asked for, value to come) in words."""
    found = list(changes)
    names = Names(
        (field_of(name), value)
        for one in found
        for values in (one.before, one.fields)
        for name, value in values.items()
    )
    return [
        (
            one,
            [
                (str(field.verbose_name), names.words(field, one.before[name]), names.words(field, new))
                for name, new in one.fields.items()
                for field in [field_of(name)]
            ],
        )
        for one in found
    ]


def waiting_for(customer: Customer, user: User) -> list[tuple[ScheduledChange, list[Line]]]:
    """What waits for a customer, for its form."""
    found = ScheduledChange.objects.visible_to(user).waiting().filter(customer=customer)
    return with_lines(found.select_related("asked_by"))


@require_safe
@permission_required(MAY_CHANGE, raise_exception=True)
def delay_log(request: SignedInRequest) -> HttpResponse:
    """What waits, the next first; then what has ended, the last first."""
    seen = ScheduledChange.objects.visible_to(request.user).select_related("customer", "asked_by")
    waiting = seen.waiting()[:SHOWN]
    ended = seen.exclude(state=ScheduledChange.State.WAITING).order_by("-ended_at", "-pk")[:SHOWN]
    context = {
        "zone": request.user.time_zone or "UTC",
        "waiting": with_lines(waiting),
        "ended": with_lines(ended),
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
