"""One-time links by which a contact sets a password.

The token is in the mail alone: the database keeps its hash. In the link it stands behind a `#`, which
browsers do not send, so that no log of any server has it.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import acting
from audit.acts import origin
from audit.models import ActKind
from audit.services import record
from contacts.models import Contact, PasswordLink
from contacts.services import give_sign_in
from contacts.signals import link_wanted
from setup.models import PortalDomain
from users.models import User

HOURS = 24
PATH = "/accounts/set-password/"


class NoMail(Exception):
    """No link can be mailed; the message says what to do."""


class NoLink(Exception):
    """The token means nothing, or nothing any more."""


def can_mail() -> bool:
    return bool(settings.SMTP_URL)


def want(contact_id: int, *, by: User, scheme: str, port: str = "", reason: str = "") -> None:
    """Has a link mailed to a contact. scheme, port: as the operator's own address has them.

    The present password holds until the link is used. Raises NoMail where there is no mail server or no
    portal, and Contact.DoesNotExist where the contact is gone.
    """
    with acting(by=by, reason=reason):
        contact = Contact.objects.select_related("customer__domain").get(pk=contact_id)
        domain = contact.customer.domain
        if domain is None or not domain.enabled:
            domain = PortalDomain.objects.filter(enabled=True).order_by("pk").first()
        if domain is None:
            raise NoMail(_("There is no portal to sign in to. Add a portal domain first."))
        site = f"{scheme}://{domain.host}{f':{port}' if port else ''}"
        answers = link_wanted.send(Contact, contact=contact, site=site, brand=domain.brand, by=by)
        if not any(seen for _receiver, seen in answers):
            raise NoMail(_("No mail server is set (SMTP_URL). Set a password by hand."))
        where = origin.get({}).get("ip") or None
        record(ActKind.LINK_MAILED, user=by, ip=where, detail=f"to {contact.email}, {contact.customer.name}")


def make(contact_id: int) -> str:
    """A new token for a contact; the one before it is of no use any more."""
    token = secrets.token_urlsafe(32)
    PasswordLink.objects.update_or_create(
        contact_id=contact_id,
        defaults={"token_hash": _hash(token), "expires_at": timezone.now() + timedelta(hours=HOURS)},
    )
    return token


def contact_of(token: str) -> Contact:
    """Whose link it is. Raises NoLink."""
    found = PasswordLink.objects.filter(
        token_hash=_hash(token), expires_at__gt=timezone.now(), contact__customer__deleted_at=None
    )
    link = found.select_related("contact__customer").first()
    if link is None:
        raise NoLink
    return link.contact


def use(token: str, password: str) -> User:
    """Sets the password, once: the link is used up.

    Raises NoLink, and ValidationError for a password that is too weak; then the link can be used again.
    """
    with transaction.atomic():
        rows = PasswordLink.objects.select_for_update().filter(
            token_hash=_hash(token), expires_at__gt=timezone.now()
        )
        link = rows.first()
        if link is None:
            raise NoLink
        contact = contact_of(token)
        user = give_sign_in(contact.pk, password, by=None, reason=_("Set by the contact, with a mailed link"))
        link.delete()
        where = origin.get({}).get("ip") or None
        record(ActKind.PASSWORD_CHANGED, user=user, ip=where, detail="with a mailed link")
    return user


def _hash(token: str) -> str:
    return hashlib.sha256(token.strip().encode()).hexdigest()
