"""What every request passes: a request id, and a sign-in that htmx can follow."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.encoding import escape_uri_path

from connexcs_admin import logs
from connexcs_admin.health import doors as health_doors

access = logging.getLogger("connexcs_admin.access")

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
# Parameters of doors that are secrets: a path with one is a key to somebody's account.
SECRET_PARAMETERS = {"key", "token", "uidb36", "uidb64"}


class RequestIdMiddleware:
    """Gives each request an id, shown on error pages, in log lines and sent back as X-Request-ID.

    A proxy of ours may have given it one already. Writes the line that says what became of the request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = _given_id(request) or uuid.uuid4().hex[:12]  # type: ignore[attr-defined]
        begun = time.monotonic()
        with logs.doing(logs.Doing(request.request_id, request)):  # type: ignore[attr-defined]
            response = self.get_response(request)
            _say(request, response, time.monotonic() - begun)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


def _given_id(request: HttpRequest) -> str | None:
    given = request.headers.get("X-Request-ID", "")
    return given if settings.ALLAUTH_TRUSTED_PROXY_COUNT and REQUEST_ID.fullmatch(given) else None


def _say(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """One line for each request, without the query string: it has words that people search for."""
    path = path_without_secrets(request)
    fields = {
        "method": request.method,
        "path": path,
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 1),
    }
    # That a probe went well is no news.
    is_news = response.status_code >= 300 or request.path not in health_doors.DOORS
    level = logging.INFO if is_news else logging.DEBUG
    access.log(level, "%s %s %s", request.method, path, response.status_code, extra={"fields": fields})


def path_without_secrets(request: HttpRequest) -> str:
    path = request.path
    match = request.resolver_match
    for name, value in (match.kwargs if match else {}).items():
        if name in SECRET_PARAMETERS:
            path = path.replace(str(value), "***")
    return escape_uri_path(path)


class SignInMiddleware(LoginRequiredMiddleware):
    """Every view wants a signed-in user unless it says otherwise; htmx is told to load the sign-in page."""

    def handle_no_permission(  # type: ignore[override]  # the stubs know of redirects only
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponse:
        if request.headers.get("HX-Request") != "true":
            return super().handle_no_permission(request, view_func)
        # What asked was a part of a page; after the sign-in the person wants the page.
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        here = page._replace(scheme="", netloc="").geturl() if page.netloc == request.get_host() else ""
        sign_in = redirect_to_login(here or "/", self.get_login_url(view_func), REDIRECT_FIELD_NAME)
        return HttpResponse(status=204, headers={"HX-Redirect": sign_in["Location"]})
