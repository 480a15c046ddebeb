"""Doors to what was changed about one customer."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from audit.changes import Mark
from customers import history
from customers.card import open_card, read_card
from grids.views import wants_fragment
from setup.reasons import Reasoned
from users.requests import SignedInRequest

PER_PAGE = 50
FEW = 5
MAY_LOOK = "audit.view_act"
CONFLICT, WRONG = 409, 422


@require_safe
@never_cache
@vary_on_headers("HX-Request")
@permission_required(("customers.view_customer", MAY_LOOK), raise_exception=True)
def customer_audit(request: SignedInRequest, pk: int) -> HttpResponse:
    """The tab, from change to change by `before`; for htmx the few latest, as a panel of the first tab."""
    if wants_fragment(request):
        customer = read_card(request.user, pk).customer
        context = {"customer": customer, "changes": history.changes_of(pk, request.user, FEW)}
        return render(request, "customers/_latest_changes.html", context)
    context = open_card(request.user, pk, "audit")
    before = Mark.read(request.GET.get("before", ""))
    changes = history.changes_of(pk, request.user, PER_PAGE, before=before)
    older = changes[-1].mark.word if len(changes) == PER_PAGE else ""
    return render(
        request, "customers/audit.html", context | {"changes": changes, "before": before, "older": older}
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(("customers.view_customer", MAY_LOOK), raise_exception=True)
def customer_change(request: SignedInRequest, pk: int, change: str) -> HttpResponse:
    """One change with what was before and after; posting takes it back."""
    context = open_card(request.user, pk, "audit")
    found = history.change_of(pk, request.user, change)
    if found is None:
        raise Http404(_("There is no such change."))
    status, form, obstacle = 200, Reasoned(), ""
    if request.method == "POST":
        form = Reasoned(request.POST)
        if history.forbidden(found, request.user):
            raise PermissionDenied
        if form.is_valid():
            try:
                history.revert(found, pk, by=request.user, reason=form.cleaned_data["reason"])
            except history.Refused as refused:
                status, obstacle = CONFLICT, str(refused)
            else:
                messages.success(request, _("The change was taken back."))
                return redirect("customers:audit", pk)
        else:
            status = WRONG
    may_revert = history.may_revert(found, request.user)
    if may_revert and not obstacle:
        obstacle = str(history.obstacle(found, pk, request.user))
    context |= {
        "change": found,
        "form": form,
        "may_revert": may_revert and not obstacle,
        "obstacle": obstacle,
    }
    return render(request, "customers/change.html", context, status=status)
