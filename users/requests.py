"""What our middleware adds to a request, for type checkers and readers."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from setup.models import PortalDomain
from users.models import Kind, User


class SignedInRequest(HttpRequest):
    """A request as a view sees it: SignInMiddleware has seen to it that somebody is signed in.

    site_kind: whose host was asked. portal_domain: on portal hosts only. request_id: also on error pages.
    """

    user: User  # Django's stubs allow AnonymousUser, which no view of ours meets
    htmx: HtmxDetails
    site_kind: Kind
    portal_domain: PortalDomain
    request_id: str
