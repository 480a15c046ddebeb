"""The door through which files come in."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from imports import services
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
        file = form.cleaned_data["file"]
        try:
            stored = services.receive(file.chunks(), name=file.name, target=chosen, by=request.user)
            return redirect("imports:start", stored.pk)
        except Unreadable as refused:
            form.add_error("file", str(refused))
    begun = Upload.objects.visible_to(request.user).filter(target=target).exclude(state=State.DONE)
    context = {"form": form, "target": chosen, "list_url": chosen.list_url, "begun": begun, "at": "upload"}
    return render(request, "imports/upload.html", context, status=422 if form.is_bound else 200)
