"""/healthz and /readyz: what a container's healthcheck, a load balancer or a watchdog asks.

They answer on any host, because a probe comes by address; hence they stand before SiteMiddleware, know
these paths and no others, and say nothing that a stranger should not read.
"""

import threading
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from connexcs_admin import health

KEPT_S = 1.0  # however often they are asked, the probes run once a second per process
PATIENCE_S = 5.0

_looking = threading.Lock()
_last: tuple[float, list[health.Finding]] | None = None


def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive. Touches nothing, so that a database that is down does not get it restarted."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when all is well, else 503; what each probe found."""
    found = recent_findings()
    if found is None:
        return JsonResponse({"ready": False, "probes": {}}, status=503)
    ready = all(finding.ok for finding in found)
    probes = {finding.name: {"ok": finding.ok, "sentence": finding.sentence} for finding in found}
    return JsonResponse({"ready": ready, "probes": probes}, status=200 if ready else 503)


def recent_findings() -> list[health.Finding] | None:
    """At most KEPT_S old; None when somebody else has been looking for too long."""
    global _last
    if not _looking.acquire(timeout=PATIENCE_S):
        return None
    try:
        if _last is None or time.monotonic() - _last[0] > KEPT_S:
            _last = (time.monotonic(), health.findings())
        return _last[1]
    finally:
        _looking.release()


DOORS: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/healthz": healthz, "/readyz": readyz}


class HealthMiddleware:
    """Answers the paths in DOORS, exactly as they are written there, and lets everything else pass."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        door = DOORS.get(request.path)
        if door is None:
            return self.get_response(request)
        response = (
            door(request) if request.method in ("GET", "HEAD") else HttpResponseNotAllowed(["GET", "HEAD"])
        )
        response["Cache-Control"] = "no-store"
        return response
