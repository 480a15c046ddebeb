"""How allauth behaves here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from users import throttle
from users.addresses import client_ip
from users.signals import signing_in


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in of two sites on many host names; nobody signs up by himself on either."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _lazy("The email or the password is not right."),
        "enter_current_password": _lazy("That is not your current password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts this attempt until it succeeds. Raises throttle.Wait where it comes too early, and
        ValidationError where it cannot be counted (nobody gets in uncounted)."""
        person = person_meant(request, str(credentials.get("email", "")))
        self._attempt = throttle.attempt(request, person)

    def _rollback_login_failed_rl_usage(self) -> None:
        """allauth's name for: the password was right."""
        self._attempt.succeeded()

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """The user of this site with these credentials, or None.

        Raises ValidationError as `pre_authenticate` does, and where a room refuses the user.
        """
        user = super().authenticate(request, **credentials)
        if user is not None:
            refuse_the_unwelcome(request, user)
        return user

    def post_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse:
        throttle.remember_address(request, person_meant(request, user.email))
        return super().post_login(request, user, **more)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The client's address; without one (a socket of a local proxy) all such clients count as one."""
        return client_ip(request) or "0.0.0.0"  # noqa: S104 - a name for "unknown", nothing listens there

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return "/accounts/security/"

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *_args: Any, **_more: Any
    ) -> None:
        """Says only what a person cannot see anyway: signing in and out speak for themselves."""
        if message_template == "account/messages/password_changed.txt":
            messages.add_message(request, level, _("Your password is changed. Other sessions are over."))


def refuse_the_unwelcome(request: HttpRequest, user: AbstractBaseUser) -> None:
    """Raises ValidationError with the reasons why rooms do not let this user in now."""
    answers = signing_in.send(type(user), request=request, user=user)
    if objections := [answer for _receiver, answer in answers if answer]:
        raise ValidationError(objections)


def person_meant(request: HttpRequest, email: str) -> str:
    """Who is meant, whatever the spelling of host name or email."""
    return f"{request.site_kind}:{email.strip().lower()}"  # type: ignore[attr-defined]  # by SiteMiddleware
