"""The quarantine inbox on the staff site: refused records, tried again or dismissed by a person."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from calls import quarantine
from calls.fields import Cause
from calls.models import QuarantinedRecord, QuarantineState, UnreadBody
from calls.models.quarantine import QuarantineQuerySet
from calls.replay import replay
from grids import formats
from users.requests import SignedInRequest
from users.zones import zone_of

PER_PAGE = 50
# What one press of a button takes on while a person waits; `manage.py quarantine` has no such limit.
AT_ONCE = 500
MOST_BODIES = 20
_SHOWN = 4_000  # characters of a record on the page


@require_safe
@never_cache
@permission_required("calls.view_quarantinedrecord", raise_exception=True)
def inbox(request: SignedInRequest) -> HttpResponse:
    """Records of one state, last received first, and how many wait for each cause."""
    visible = QuarantinedRecord.objects.visible_to(request.user)
    state = _one_of(request.GET.get("state", ""), QuarantineState.values) or QuarantineState.WAITING.value
    cause = _one_of(request.GET.get("cause", ""), Cause.values)
    rows = visible.filter(state=state)
    causes = [
        (key, Cause(key).label, count)
        for key, count in rows.order_by("cause").values_list("cause").annotate(n=Count("pk"))
    ]
    if cause:
        rows = rows.filter(cause=cause)
    found = list(
        _before(rows, visible, request.GET.get("before", "")).select_related("switch", "closed_by")[
            : PER_PAGE + 1
        ]
    )
    path, asked = reverse("pages:quarantine"), {"state": state} | ({"cause": cause} if cause else {})
    older = f"{path}?{urlencode(asked | {'before': found[PER_PAGE - 1].pk})}" if len(found) > PER_PAGE else ""
    context = {
        "rows": [(row, sent(row)) for row in found[:PER_PAGE]],
        "causes": causes,
        "cause": cause,
        "state": state,
        "states": QuarantineState.choices,
        "open": state == QuarantineState.WAITING,
        "at_once": AT_ONCE,
        "path": path,
        "here_url": f"{path}?{urlencode(asked)}",
        "older_url": older,
        "newest_url": f"{path}?{urlencode(asked)}" if request.GET.get("before") else "",
        "bodies": _bodies(request),
        "zone": zone_of(request.user),
    }
    return render(request, "calls/quarantine.html", context)


def _one_of(value: str, legal: list[str]) -> str:
    return value if value in legal else ""


def _before(rows: QuarantineQuerySet, visible: QuarantineQuerySet, pk: str) -> QuarantineQuerySet:
    """Rows after record `pk` in the order of the list; all of them where there is no such record."""
    last = visible.filter(pk=int(pk)).first() if pk.isascii() and pk.isdigit() and len(pk) < 19 else None
    if last is None:
        return rows
    at = last.last_received_at
    return rows.filter(Q(last_received_at__lt=at) | Q(last_received_at=at, pk__lt=last.pk))


def _bodies(request: SignedInRequest) -> list[UnreadBody]:
    """Deliveries of which nothing could be read; they are counted, not kept."""
    if request.user.reseller_id or not request.user.has_perm("customers.view_every_customer"):
        return []
    return list(UnreadBody.objects.select_related("switch")[:MOST_BODIES])


def sent(row: QuarantinedRecord) -> str:
    """What a switch sent, as far as it is text."""
    raw = bytes(row.raw).decode("utf-8", "backslashreplace")
    return raw if len(raw) <= _SHOWN else raw[:_SHOWN] + "…"


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
        ids = [
            int(pk)
            for pk in request.POST.getlist("ids")[:AT_ONCE]
            if pk.isascii() and pk.isdigit() and len(pk) < 19
        ]
    if not ids:
        if request.method == "POST":
            messages.warning(request, _("Nothing is ticked. Tick the records that it is about."))
        return None
    return waiting.filter(pk__in=ids)


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """The list as it was."""
    asked = {"cause": cause} if (cause := _one_of(request.POST.get("cause", ""), Cause.values)) else {}
    query = f"?{urlencode(asked)}" if asked else ""
    return redirect(f"{reverse('pages:quarantine')}{query}")
