"""The steps in which a file is put right: values that mean nothing, and the problems of a check."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from imports import offers, services
from imports.models import Upload
from imports.steps import checked, of_owner, open_only, step_context
from users.requests import SignedInRequest

PROBLEMS_PER_PAGE = 50
ALIKE_SHOWN = 6  # so many texts of one problem are offered to be set in all their rows


@require_http_methods(["GET", "HEAD", "POST"])
@of_owner
@open_only
def values(request: SignedInRequest, upload: Upload) -> HttpResponse:
    """Texts of choices that mean nothing, each mapped once for all rows."""
    if request.method == "POST":
        services.correct(upload, swaps=_swaps(request.POST, upload))
        return checked(request, upload)
    if upload.findings is None:
        return redirect("imports:check", upload.pk)
    context = {"choices": offers.of_strangers(upload), "blank": offers.BLANK}
    return render(request, "imports/values.html", step_context(upload, "values") | context)


@require_http_methods(["GET", "HEAD", "POST"])
@of_owner
@open_only
def check(request: SignedInRequest, upload: Upload) -> HttpResponse:
    """What the import would do, and every problem; POST checks again."""
    if request.method == "POST":
        return checked(request, upload)
    groups = _groups(upload)
    number = request.GET.get("group", "")
    chosen = groups[int(number)] if number.isdecimal() and int(number) < len(groups) else None
    problems = upload.problems.all()
    alike: list[dict[str, Any]] = []
    if chosen:
        problems = problems.filter(kind=chosen["kind"], column=chosen["column"])
        texts = problems.exclude(field="").exclude(place=-1).values("field", "text")
        counted = texts.annotate(rows=Count("row", distinct=True)).order_by("-rows", "text")
        alike = [{**same} for same in counted[:ALIKE_SHOWN]]
    page = Paginator(problems, PROBLEMS_PER_PAGE).get_page(request.GET.get("page"))
    names = {problem.field for problem in page} | {same["field"] for same in alike}
    legal = offers.legal(upload.becomes, names)
    for same in alike:
        same["offered"] = legal.get(same["field"])
    context = {
        "groups": groups,
        "chosen": chosen,
        "number": number,
        "page": page,
        "problems": [(problem, legal.get(problem.field)) for problem in page],
        "alike": alike,
    }
    return render(request, "imports/check.html", step_context(upload, "check") | context)


@require_POST
@of_owner
@open_only
def mend(request: SignedInRequest, upload: Upload) -> HttpResponse:
    """Corrects cells, one by one or all alike, or leaves out rows; then counts again."""
    chosen = (request.POST.get("kind", ""), request.POST.get("column", ""))
    if "skip_all" in request.POST:
        services.skip_alike(upload, kind=chosen[0], column=chosen[1])
    elif "take_all" in request.POST:
        services.correct(upload, take=upload.decided.skipped)
    elif request.POST.get("skip", "").isdecimal():
        services.correct(upload, skip=[int(request.POST["skip"])])
    elif "alike" in request.POST:
        services.correct(upload, swaps=_swaps(request.POST, upload, typed_only=True))
    else:
        services.correct(upload, cells=_cells(request.POST, upload))
    answer = checked(request, upload)
    left = [
        number for number, group in enumerate(_groups(upload)) if (group["kind"], group["column"]) == chosen
    ]
    if left and upload.findings:
        answer["Location"] += f"?group={left[0]}"
    return answer


def _groups(upload: Upload) -> list[dict[str, Any]]:
    counted = upload.problems.values("kind", "column").annotate(rows=Count("row", distinct=True))
    return [{**group} for group in counted.order_by("-rows", "column", "kind")]


def _swaps(
    posted: QueryDict, upload: Upload, *, typed_only: bool = False
) -> dict[str, dict[str, str | None]]:
    """field -> text -> what was chosen instead (None: nothing). typed_only: nothing chosen changes nothing.

    Posted as three lists side by side; the word "blank" for a text says that it is to be left out.
    """
    known = {field.name for field in upload.becomes.fields}
    swaps: dict[str, dict[str, str | None]] = {}
    lists = (posted.getlist(name) for name in ("swap_field", "swap_text", "swap_to"))
    for name, text, instead in zip_longest(*lists, fillvalue=""):
        if name in known and (instead or not typed_only):
            swaps.setdefault(name, {})[text] = "" if instead == offers.BLANK else instead or None
    return swaps


def _cells(posted: QueryDict, upload: Upload) -> dict[tuple[int, str], str]:
    """(row, field name) -> what was typed into `cell-<row>-<field>`, where it differs from what stands."""
    typed = {}
    for key, text in posted.items():
        row, _dash, name = key.removeprefix("cell-").partition("-")
        if key.startswith("cell-") and row.isdecimal():
            typed[int(row), name] = str(text)
    stored = upload.problems.filter(row__in={row for row, _name in typed})
    stands = {(row, name): text for row, name, text in stored.values_list("row", "field", "text")}
    return {at: text for at, text in typed.items() if at in stands and stands[at] != text}
