"""May a proxy get a certificate for this host name? Asked once before it does."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotFound

from setup.models import PortalDomain

PATH = "/internal/tls-ask"


class AskMiddleware:
    """Answers PATH?domain=NAME: 200 for staff hosts and enabled portal domains, else 404.

    Stands before SiteMiddleware, because the proxy asks under its own name for us. It tells nobody more than
    a request to that very host name would: one that is not ours gets 404 there, too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != PATH:
            return self.get_response(request)
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if is_ours(request.GET.get("domain", "")):
            return HttpResponse("yes\n", content_type="text/plain")
        return HttpResponseNotFound("no\n", content_type="text/plain")


def is_ours(host: str) -> bool:
    host = host.lower().removesuffix(".")
    if not host or "\0" in host:
        return False
    if host in {name.lower() for name in settings.STAFF_HOSTS}:
        return True
    return PortalDomain.objects.filter(host=host, enabled=True).exists()
