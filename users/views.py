"""The Security page and what it leads to: everything a person decides about the own sign-in."""

import base64
from typing import Any

from allauth.account import views as allauth_views
from allauth.account.utils import get_next_redirect_url
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from users import factors, sessions
from users.confirm import confirmed_identity_required
from users.forms import (
    SEED_IN_SESSION,
    CodeForm,
    NewAppForm,
    NewPasskeyForm,
    PasskeyForm,
    PasskeyNameForm,
    PasswordForm,
)
from users.models import Kind, User
from users.requests import SignedInRequest
from users.sign_in import slowed
from users.signals import News, sign_in_news

CODES_IN_SESSION = "users.show_codes"
get_or_post = require_http_methods(["GET", "POST"])


@never_cache
@require_safe
def security(request: SignedInRequest) -> HttpResponse:
    """What there is: password, passkeys, app, codes, sessions."""
    places = sessions.of(request, request.user)
    context = {
        "frame": "portal/base.html" if request.site_kind == Kind.CONTACT else "base.html",
        "factors": factors.of(request.user, request),
        "sessions": places,
        "elsewhere": any(not place.here for place in places),
        "must_add": _must_add(request.user),
    }
    return render(request, "account/security.html", context)


@never_cache
@get_or_post
def confirm(request: SignedInRequest) -> HttpResponse:
    """Asks who it is once more: password, code or passkey, whichever the person has."""
    user = request.user
    wanted = get_next_redirect_url(request) or ""
    chosen = ""
    if request.method == "POST":
        chosen = next((name for name in _HOW if name in request.POST), "password")
    sent = {name: request.POST if name == chosen else None for name in _HOW}
    password = PasswordForm(sent["password"], user=user)
    code = CodeForm(sent["code"], user=user, confirming=True)
    passkey = PasskeyForm(sent["credential"], user=user, confirming=True)
    each: dict[str, PasswordForm | CodeForm | PasskeyForm] = {
        "password": password,
        "code": code,
        "credential": passkey,
    }
    posted = each.get(chosen)
    if posted is not None and posted.is_valid():
        posted.save()
        sign_in_news.send(sender=User, kind=News.CONFIRMED, user=user, detail=_HOW[chosen])
        return redirect(wanted or "account_security")
    own = factors.of(user, request)
    context = {
        "password_form": password if user.has_usable_password() else None,
        "form": code,
        "passkey_form": passkey,
        "factors": own,
        "options": webauthn.begin_authentication(user) if own.passkeys_here else None,
        "next": wanted,
    }
    return slowed(render(request, "account/confirm.html", context), posted)


_HOW = {"password": "by password", "code": "by code", "credential": "by passkey"}


@never_cache
@get_or_post
@confirmed_identity_required
def add_app(request: SignedInRequest) -> HttpResponse:
    """A new authenticator app: the QR code, the same as text, and the first code as proof."""
    form = NewAppForm(request.POST or None, user=request.user)
    if form.is_valid():
        try:
            made = factors.add_app(request.user, form.seed)
        except ValidationError as error:
            messages.error(request, error.messages[0])
            return redirect("account_security")
        request.session.pop(SEED_IN_SESSION, None)
        messages.success(request, _("Your app is set up. From now on signing in asks for its code."))
        return _after_adding(request, made)
    url = get_adapter().build_totp_url(request.user, form.seed)
    picture = base64.b64encode(get_adapter().build_totp_svg(url).encode()).decode()
    seed = " ".join(form.seed[at : at + 4] for at in range(0, len(form.seed), 4))
    context = {"form": form, "qr": f"data:image/svg+xml;base64,{picture}", "seed": seed}
    return slowed(render(request, "account/add_app.html", context), form if form.is_bound else None)


@require_POST
@confirmed_identity_required
def remove_app(request: SignedInRequest) -> HttpResponse:
    return _remove(request, Authenticator.Type.TOTP)


@never_cache
@get_or_post
@confirmed_identity_required
def add_passkey(request: SignedInRequest) -> HttpResponse:
    """A new passkey for this host name."""
    form = NewPasskeyForm(request.POST or None)
    if form.is_valid():
        made = factors.add_passkey(request.user, form.cleaned_data["name"], form.cleaned_data["credential"])
        messages.success(request, _("Your passkey is set up. It signs you in at this address."))
        return _after_adding(request, made)
    options = webauthn.begin_registration(request.user, passwordless=True)
    suggestion = sessions.browser_in_words(request.headers.get("User-Agent", ""))
    context = {"form": form, "options": options, "suggestion": suggestion}
    return render(request, "account/add_passkey.html", context)


@require_POST
def rename_passkey(request: SignedInRequest) -> HttpResponse:
    form = PasskeyNameForm(request.POST)
    passkey_id = _posted_id(request, "passkey")
    if not form.is_valid():
        messages.error(request, _("Give the passkey a name of at most 64 characters."))
        return redirect("account_security")
    try:
        factors.rename_passkey(request.user, passkey_id, form.cleaned_data["name"])
    except Authenticator.DoesNotExist:
        raise Http404 from None
    return redirect("account_security")


@require_POST
@confirmed_identity_required
def remove_passkey(request: SignedInRequest) -> HttpResponse:
    return _remove(request, Authenticator.Type.WEBAUTHN, _posted_id(request, "passkey"))


@require_POST
@confirmed_identity_required
def make_codes(request: SignedInRequest) -> HttpResponse:
    """New recovery codes in place of the old ones."""
    factors.make_codes(request.user)
    return _show_codes(request)


@never_cache
@get_or_post
@confirmed_identity_required
def codes(request: SignedInRequest) -> HttpResponse:
    """The recovery codes, once after they were made: until their owner says that they are kept."""
    if request.method == "POST" or not request.session.get(CODES_IN_SESSION):
        request.session.pop(CODES_IN_SESSION, None)
        return redirect("account_security")
    return render(request, "account/codes.html", {"codes": factors.codes_of(request.user)})


@never_cache
@require_safe
@confirmed_identity_required
def download_codes(request: SignedInRequest) -> HttpResponse:
    """The same as a text file, as long as the page shows them."""
    if not request.session.get(CODES_IN_SESSION):
        return redirect("account_security")
    context: dict[str, Any] = {"codes": factors.codes_of(request.user), "host": request.get_host()}
    response = render(request, "account/codes.txt", context, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="recovery-codes.txt"'
    return response


def change_password(request: SignedInRequest) -> HttpResponse:
    """allauth's page, which leads who has no password to one that is not here."""
    if not request.user.has_usable_password():
        messages.info(request, _("You sign in without a password. An administrator can set one for you."))
        return redirect("account_security")
    return allauth_views.password_change(request)


@require_POST
def end_session(request: SignedInRequest) -> HttpResponse:
    try:
        sessions.end_one(request.user, _posted_id(request, "session"))
    except UserSession.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("That session is over."))
    return redirect("account_security")


@require_POST
def end_other_sessions(request: SignedInRequest) -> HttpResponse:
    sessions.end_all(request.user, but=request.session.session_key)
    messages.success(request, _("You are signed in here only."))
    return redirect("account_security")


def _remove(
    request: SignedInRequest, kind: Authenticator.Type, passkey_id: int | None = None
) -> HttpResponse:
    try:
        factors.remove(request.user, kind, passkey_id)
    except Authenticator.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("Removed. It opens nothing any more."))
    return redirect("account_security")


def _after_adding(request: SignedInRequest, is_first: bool) -> HttpResponse:
    """With the first factor other sessions end, which proved a password alone: somebody who has guessed it
    would sit in one and wait until the factor opens what it opens."""
    if not is_first:
        return redirect("account_security")
    sessions.end_all(request.user, but=request.session.session_key, detail="a second factor is asked for now")
    return _show_codes(request)


def _show_codes(request: SignedInRequest) -> HttpResponse:
    request.session[CODES_IN_SESSION] = True
    return redirect("account_codes")


def _must_add(user: User) -> bool:
    return (
        settings.STAFF_SECOND_FACTOR == "required" and user.kind == Kind.STAFF and not factors.has_any(user)
    )


def _posted_id(request: SignedInRequest, name: str) -> int:
    """Raises BadRequest where the form names no row at all, as none of ours does."""
    try:
        return int(request.POST.get(name, ""))
    except ValueError:
        raise BadRequest(f"{name} is no number") from None
