"""How allauth behaves here."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from redis.exceptions import RedisError

from users.addresses import client_ip
from users.signals import signing_in

log = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in of two sites on many host names; nobody signs up by himself on either."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _lazy("The email or the password is not right."),
        "too_many_login_attempts": _lazy("Too many failed attempts. Wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """The user of this site with these credentials, or None.

        Raises ValidationError where guessing is throttled, where that cannot be counted because Redis
        does not answer (nobody gets in uncounted), and where a room refuses the user
        (users.signals.signing_in).
        """
        try:
            user = super().authenticate(request, **credentials)
        except RedisError:
            log.exception("Sign-ins cannot be counted: Redis does not answer")
            raise ValidationError(
                _("Signing in is not possible at the moment. Try again in a minute.")
            ) from None
        if user is not None:
            answers = signing_in.send(type(user), request=request, user=user)
            if objections := [answer for _receiver, answer in answers if answer]:
                raise ValidationError(objections)
        return user

    def get_client_ip(self, request: HttpRequest) -> str:
        """The client's address; without one (a socket of a local proxy) all such clients count as one."""
        return client_ip(request) or "0.0.0.0"  # noqa: S104 - a name for "unknown", nothing listens there

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return "/"

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *_args: Any, **_more: Any
    ) -> None:
        """Says only what a person cannot see anyway: signing in and out speak for themselves."""
        if message_template == "account/messages/password_changed.txt":
            messages.add_message(request, level, _("Your password is changed."))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raises ValidationError where too many sign-ins have failed; counts this one until it succeeds."""
        super().pre_authenticate(request, **credentials)
        # Asked second: attempts that were stopped above must not add to what locks a person out.
        self._failed_anywhere = ratelimit.consume(
            request,
            app="allauth.account",
            action="login_failed_anywhere",
            key=_person(request, credentials),
        )
        if not self._failed_anywhere:
            raise self.validation_error("too_many_login_attempts")

    def _rollback_login_failed_rl_usage(self) -> None:
        super()._rollback_login_failed_rl_usage()
        self._failed_anywhere.rollback()

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return f"{_person(request, credentials)}:{self.get_client_ip(request)}"


def _person(request: HttpRequest, credentials: dict[str, Any]) -> str:
    """Who is meant, whatever the spelling of host name or email."""
    email = str(credentials.get("email", "")).strip().lower()
    return f"{request.site_kind}:{email}"  # type: ignore[attr-defined]  # set by SiteMiddleware
