"""The quarantine inbox on the staff site: refused records, tried again or dismissed by a person."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from calls import quarantine
from calls.fields import Cause
from calls.inboxgrid import QuarantineGrid
from calls.models import QuarantinedRecord, UnreadBody
from calls.models.quarantine import QuarantineQuerySet
from calls.replay import replay
from grids import formats
from grids.grid import Grid
from grids.selection import Selection
from grids.views import GridView
from users.requests import SignedInRequest

# What one press of a button takes on while a person waits; `manage.py quarantine` has no such limit.
AT_ONCE = 500
MOST_BODIES = 20


class InboxView(GridView):
    """Refused records, those that wait unless something else is asked for."""

    grid_class = QuarantineGrid
    url_name = "pages:quarantine"
    template = "calls/quarantine.html"
    fragment = "calls/_quarantine.html"

    def context(self, grid: Grid) -> dict[str, Any]:
        chosen = grid.state.filters.on("cause")
        single = chosen is not None and chosen.operator == "in" and len(chosen.values) == 1
        return {
            "may_act": grid.user.has_perm("calls.change_quarantinedrecord"),
            "cause": chosen.values[0] if chosen and single else "",
            "at_once": AT_ONCE,
            "bodies": _bodies(grid.user),
        }


def _one_of(value: str, legal: list[str]) -> str:
    return value if value in legal else ""


def _bodies(user: Any) -> list[UnreadBody]:
    """Deliveries of which nothing could be read; they are counted, not kept."""
    if user.reseller_id or not user.has_perm("customers.view_every_customer"):
        return []
    return list(UnreadBody.objects.select_related("switch")[:MOST_BODIES])


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("calls.change_quarantinedrecord", raise_exception=True)
def replay_records(request: SignedInRequest) -> HttpResponse:
    """Tries the chosen records again."""
    chosen = _chosen(request)
    if request.method == "POST" and chosen is not None:
        done = replay(chosen, by=request.user)
        words = _("%(stored)s stored, %(known)s known already, %(refused)s refused again.") % {
            "stored": formats.format_count(done.stored),
            "known": formats.format_count(done.known),
            "refused": formats.format_count(done.refused),
        }
        (messages.warning if done.refused else messages.success)(request, words)
    return _back(request)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("calls.change_quarantinedrecord", raise_exception=True)
def dismiss_records(request: SignedInRequest) -> HttpResponse:
    """Closes the chosen records for good, with a reason."""
    chosen = _chosen(request)
    if request.method == "POST" and chosen is not None:
        reason = request.POST.get("reason", "").replace("\x00", "")[:500]
        try:
            count = quarantine.dismiss(chosen, by=request.user, reason=reason)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            words = ngettext("%(n)d record was dismissed.", "%(n)d records were dismissed.", count)
            messages.success(request, words % {"n": count})
    return _back(request)


def _chosen(request: SignedInRequest) -> QuarantineQuerySet | None:
    """The ticked records, or with `all` the next AT_ONCE that wait (of one cause); None if there are none."""
    waiting = QuarantinedRecord.objects.visible_to(request.user).waiting()
    if request.POST.get("all"):
        cause = _one_of(request.POST.get("cause", ""), Cause.values)
        of_cause = waiting.filter(cause=cause) if cause else waiting
        ids: list[Any] = list(of_cause.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    else:
        sent = Selection.read(request.POST).ids[:AT_ONCE]
        ids = [int(pk) for pk in sent if pk.isascii() and pk.isdigit() and len(pk) < 19]
    if not ids:
        if request.method == "POST":
            messages.warning(request, _("Nothing is ticked. Tick the records that it is about."))
        return None
    return waiting.filter(pk__in=ids)


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """The records that still wait, of the same cause."""
    asked = {"f.state": "in:waiting"}
    if cause := _one_of(request.POST.get("cause", ""), Cause.values):
        asked["f.cause"] = f"in:{cause}"
    query = urlencode(asked | {"s": "-last"}, safe=":")
    return redirect(f"{reverse('pages:quarantine')}?{query}")
