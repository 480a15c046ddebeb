"""Acts that other rooms announce by signals: signing in, failing to, signing out, a new password."""

from typing import Any

from allauth.account.signals import password_changed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from audit.models import ActKind
from audit.services import record
from users.addresses import client_ip


@receiver(user_logged_in, dispatch_uid="audit.signed_in")
def signed_in(request: HttpRequest | None, user: Any, **_: object) -> None:
    record(ActKind.SIGNED_IN, user=user, **_where(request))


@receiver(user_logged_out, dispatch_uid="audit.signed_out")
def signed_out(request: HttpRequest | None, user: Any, **_: object) -> None:
    if user is not None:
        record(ActKind.SIGNED_OUT, user=user, **_where(request))


@receiver(user_login_failed, dispatch_uid="audit.sign_in_failed")
def sign_in_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: object) -> None:
    """Attempts beyond the limit never come this far, hence a guesser cannot fill the table."""
    email = str(credentials.get("email", ""))
    record(ActKind.SIGN_IN_FAILED, email=email, **_where(request))


@receiver(password_changed, dispatch_uid="audit.password_changed")
def password_was_changed(request: HttpRequest, user: Any, **_: object) -> None:
    record(ActKind.PASSWORD_CHANGED, user=user, **_where(request))


def _where(request: HttpRequest | None) -> dict[str, Any]:
    """Address of the client, and the host as asked, so that attempts at the wrong site can be told apart."""
    if request is None:
        return {}
    return {"ip": client_ip(request), "detail": request.META.get("HTTP_HOST", "")}
