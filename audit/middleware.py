"""Notes where a request came from, for the history rows it will make."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from audit.acts import origin
from users.addresses import client_ip


class WhoMiddleware:
    """Puts the client's address and the request id into the context of `audit.acting`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = origin.set(
            {
                "ip": client_ip(request) or "",
                "request": getattr(request, "request_id", ""),
            }
        )
        try:
            return self.get_response(request)
        finally:
            origin.reset(token)
