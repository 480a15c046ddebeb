"""The door through which files come in."""

from __future__ import annotations

import csv
import io

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from imports import services
from imports.errorfile import BYTE_ORDER_MARK
from imports.fields import TARGETS
from imports.forms import UploadForm
from imports.models import State, Upload
from imports.reading import Unreadable
from users.requests import SignedInRequest


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: SignedInRequest, target: str) -> HttpResponse:
    """A page with a form, and the files that somebody has begun; a file leads to its next step."""
    chosen = TARGETS[target]
    if not request.user.has_perm(chosen.permission):
        raise PermissionDenied
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file, pasted = form.cleaned_data["file"], form.cleaned_data["pasted"]
        chunks, name = (file.chunks(), file.name) if file else ([pasted.encode()], _("pasted cells"))
        try:
            stored = services.receive(chunks, name=name, target=chosen, by=request.user)
            return redirect("imports:start", stored.pk)
        except Unreadable as refused:
            form.add_error("file" if file else "pasted", str(refused))
    begun = Upload.objects.visible_to(request.user).filter(target=target).exclude(state=State.DONE)
    context = {"form": form, "target": chosen, "list_url": chosen.list_url, "begun": begun, "at": "upload"}
    done = Upload.objects.visible_to(request.user).filter(target=target, state=State.DONE)
    context["done"] = done[:20]
    context["template_url"] = f"imports:{target}_template"
    return render(request, "imports/upload.html", context, status=422 if form.is_bound else 200)


@require_safe
def template(request: SignedInRequest, target: str) -> HttpResponse:
    """An empty file to fill in: the heads of all fields, those that a row needs first."""
    chosen = TARGETS[target]
    if not request.user.has_perm(chosen.permission):
        raise PermissionDenied
    heads = [str(field.label) for field in sorted(chosen.fields, key=lambda field: not field.required)]
    line = io.StringIO()
    csv.writer(line).writerow(heads)
    return HttpResponse(
        BYTE_ORDER_MARK + line.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{chosen.slug}-template.csv"'},
    )
