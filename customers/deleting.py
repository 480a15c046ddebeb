"""Doors through which customers are deleted and come back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.apps import apps
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers.chosen import ticked
from customers.deletion import Objected, objections_to
from customers.models import Customer
from customers.services import delete_customers, restore_customer
from grids.selection import Selection, Unclear
from setup.reasons import Reasoned
from users.requests import SignedInRequest

AT_ONCE = 500
NAMED = 20  # of those that would be deleted
SHOWN = 200  # of those that were
MAY_DELETE = "customers.delete_customer"


class DeleteForm(Reasoned):
    """Why; and where calls are up, the name of the customer or the number of them, typed.

    wanted: that word, empty where nothing has to be typed.
    """

    typed = forms.CharField(required=False, widget=forms.TextInput({"autocomplete": "off"}))

    def __init__(self, data: QueryDict | None, *, wanted: str) -> None:
        super().__init__(data)
        self.wanted = wanted
        self.fields["typed"].label = _("Type %(word)s to delete nevertheless") % {"word": wanted}
        if not wanted:
            del self.fields["typed"]

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed.casefold() != self.wanted.strip().casefold():
            raise ValidationError(
                _("Calls are up. Type %(word)s to delete nevertheless, or wait until they have ended."),
                params={"word": self.wanted},
            )
        return typed


@permission_required(MAY_DELETE, raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def customers_delete(request: SignedInRequest) -> HttpResponse:
    """The question, with numbers, effect and the way back; and the answer to it."""
    chosen = Selection.read(request.POST if request.method == "POST" else request.GET)
    try:
        ids = ticked(request.user, chosen)
    except Unclear as unclear:
        messages.warning(request, str(unclear))
        return redirect("customers:list")
    named = max(len(ids), len(chosen.ids))
    if named > AT_ONCE:
        words = _("%(n)s customers are ticked, and at most %(most)s are deleted at once. Tick fewer.")
        messages.warning(request, words % {"n": named, "most": AT_ONCE})
        return redirect("customers:list")
    customers = list(Customer.objects.visible_to(request.user).filter(pk__in=ids).order_by("name", "pk"))
    if not customers:
        messages.warning(request, _("No customer is ticked, or all of them are gone already."))
        return redirect("customers:list")
    objections = objections_to([customer.pk for customer in customers])
    wanted = "" if not objections else customers[0].name if len(customers) == 1 else str(len(customers))
    sure = request.method == "POST" and "sure" in request.POST  # the list asks by POST too: ticks may be many
    form = DeleteForm(request.POST if sure else None, wanted=wanted)
    if form.is_valid():
        try:
            gone = delete_customers(
                [customer.pk for customer in customers],
                by=request.user,
                reason=form.cleaned_data["reason"],
                nevertheless=bool(wanted),
            )
        except Objected as objected:  # a call has begun since the question was asked
            objections = objected.objections
            wanted = customers[0].name if len(customers) == 1 else str(len(customers))
            form = DeleteForm(request.POST, wanted=wanted)
        else:
            _tell(request, gone)
            return redirect("customers:list")
    names = {customer.pk: customer.name for customer in customers}
    context = {
        "customers": customers,
        "missing": chosen.missing(len(customers)),
        "named": customers[:NAMED],
        "more": len(customers) - NAMED,
        "objections": [(names[one.customer_id], one) for one in objections],
        "form": form,
    }
    return render(request, "customers/delete.html", context, status=422 if form.is_bound else 200)


@require_safe
@permission_required(MAY_DELETE, raise_exception=True)
def customers_deleted(request: SignedInRequest) -> HttpResponse:
    """Those that can come back, the last deleted first, with who deleted them and why."""
    events = apps.get_model("customers", "CustomerEvent").objects
    last = events.filter(pgh_obj_id=OuterRef("pk")).order_by("-pgh_id")
    rows = (
        Customer.objects.deleted_visible_to(request.user)
        .annotate(
            deleted_by=_said(last, "email"),
            deleted_why=_said(last, "reason"),
        )
        .order_by("-deleted_at", "-pk")
    )
    return render(request, "customers/deleted.html", {"customers": rows[:SHOWN], "most": SHOWN})


@require_POST
@permission_required(MAY_DELETE, raise_exception=True)
def customer_restore(request: SignedInRequest, pk: int) -> HttpResponse:
    """Brings one back, and leads to it."""
    try:
        customer = restore_customer(pk, by=request.user)
    except Customer.DoesNotExist:
        raise Http404(_("There is no such customer.")) from None
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("customers:deleted")
    messages.success(request, _("%(customer)s is back.") % {"customer": customer})
    return redirect("customers:detail", pk)


def _said(events: QuerySet[Any], key: str) -> Subquery:
    """What the context of the first of `events` has under `key`."""
    return Subquery(events.values(said=KeyTextTransform(key, "pgh_context__metadata"))[:1])


def _tell(request: HttpRequest, gone: list[Customer]) -> None:
    words = ngettext("%(name)s was deleted.", "%(n)d customers were deleted.", len(gone))
    way_back = _("They can be brought back under Deleted customers.")
    messages.success(request, f"{words % {'n': len(gone), 'name': gone[0] if gone else ''}} {way_back}")
