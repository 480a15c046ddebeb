"""Second factors of a person: what there is, adding, removing. Built on allauth's models.

allauth keeps each as an Authenticator: an app that shows codes (TOTP), passkeys (WebAuthn), and the recovery
codes that come with the first of these. Seeds are stored encrypted (setup/secrets.py); of a passkey we hold
the public half only.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import qrcode
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.core.exceptions import ValidationError
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from qrcode.image.svg import SvgPathFillImage

from setup import secrets
from setup.models import Installation
from users.models import User
from users.signals import News, sign_in_news

Kind = Authenticator.Type
REAL = (Kind.TOTP, Kind.WEBAUTHN)  # recovery codes alone are no second factor
NAME_AT_MOST = 64


class FactorAdapter(DefaultMFAAdapter):
    """allauth's second factors under our names, keys and hosts."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _lazy("That code is not right, or it was used already."),
    }

    def encrypt(self, text: str) -> str:
        return secrets.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return secrets.decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        """The name an app shows beside the codes."""
        domain = getattr(context.request, "portal_domain", None)
        return domain.brand if domain else Installation.current().company

    def build_totp_svg(self, url: str) -> str:
        """On white, in the dark theme too, or no camera reads it."""
        return qrcode.make(url, image_factory=SvgPathFillImage).to_string(encoding="unicode")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to one host name, whichever site it is."""
        return {"id": relying_party(context.request), "name": self.get_totp_issuer()}


def relying_party(request: HttpRequest) -> str:
    """The host name of this request as browsers name it in passkeys: without port, brackets or final dot."""
    return split_domain_port(request.get_host())[0].rstrip(".").strip("[]")


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its owner sees it. here: whether it was made at this host name, which it needs."""

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None
    here: bool


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person can prove itself by besides the password."""

    app: Authenticator | None
    passkeys: tuple[Passkey, ...]
    codes_left: int | None  # None: there are none, since there is no second factor

    @property
    def any(self) -> bool:
        return bool(self.app or self.passkeys)

    @property
    def passkeys_here(self) -> bool:
        return any(passkey.here for passkey in self.passkeys)


def of(user: User, request: HttpRequest) -> Factors:
    """One query."""
    stored = list(Authenticator.objects.filter(user=user).order_by("created_at", "pk"))
    party = hashlib.sha256(relying_party(request).encode()).digest()
    apps = [one for one in stored if one.type == Kind.TOTP]
    codes = [one for one in stored if one.type == Kind.RECOVERY_CODES]
    return Factors(
        app=apps[0] if apps else None,
        passkeys=tuple(_passkey(one, party) for one in stored if one.type == Kind.WEBAUTHN),
        codes_left=_usable(codes[0]) if codes else None,
    )


def _usable(codes: Authenticator) -> int:
    """How many are left; 0 where the key that they were stored with is lost."""
    try:
        return len(codes.wrap().get_unused_codes())
    except secrets.Unreadable:
        return 0


def _passkey(stored: Authenticator, party: bytes) -> Passkey:
    key = stored.wrap()
    return Passkey(
        stored.pk,
        key.name,
        stored.created_at,
        stored.last_used_at,
        key.authenticator_data.rp_id_hash == party,
    )


def has_any(user: User) -> bool:
    """Whether there is a second factor; one query."""
    return Authenticator.objects.filter(user=user, type__in=REAL).exists()


# --- Writes. Each locks the person's row, so that two windows do not make two sets of codes.


def add_app(user: User, seed: str) -> bool:
    """An app that shows codes, of which one was proven right. Returns whether recovery codes were made.

    Raises ValidationError where there is an app already.
    """
    with _locked(user):
        if Authenticator.objects.filter(user=user, type=Kind.TOTP).exists():
            raise ValidationError(_("You have an app already. Remove it first to use another one."))
        TOTP.activate(user, seed)
        _tell(News.FACTOR_ADDED, user, "authenticator app")
        return _make_missing_codes(user)


def add_passkey(user: User, name: str, credential: dict[str, Any]) -> bool:
    """A passkey that the browser has just proven. Returns whether recovery codes were made."""
    with _locked(user):
        name = name.strip()[:NAME_AT_MOST] or _("Passkey")
        WebAuthn.add(user, name, credential)
        _tell(News.FACTOR_ADDED, user, f"passkey “{name}”")
        return _make_missing_codes(user)


def rename_passkey(user: User, passkey_id: int, name: str) -> None:
    """Raises Authenticator.DoesNotExist where it is not this person's."""
    with _locked(user):
        stored = Authenticator.objects.get(user=user, type=Kind.WEBAUTHN, pk=passkey_id)
        key = stored.wrap()
        before, key.name = key.name, name.strip()[:NAME_AT_MOST] or key.name
        stored.save(update_fields=["data"])
        _tell(News.FACTOR_CHANGED, user, f"passkey “{before}” is called “{key.name}” now")


def remove(user: User, kind: Authenticator.Type, passkey_id: int | None = None) -> str:
    """Removes the app, or one passkey, and with the last of them the recovery codes. Returns its name.

    Raises Authenticator.DoesNotExist where it is not this person's.
    """
    with _locked(user):
        wanted = {"pk": passkey_id} if kind == Kind.WEBAUTHN else {}
        stored = Authenticator.objects.get(user=user, type=kind, **wanted)
        name = f"passkey “{stored.wrap().name}”" if kind == Kind.WEBAUTHN else "authenticator app"
        stored.delete()
        if not has_any(user):
            Authenticator.objects.filter(user=user).delete()
        _tell(News.FACTOR_REMOVED, user, name)
        return name


def make_codes(user: User) -> None:
    """New recovery codes; the old ones are worth nothing from now on. None without a second factor."""
    with _locked(user):
        Authenticator.objects.filter(user=user, type=Kind.RECOVERY_CODES).delete()
        _make_missing_codes(user)


def codes_of(user: User) -> list[str]:
    """The recovery codes that are not used up, in groups of four digits; none that no key opens any more."""
    stored = Authenticator.objects.filter(user=user, type=Kind.RECOVERY_CODES).first()
    try:
        unused = stored.wrap().get_unused_codes() if stored else []
    except secrets.Unreadable:
        unused = []
    return [f"{code[:4]} {code[4:]}" for code in unused]


def remove_all(user: User, detail: str) -> int:
    """Everything, for a person who has lost it. Returns how many factors there were."""
    with _locked(user):
        found = Authenticator.objects.filter(user=user, type__in=REAL).count()
        Authenticator.objects.filter(user=user).delete()
        _tell(News.FACTORS_RESET, user, detail)
        return found


def _make_missing_codes(user: User) -> bool:
    if not has_any(user) or Authenticator.objects.filter(user=user, type=Kind.RECOVERY_CODES).exists():
        return False
    RecoveryCodes.activate(user)
    _tell(News.CODES_MADE, user, "")
    return True


@contextmanager
def _locked(user: User) -> Iterator[None]:
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        yield


def _tell(kind: News, user: User, detail: str) -> None:
    sign_in_news.send(sender=User, kind=kind, user=user, detail=detail)


@receiver(secrets.reencrypting, dispatch_uid="users.reencrypt_seeds")
def reencrypt_seeds(**_: object) -> tuple[str, int]:
    rows = 0
    for stored in Authenticator.objects.select_for_update().exclude(type=Kind.WEBAUTHN).order_by("pk"):
        for name in {"secret", "seed"} & stored.data.keys():
            stored.data[name] = secrets.reencrypt(stored.data[name])
        stored.save(update_fields=["data"])
        rows += 1
    return "seeds of sign-in codes", rows
