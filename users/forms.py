"""What people type or their devices send to prove who they are."""

import json
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from django import forms
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from fido2.utils import websafe_decode
from redis.exceptions import RedisError

from setup import secrets
from users import throttle
from users.adapter import person_meant, refuse_the_unwelcome
from users.factors import NAME_AT_MOST, Kind
from users.models import User
from users.signals import News, sign_in_news

SEED_IN_SESSION = "users.app_seed"


class PasswordForm(forms.Form):
    """Confirms by the password. `save()` notes the proof in the session."""

    password = forms.CharField(label=_lazy("Password"), strip=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        found = get_account_adapter().authenticate(context.request, email=self.user.email, password=password)
        if found is None or found.pk != self.user.pk:
            raise ValidationError(_("That is not your password."))
        return password

    def save(self) -> None:
        record_authentication(context.request, self.user, method="password", reauthenticated=True)


class CodeForm(forms.Form):
    """A code of the app, or a recovery code. confirming: for somebody who is signed in already."""

    code = forms.CharField(label=_lazy("Code"), max_length=32)

    def __init__(self, *args: Any, user: User, confirming: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.confirming = user, confirming
        self.authenticator: Authenticator | None = None

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        person = person_meant(context.request, self.user.email)
        attempt = throttle.attempt(context.request, person, code=True)
        for authenticator in Authenticator.objects.filter(user=self.user).exclude(type=Kind.WEBAUTHN):
            if _is_right(authenticator, code):
                attempt.succeeded()
                authenticator.user = self.user
                self.authenticator = authenticator
                return code
        kind = News.CONFIRM_FAILED if self.confirming else News.CODE_FAILED
        sign_in_news.send(sender=User, kind=kind, user=self.user, detail="code")
        raise get_adapter().validation_error("incorrect_code")

    def save(self) -> None:
        assert self.authenticator is not None
        if self.authenticator.type == Kind.RECOVERY_CODES:
            self.authenticator.refresh_from_db(fields=["data"])  # that one is crossed out by now
            left = len(self.authenticator.wrap().get_unused_codes())
            sign_in_news.send(
                sender=User, kind=News.RECOVERY_CODE_USED, user=self.user, detail=f"{left} left"
            )
        post_authentication(context.request, self.authenticator, reauthenticated=self.confirming)


def _is_right(authenticator: Authenticator, code: str) -> bool:
    try:
        return authenticator.wrap().validate_code(code) and _first_use(authenticator, code)
    except secrets.Unreadable:  # a backup was restored under other keys
        raise ValidationError(
            _("Your codes cannot be checked any more. Ask an administrator to reset your second factor.")
        ) from None


def _first_use(authenticator: Authenticator, code: str) -> bool:
    """A code of the app counts once for as long as it is right at all, which with the steps before and after
    is longer than allauth remembers it. Recovery codes are crossed out in their row."""
    if authenticator.type != Kind.TOTP:
        return True
    steps = 2 * settings.MFA_TOTP_TOLERANCE + 1
    key = f"users:code-used:{authenticator.user_id}:{normalize_user_code(code)}"
    try:
        return bool(cache.add(key, 1, steps * 30))
    except RedisError:
        return False


class PasskeyForm(forms.Form):
    """The answer of a passkey of `user`. confirming: for somebody who is signed in already."""

    credential = forms.JSONField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User | None, confirming: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.confirming = user, confirming

    def clean_credential(self) -> Authenticator:
        credential = _from_here(self.cleaned_data["credential"])
        webauthn.parse_authentication_response(credential)
        user = self.user or webauthn.extract_user_from_response(credential)
        authenticator = webauthn.complete_authentication(user, credential)
        authenticator.user = user
        return authenticator

    def save(self) -> None:
        post_authentication(context.request, self.cleaned_data["credential"], reauthenticated=self.confirming)


class PasskeySignInForm(PasskeyForm):
    """The passkey of whoever it belongs to, instead of email, password and code."""

    remember = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=None, **kwargs)

    def clean_credential(self) -> Authenticator:
        sent = self.cleaned_data["credential"]
        authenticator = super().clean_credential()
        # Asked of the answer itself: the challenge of a second step, which this session may hold too, was
        # content with a touch, and then a found key alone would be enough.
        if not webauthn.parse_authentication_response(sent).response.authenticator_data.is_user_verified():
            raise get_adapter().validation_error("incorrect_code")
        user = authenticator.user
        if user.kind != context.request.site_kind:
            raise get_adapter().validation_error("incorrect_code")
        if user.is_active:  # the closed ones are told so by allauth, once they have proven who they are
            refuse_the_unwelcome(context.request, user)
        return authenticator


class NewPasskeyForm(forms.Form):
    """What the browser made on request, and what its owner calls it."""

    name = forms.CharField(label=_lazy("Name"), max_length=NAME_AT_MOST, required=False)
    credential = forms.JSONField(widget=forms.HiddenInput)

    def clean_credential(self) -> dict[str, Any]:
        credential = _from_here(self.cleaned_data["credential"])
        try:
            webauthn.parse_registration_response(credential)
        except ValueError:  # allauth asks for TypeError only; damaged parts are told by this one
            raise get_adapter().validation_error("incorrect_code") from None
        webauthn.complete_registration(credential)
        return credential


class PasskeyNameForm(forms.Form):
    name = forms.CharField(label=_lazy("Name"), max_length=NAME_AT_MOST)


class NewAppForm(forms.Form):
    """The first code of a new app. Its seed waits in the session, encrypted, until that code is right."""

    code = forms.CharField(label=_lazy("Six-digit code"), max_length=32)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        session = context.request.session
        waiting = session.get(SEED_IN_SESSION) if self.is_bound else None
        try:
            self.seed = secrets.decrypt(waiting) if waiting else totp.generate_totp_secret()
        except secrets.Unreadable:  # the keys were changed meanwhile: the app has to scan another one
            waiting, self.seed = None, totp.generate_totp_secret()
        session[SEED_IN_SESSION] = waiting or secrets.encrypt(self.seed)

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        person = person_meant(context.request, self.user.email)
        attempt = throttle.attempt(context.request, person, code=True)
        if not totp.validate_totp_code(self.seed, code):
            raise ValidationError(
                _("That code is not right. Wait for the next one, and check the phone's clock.")
            )
        attempt.succeeded()
        return code


def _from_here(credential: Any) -> dict[str, Any]:
    """The credential, where the browser vouches that it was used at this very host.

    fido2 also accepts pages of subdomains, which may belong to others. Raises ValidationError, for damaged
    input as well.
    """
    try:
        client_data = json.loads(websafe_decode(credential["response"]["clientDataJSON"]))
        origin = urlsplit(client_data["origin"])
    except (AttributeError, KeyError, TypeError, ValueError):
        raise get_adapter().validation_error("incorrect_code") from None
    request = context.request
    if origin.netloc != request.get_host().lower() or origin.scheme not in ("https", request.scheme):
        raise get_adapter().validation_error("incorrect_code")
    return dict(credential)
