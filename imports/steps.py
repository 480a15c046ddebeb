"""The steps between a file and its rows, each with an address of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from imports import errorfile, services, shelf
from imports.forms import ColumnsForm, ReadingForm
from imports.models import State, Upload
from imports.opening import SHOWN_ROWS, open_file
from imports.preview import Preview
from imports.reading import Unreadable
from users.requests import SignedInRequest

Step = Callable[[SignedInRequest, Upload], HttpResponseBase]


def of_owner(step: Step) -> Callable[[SignedInRequest, int], HttpResponseBase]:
    """A step of an upload of one's own, while its rows may still be made by this user."""

    @wraps(step)
    def door(request: SignedInRequest, pk: int) -> HttpResponseBase:
        upload = get_object_or_404(Upload.objects.visible_to(request.user), pk=pk)
        if not request.user.has_perm(upload.becomes.permission):
            raise PermissionDenied
        return step(request, upload)

    return door


def open_only(step: Step) -> Step:
    """A step that is over once the file is imported: it leads to the report then."""

    @wraps(step)
    def door(request: SignedInRequest, upload: Upload) -> HttpResponseBase:
        return redirect("imports:report", upload.pk) if upload.state == State.DONE else step(request, upload)

    return door


@require_http_methods(["GET", "HEAD", "POST"])
@of_owner
@open_only
def start_row(request: SignedInRequest, upload: Upload) -> HttpResponse:
    """The first rows of the file: where data begins, and how the file is read."""
    form = ReadingForm.of(upload.decided, _posted_reading(request, upload))
    if request.method == "POST" and form.is_valid():
        services.decide(upload, **form.cleaned_data)
        return redirect("imports:columns" if "next" in request.POST else "imports:start", upload.pk)
    return _page(request, upload, "start", {"form": form}, faulty=form.is_bound)


@require_http_methods(["GET", "HEAD", "POST"])
@of_owner
@open_only
def columns(request: SignedInRequest, upload: Upload) -> HttpResponse:
    """Which column fills which field, with the first rows as they would be read."""
    plan = upload.decided
    try:
        with shelf.take(upload.key) as file:
            opened = open_file(file, upload.becomes, plan)
    except Unreadable:
        return redirect("imports:start", upload.pk)  # which says why, and can mend it
    current = {place: mapped.name for place, mapped in opened.mapping.items()}
    form = ColumnsForm(opened.heads, upload.becomes, current, request.POST or None)
    if request.method == "POST" and form.is_valid():
        fixed = dict(plan.fixed)
        if name := form.cleaned_data["fixed_field"]:
            fixed[name] = form.cleaned_data["fixed_text"]
        fixed.pop(request.POST.get("unfix", ""), None)
        services.decide(upload, columns=form.columns(), fixed=fixed)
        if "next" not in request.POST:
            return redirect("imports:columns", upload.pk)
        answer = checked(request, upload)
        strangers = (upload.findings or {}).get("strangers")
        return redirect("imports:values", upload.pk) if strangers else answer
    return _page(request, upload, "columns", {"form": form}, faulty=form.is_bound)


@require_POST
@of_owner
@open_only
def run(request: SignedInRequest, upload: Upload) -> HttpResponse:
    """Imports what the check has shown: all rows, or the good ones."""
    try:
        services.decide(upload, good_rows_only="good_rows_only" in request.POST)
        services.run(upload)
    except Unreadable as refused:
        messages.error(request, str(refused))
        return checked(request, upload)
    return redirect("imports:report", upload.pk)


@require_safe
@of_owner
def report(request: SignedInRequest, upload: Upload) -> HttpResponse:
    """What came of an import."""
    if upload.state != State.DONE:
        return redirect("imports:check", upload.pk)
    may_undo = request.user.has_perm(upload.becomes.take_back_permission) and not upload.undone_at
    return render(request, "imports/report.html", step_context(upload, "import") | {"may_undo": may_undo})


@require_POST
@of_owner
def undo(request: SignedInRequest, upload: Upload) -> HttpResponse:
    """Takes back what an import made, for those who may delete such rows."""
    if not request.user.has_perm(upload.becomes.take_back_permission):
        raise PermissionDenied
    services.undo(upload, by=request.user)
    return redirect("imports:report", upload.pk)


@require_safe
@of_owner
def errors(request: SignedInRequest, upload: Upload) -> HttpResponseBase:
    """The rows with problems as a file that can be mended and uploaded again."""
    try:
        found = errorfile.lines(upload)
    except Unreadable as refused:
        messages.error(request, str(refused))
        return redirect("imports:report" if upload.state == State.DONE else "imports:check", upload.pk)
    name = f"{upload.file_name.rpartition('.')[0] or upload.file_name}-problems.csv"
    disposition = content_disposition_header(as_attachment=True, filename=name)
    return StreamingHttpResponse(
        (line.encode() for line in found),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": disposition or "attachment"},
    )


@require_POST
@of_owner
def discard(request: SignedInRequest, upload: Upload) -> HttpResponse:
    """Forgets a file; what was imported from it stays."""
    services.discard(upload)
    return redirect(f"imports:{upload.target}")


def _posted_reading(request: SignedInRequest, upload: Upload) -> dict[str, Any] | None:
    """What was posted; a button beside a row sends that row alone, the rest stays as it is."""
    if request.method != "POST":
        return None
    plan = upload.decided
    kept = {name: getattr(plan, name) for name in ReadingForm.base_fields}
    sent = {name: request.POST[name] for name in kept if name in request.POST}
    if row := request.POST.get("set_start_row"):
        sent["start_row"] = row
    return kept | sent


def checked(request: SignedInRequest, upload: Upload) -> HttpResponse:
    """Checks and leads to what was found, or says why it cannot be checked."""
    try:
        services.check(upload)
    except Unreadable as refused:
        messages.error(request, str(refused))
        return redirect("imports:columns", upload.pk)
    return redirect("imports:check", upload.pk)


def _page(
    request: SignedInRequest, upload: Upload, step: str, more: dict[str, Any], *, faulty: bool
) -> HttpResponse:
    """A page with the first rows of the file, or with the reason why they cannot be shown."""
    context = step_context(upload, step) | more
    try:
        with shelf.take(upload.key) as file:
            opened = open_file(file, upload.becomes, upload.decided)
            context["preview"] = Preview.of(opened, upload.becomes, upload.decided, rows=SHOWN_ROWS)
    except Unreadable as refused:
        context["unreadable"] = str(refused)
    return render(request, f"imports/{step}.html", context, status=422 if faulty else 200)


def step_context(upload: Upload, step: str) -> dict[str, Any]:
    """What the frame of every step reads (imports/step.html)."""
    target = upload.becomes
    return {
        "upload": upload,
        "target": target,
        "list_url": target.list_url,
        "at": step,
        "plan": upload.decided,
        "before": Upload.objects.imported_before(upload),
        "again": f"imports:{target.slug}",
    }
