"""On every request to the portal: whose contact this is, and whether it may still be here."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from portal import access
from users.models import Kind


class PortalMiddleware:
    """Sets `request.contact` and `request.customer` for signed-in contacts.

    A contact that may no longer come in is signed out at once and told why; a session does not outlive
    the reason it was given for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.site_kind != Kind.CONTACT or not request.user.is_authenticated:  # type: ignore[attr-defined]
            return self.get_response(request)
        answer = access.ask(request.user, request)
        if answer.objection or answer.contact is None:
            logout(request)
            messages.error(request, answer.objection)
            response = redirect("account_login")
            if request.headers.get("HX-Request") == "true":
                return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})
            return response
        request.contact = answer.contact  # type: ignore[attr-defined]  # ours, read by the portal's views
        request.customer = answer.contact.customer  # type: ignore[attr-defined]
        return self.get_response(request)
