"""Dangerous acts ask again who it is: a session may be open on a desk that somebody else sits at."""

import time
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode, urlsplit

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

View = Callable[..., HttpResponse]


def confirmed_identity_required(view: View) -> View:
    """For views of dangerous acts: who did not sign in or confirm within the last CONFIRM_AFTER_MINUTES is
    sent to do that and comes back.

    Back to the same address after GET; after POST to the page that it came from, with the request to do it
    again, since nobody's act is kept and done later. htmx is told to load the page. Put it below the checks
    of method and permission.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        return ask_to_confirm(request) or view(request, *args, **kwargs)

    return wrapped


def ask_to_confirm(request: HttpRequest) -> HttpResponse | None:
    """Where to send somebody who has to confirm first; None for one who just did."""
    if was_confirmed(request):
        return None
    if request.method != "GET":
        messages.info(request, _("Nothing was changed yet: confirm that it is you, then do it again."))
    where = f"{reverse('account_reauthenticate')}?{urlencode({REDIRECT_FIELD_NAME: _page(request)})}"
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": where})
    return HttpResponseRedirect(where)


def was_confirmed(request: HttpRequest) -> bool:
    """Whether this session proved a password, passkey or code a moment ago."""
    proofs = get_authentication_records(request, request.user)
    newest = max((float(proof.get("at", 0)) for proof in proofs), default=0.0)
    return time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def _page(request: HttpRequest) -> str:
    """The page the person looks at, as a path of this host."""
    if request.method == "GET" and request.headers.get("HX-Request") != "true":
        return request.get_full_path()
    page = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "")
    here = page._replace(scheme="", netloc="").geturl() if page.netloc == request.get_host() else ""
    return here or "/"
