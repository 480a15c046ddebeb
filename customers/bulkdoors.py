"""Doors of bulk edit: the form, what it would do, what it did, and the way back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.changes import Names
from customers import bulk
from customers.bulkform import BulkForm
from customers.chosen import ticked
from customers.models import BulkChange, Customer
from grids import formats
from grids.selection import Selection, Unclear
from users.requests import SignedInRequest

NAMED = 5  # customers that one reason names
SHOWN = 50  # rows of a preview or a report
KEPT = 100  # bulk changes that are listed
MAY_CHANGE = "customers.change_customer"
Line = tuple[str, str, str]  # field, before, after
WRONG = 422


@permission_required(MAY_CHANGE, raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def customers_bulk(request: SignedInRequest) -> HttpResponse:
    """By POST the form for what was ticked, its preview, and the change; by GET what was changed so far.

    `step`: empty for the form as the list opens it, `preview`, or `save`, which is heard only if what would
    be written is what the preview has shown.
    """
    if request.method != "POST":
        changes = BulkChange.objects.visible_to(request.user).select_related("made_by").defer("rows")
        return render(request, "customers/bulk_list.html", {"changes": changes[:KEPT]})
    chosen, step = Selection.read(request.POST), request.POST.get("step", "")
    try:
        ids = ticked(request.user, chosen)
    except Unclear as unclear:
        messages.warning(request, str(unclear))
        return redirect("customers:list")
    if not ids:
        messages.warning(request, _("No customer is ticked, or all of them are gone already."))
        return redirect("customers:list")
    form = BulkForm(request.POST if step else None, user=request.user)
    more: dict[str, Any] = {}
    if form.is_valid():
        if step == "save":
            try:
                made = bulk.change_many(
                    ids,
                    form.instructions,
                    by=request.user,
                    reason=form.cleaned_data["reason"],
                    said=form.said,
                    seen=request.POST.get("seen", ""),
                )
            except bulk.Differs as other:
                more = _preview(form, other.plan) | {"changed_since": True}
            else:
                messages.success(request, _done(made))
                return redirect("customers:bulk_report", made.pk)
        else:
            more = _preview(form, bulk.plan(ids, form.instructions, by=request.user))
    present = dict(bulk.present_values(ids, form.names, by=request.user))
    context = {
        "form": form,
        "lines": list(form.lines(present)),
        "count": len(ids),
        # Exactly these from now on, whatever matches later.
        "ids": ",".join(map(str, ids)),
        "missing": chosen.missing(len(ids)),
        **more,
    }
    return render(request, "customers/bulk.html", context, status=WRONG if form.errors else 200)


def _preview(form: BulkForm, planned: bulk.Plan) -> dict[str, Any]:
    """What the template shows of a plan."""
    return {
        "plan": planned,
        "shown": _shown(form, planned.changes[:SHOWN]),
        "refused": _by_reason(planned.refused),
        "seen": planned.seal,
    }


def _shown(form: BulkForm, changes: list[bulk.Change]) -> list[tuple[bulk.Change, list[Line]]]:
    """Changes with lines (field, before, after) in words."""
    by_column = {bulk.field_of(name).attname: name for name in form.names}
    names = Names(
        (bulk.field_of(column), value)
        for one in changes
        for values in (one.before, one.after)
        for column, value in values.items()
    )

    def lines(one: bulk.Change) -> list[Line]:
        named = [(by_column[column], column) for column in one.after if column in by_column]
        return [
            (
                str(form.fields[f"do_{name}"].label),
                form.read(name, one.before[column], names),
                form.read(name, one.after[column], names),
            )
            for name, column in named
        ]

    return [(one, lines(one)) for one in changes]


def _by_reason(refused: list[tuple[int, str, str]]) -> list[tuple[str, list[tuple[int, str]], int]]:
    """(why, the first few customers, how many others) for each reason, the commonest first."""
    found: dict[str, list[tuple[int, str]]] = {}
    for pk, name, why in refused:
        found.setdefault(why, []).append((pk, name))
    ordered = sorted(found.items(), key=lambda item: -len(item[1]))
    return [(why, rows[:NAMED], max(len(rows) - NAMED, 0)) for why, rows in ordered]


def _done(made: BulkChange) -> str:
    words = ngettext("%(n)s customer was changed.", "%(n)s customers were changed.", made.changed)
    text = words % {"n": formats.format_count(made.changed)}
    if made.refused:
        text += " " + _("%(n)s could not be.") % {"n": formats.format_count(len(made.refused))}
    return text


@require_safe
@permission_required(MAY_CHANGE, raise_exception=True)
def bulk_report(request: SignedInRequest, pk: int) -> HttpResponse:
    """What one bulk change did, with the way back."""
    made = _read(request, pk)
    left = [*made.refused, *made.conflicts]
    seen = Customer.objects.visible_to(request.user).filter(pk__in=[one[0] for one in left[: 2 * SHOWN]])
    names = dict(seen.values_list("pk", "name"))
    context = {
        "change": made,
        "open": bulk.is_open(made),
        "days": bulk.UNDO_DAYS,
        "refused": [(key, names.get(key), why) for key, why in made.refused[:SHOWN]],
        "conflicts": [(key, names.get(key), why) for key, why in made.conflicts[:SHOWN]],
    }
    return render(request, "customers/bulk_report.html", context)


@require_POST
@permission_required(MAY_CHANGE, raise_exception=True)
def bulk_undo(request: SignedInRequest, pk: int) -> HttpResponse:
    """Takes one bulk change back, and says what it had to leave."""
    try:
        made = bulk.undo(pk, by=request.user)
    except BulkChange.DoesNotExist:
        raise Http404(_("There is no such change.")) from None
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        left = len(made.conflicts)
        words = ngettext(
            "%(n)s customer is as it was.", "%(n)s customers are as they were.", made.changed - left
        )
        messages.success(request, words % {"n": formats.format_count(made.changed - left)})
    return redirect("customers:bulk_report", pk)


def _read(request: SignedInRequest, pk: int) -> BulkChange:
    found = (
        BulkChange.objects.visible_to(request.user)
        .select_related("made_by", "undone_by")
        .defer("rows")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404(_("There is no such change."))
    return found
