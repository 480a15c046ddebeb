"""Which site a host name belongs to, who may be there, and when each was last seen."""

from collections.abc import Callable
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.contrib.auth import logout
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseNotFound,
    HttpResponseRedirect,
)
from django.http.request import split_domain_port
from django.urls import reverse

from setup.models import PortalDomain
from users import factors, sessions
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


class SecondFactorMiddleware:
    """Where STAFF_SECOND_FACTOR is "required": staff who have none reach nothing but the pages to add one."""

    OPEN = frozenset(
        {
            "account_security",
            "account_add_app",
            "account_add_passkey",
            "account_codes",
            "account_download_codes",
            "account_reauthenticate",
            "account_change_password",
            "account_logout",
        }
    )

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: Any, kwargs: Any) -> HttpResponse | None:
        if settings.STAFF_SECOND_FACTOR != "required" or not request.user.is_authenticated:
            return None
        asked = request.resolver_match.view_name if request.resolver_match else ""
        if request.user.kind != Kind.STAFF or asked in self.OPEN or factors.has_any(request.user):
            return None
        there = reverse("account_security")
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=204, headers={"HX-Redirect": there})
        return HttpResponseRedirect(there)


class SeenMiddleware:
    """Notes when a session was last used, for the list its owner sees. Sessions that no sign-in of ours made
    are not in that list, and cost nothing here."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and AUTHENTICATION_METHODS_SESSION_KEY in request.session:
            sessions.note_seen(request)
        return self.get_response(request)
