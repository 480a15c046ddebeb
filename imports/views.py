"""The door through which files come in."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from imports.fields import TARGETS, Target
from imports.forms import UploadForm
from imports.reading import Unreadable
from imports.engine import Outcome, Plan, import_file
from users.requests import SignedInRequest

SHOWN = 200  # so many problems stand on the page


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: SignedInRequest, target: str) -> HttpResponse:
    """A page with a form; the answer says what was made, or every problem by row and column.

    The button `check` only checks; `import` writes what the check would let through.
    """
    chosen = TARGETS[target]
    if not request.user.has_perm(chosen.permission):
        raise PermissionDenied
    form = UploadForm(request.POST or None, request.FILES or None)
    outcome = None
    if request.method == "POST" and form.is_valid():
        outcome = _outcome(request, form, chosen)
    context = {"form": form, "target": chosen, "outcome": outcome, "list_url": chosen.list_url}
    if outcome:
        context |= _figures(outcome, chosen)
    failed = form.is_bound and (outcome is None or bool(outcome.problems and not outcome.ids))
    return render(request, "imports/upload.html", context, status=422 if failed else 200)


def _outcome(request: SignedInRequest, form: UploadForm, target: Target) -> Outcome | None:
    """None where the file cannot be read; the form then says why."""
    data = form.cleaned_data
    plan = Plan(
        columns={},
        fixed={},
        heads_row=data["heads_row"],
        mark=data["mark"],
        good_rows_only=data["good_rows_only"],
        only_check="import" not in request.POST,
    )
    reason = f"import of {data['file'].name}"
    try:
        return import_file(data["file"].file, target, plan, by=request.user, reason=reason)
    except Unreadable as refused:
        form.add_error("file", str(refused))
        return None


def _figures(outcome: Outcome, target: Target) -> dict[str, object]:
    labels = {field.name: field.label for field in target.fields}
    bad = len({problem.row for problem in outcome.problems})
    return {
        "made": len(outcome.ids),
        "bad": bad,
        "good": outcome.rows - bad,
        "shown": outcome.problems[:SHOWN],
        "more": max(0, len(outcome.problems) - SHOWN),
        "mapped": [(head, labels[name]) for head, name in outcome.mapping.items()],
    }
