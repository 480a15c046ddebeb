"""What every request passes: a request id, and a sign-in that htmx can follow."""

import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase


class RequestIdMiddleware:
    """Gives each request an id, shown on error pages and sent back as X-Request-ID."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid.uuid4().hex[:12]  # type: ignore[attr-defined]  # ours, read by templates
        response = self.get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


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
