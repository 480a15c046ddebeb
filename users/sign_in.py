"""The doors before a session: password, second step, passkey. The same on both sites."""

import logging
from typing import Any

from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.account.utils import get_login_redirect_url, get_next_redirect_url
from allauth.account.views import LoginView
from allauth.core.internal import ratelimit
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.internal import auth as webauthn
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from redis.exceptions import RedisError

from users import factors, throttle
from users.forms import CodeForm, PasskeyForm, PasskeySignInForm

log = logging.getLogger(__name__)
CHALLENGE_LASTS_S = 600


class SignInView(LoginView):
    """Email and password; 429 with the seconds to wait where failures have to slow down."""

    @method_decorator(login_not_required)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except RedisError:  # allauth counts requests before the form is looked at
            log.exception("Sign-ins cannot be counted: Redis does not answer")
            messages.error(request, throttle.UNAVAILABLE)
            return redirect("account_login")

    def form_invalid(self, form: Any) -> HttpResponse:
        return slowed(super().form_invalid(form), form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {"next": get_next_redirect_url(self.request) or ""}


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """After the right password of somebody with a second factor: a code, a recovery code or a passkey."""
    if request.user.is_authenticated:
        return redirect(get_login_redirect_url(request))
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if stage is None or stage.login.user is None or not factors.has_any(stage.login.user):
        clear_login(request)
        return redirect("account_login")
    user = stage.login.user
    code, passkey = CodeForm(user=user), PasskeyForm(user=user)
    posted: CodeForm | PasskeyForm | None = None
    if request.method == "POST":
        if "credential" in request.POST:
            posted = passkey = PasskeyForm(request.POST, user=user)
        else:
            posted = code = CodeForm(request.POST, user=user)
        if posted.is_valid():
            posted.save()
            return stage.exit()
    own = factors.of(user, request)
    options = webauthn.begin_authentication(user) if own.passkeys_here else None
    context = {"form": code, "passkey_form": passkey, "factors": own, "options": options, "who": user.email}
    return slowed(render(request, "account/code.html", context), posted)


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """GET: what to ask a passkey, as JSON for passkey.js. POST: its answer, instead of email and password."""
    if request.user.is_authenticated:
        return redirect(get_login_redirect_url(request))
    try:
        return _passkey_sign_in(request)
    except RedisError:  # allauth counts requests
        log.exception("Sign-ins cannot be counted: Redis does not answer")
        if request.method == "GET":
            return JsonResponse({"error": str(throttle.UNAVAILABLE)}, status=503)
        messages.error(request, throttle.UNAVAILABLE)
        return redirect("account_login")


def _passkey_sign_in(request: HttpRequest) -> HttpResponse:
    refused = ratelimit.consume_or_429(request, app="allauth.mfa", action="webauthn_login", limit_get=True)
    if refused:
        return refused
    if request.method == "GET":
        options = webauthn.begin_authentication(None)
        request.session.set_expiry(CHALLENGE_LASTS_S)  # strangers' sessions are not kept for long
        return JsonResponse(options)
    form = PasskeySignInForm(request.POST)
    wanted = get_next_redirect_url(request)
    if not form.is_valid():
        for sentence in form.errors.get("credential", []):
            messages.error(request, str(sentence))
        again = {REDIRECT_FIELD_NAME: wanted} if wanted else {}
        return redirect(f"{reverse('account_login')}?{urlencode(again)}" if again else "account_login")
    authenticator = form.cleaned_data["credential"]
    response = perform_passwordless_login(
        request, authenticator, Login(user=authenticator.user, redirect_url=wanted)
    )
    request.session.set_expiry(settings.SESSION_COOKIE_AGE if form.cleaned_data["remember"] else 0)
    return response


def slowed(response: HttpResponse, form: Any) -> HttpResponse:
    """The same answer, as 429 with Retry-After where the form says to wait."""
    if form is not None and (seconds := throttle.seconds_of(form.errors)):
        response.status_code = 429
        response["Retry-After"] = str(seconds)
    return response
