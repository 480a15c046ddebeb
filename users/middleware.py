"""Which site a host name belongs to, and who may be there."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseNotFound
from django.http.request import split_domain_port

from setup.models import PortalDomain
from users.models import Kind

GetResponse = Callable[[HttpRequest], HttpResponse]


class SiteMiddleware:
    """Reads the host: a staff host, an enabled portal domain, or nothing of ours (404).

    Sets `request.site_kind` (users.models.Kind), on portal hosts `request.portal_domain` and the portal's
    URLconf. Runs first, so that nothing else ever sees a foreign host. Case, a port and the final dot of a
    full name do not matter. Staff hosts cost no query, portal hosts one; a domain that is switched off is
    gone at once.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        host, _port = split_domain_port(request.META.get("HTTP_HOST", ""))
        if not host:
            return HttpResponseBadRequest(
                "The request names no host, or not in a legal way. Send a Host header.\n",
                content_type="text/plain",
            )
        if host in {name.lower() for name in settings.STAFF_HOSTS}:
            request.site_kind = Kind.STAFF  # type: ignore[attr-defined]  # ours, read by all rooms
        elif domain := PortalDomain.objects.filter(host=host, enabled=True).first():
            request.site_kind = Kind.CONTACT  # type: ignore[attr-defined]
            request.portal_domain = domain  # type: ignore[attr-defined]
            request.urlconf = settings.PORTAL_URLCONF
        else:
            return HttpResponseNotFound("No site answers to this host name.\n", content_type="text/plain")
        return self.get_response(request)


class KindMiddleware:
    """Ends a session that was made for the other kind of site."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and request.user.kind != request.site_kind:  # type: ignore[attr-defined]
            logout(request)
        return self.get_response(request)
