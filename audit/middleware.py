"""Notes where a request came from, for the history rows it will make."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from audit.acts import origin
from audit.sources import Source
from users.addresses import client_ip
from users.models import Kind


class WhoMiddleware:
    """Puts the client's address and the request id into the context of `audit.acting`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = origin.set(
            {
                "ip": client_ip(request) or "",
                "request": getattr(request, "request_id", ""),
                "source": _source_of(request).value,
            }
        )
        try:
            return self.get_response(request)
        finally:
            origin.reset(token)


def _source_of(request: HttpRequest) -> Source:
    if getattr(request, "site_kind", Kind.STAFF) == Kind.CONTACT:
        return Source.PORTAL
    if request.path.startswith("/api/"):
        return Source.API
    return Source.ADMIN if request.path.startswith("/admin/") else Source.FORM
