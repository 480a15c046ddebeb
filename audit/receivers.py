"""Acts that others announce by signals: signing in, failing to, signing out, what is done to a sign-in."""

from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.signals import password_changed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from audit.acts import origin
from audit.models import ActKind
from audit.services import record, record_failure
from grids.signals import exported
from users.addresses import client_ip
from users.signals import News, sign_in_news


@receiver(user_logged_in, dispatch_uid="audit.signed_in")
def signed_in(request: HttpRequest | None, user: Any, **_: object) -> None:
    where = _where(request)
    if request is not None and (proofs := get_authentication_records(request, user)):
        means = " and ".join(_MEANS.get(proof.get("type") or proof["method"], "?") for proof in proofs)
        where["detail"] = f"{where['detail']} by {means}"
    record(ActKind.SIGNED_IN, user=user, **where)


_MEANS = {"password": "password", "totp": "code", "recovery_codes": "recovery code", "webauthn": "passkey"}


@receiver(user_logged_out, dispatch_uid="audit.signed_out")
def signed_out(request: HttpRequest | None, user: Any, **_: object) -> None:
    if user is not None:
        record(ActKind.SIGNED_OUT, user=user, **_where(request))


@receiver(user_login_failed, dispatch_uid="audit.sign_in_failed")
def sign_in_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: object) -> None:
    """Also the wrong password of somebody who is in and should confirm."""
    email = str(credentials.get("email", ""))
    inside = (
        request is not None and getattr(request, "user", None) is not None and request.user.is_authenticated
    )
    kind = ActKind.CONFIRM_FAILED if inside else ActKind.SIGN_IN_FAILED
    record_failure(kind, email=email, **_where(request))


@receiver(password_changed, dispatch_uid="audit.password_changed")
def password_was_changed(request: HttpRequest, user: Any, **_: object) -> None:
    record(ActKind.PASSWORD_CHANGED, user=user, **_where(request))


@receiver(sign_in_news, dispatch_uid="audit.sign_in_news")
def news_of_sign_ins(kind: News, user: Any, detail: str, **_: object) -> None:
    write = record_failure if kind in (News.CODE_FAILED, News.CONFIRM_FAILED) else record
    write(ActKind(kind.value), user=user, ip=origin.get({}).get("ip") or None, detail=detail)


@receiver(exported, dispatch_uid="audit.exported")
def file_was_exported(user: Any, name: str, rows: int, query: str, **_: object) -> None:
    where = origin.get({}).get("ip") or None
    record(ActKind.EXPORTED, user=user, ip=where, detail=f"{name}: {rows} rows, {query}")


def _where(request: HttpRequest | None) -> dict[str, Any]:
    """Address of the client, and the host as asked, so that attempts at the wrong site can be told apart."""
    if request is None:
        return {}
    return {"ip": client_ip(request), "detail": request.META.get("HTTP_HOST", "")}
