"""Every write to authentication entries and routes: verbs, one transaction each, actor and reason kept."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit import acting
from customers.models import Customer
from routing.addresses import canonical_host
from routing.models import IngressRoute, IpAuth, SipUser
from setup.models import PortalDomain

if TYPE_CHECKING:
    from users.models import User

Entry = TypeVar("Entry", IpAuth, SipUser, IngressRoute)


def add_ip_auth(
    *, customer_id: int, host: str, by: User | None, reason: str = "", **fields: object
) -> IpAuth:
    """A new IP entry; `host` is stored in canonical form.

    Raises ValidationError naming each wrong field, Customer.DoesNotExist where the customer is gone.
    """
    stored_host, is_network = canonical_host(host)
    with acting(by=by, reason=reason):
        customer = _held(customer_id)
        return _stored(IpAuth(customer=customer, host=stored_host, is_network=is_network, **fields))


def add_sip_user(
    *, customer_id: int, username: str, password: str, by: User | None, reason: str = "", **fields: object
) -> SipUser:
    """A new digest user under the customer's realm. The password itself is not kept.

    Raises ValidationError naming each wrong field: a user name that is taken, a realm that nobody has set,
    more channels than the customer has. Raises Customer.DoesNotExist where the customer is gone.
    """
    with acting(by=by, reason=reason):
        customer = _held(customer_id)
        realm = realm_of(customer)
        user = SipUser(
            customer=customer, username=username, realm=realm, ha1=ha1(username, realm, password), **fields
        )
        wanted, capacity = user.channels_limit, customer.channels_limit
        if wanted and capacity and wanted > capacity:
            raise ValidationError({"channels_limit": _("No channel capacity available for your account.")})
        return _stored(user)


def add_route(*, customer_id: int, by: User | None, reason: str = "", **fields: object) -> IngressRoute:
    """A new ingress route. Raises ValidationError naming each wrong field, Customer.DoesNotExist."""
    with acting(by=by, reason=reason):
        return _stored(IngressRoute(customer=_held(customer_id), **fields))


def set_enabled(
    model: type[Entry], entry_id: int, enabled: bool, *, by: User | None, reason: str = ""
) -> Entry:
    """Switches an entry or route on or off; a repeat changes nothing. Raises DoesNotExist if it is gone."""
    with acting(by=by, reason=reason):
        entry = model.objects.select_for_update(no_key=True).get(pk=entry_id)
        if entry.enabled != enabled:
            entry.enabled = enabled
            entry.save(update_fields=["enabled"])
    return entry


def delete(model: type[Entry], entry_id: int, *, by: User | None, reason: str = "") -> None:
    """Deletes an entry or route; its history stays. Deleting what is gone already changes nothing."""
    with acting(by=by, reason=reason):
        model.objects.filter(pk=entry_id).delete()


def realm_of(customer: Customer) -> str:
    """The realm that digests of this customer's SIP users are made for.

    That of its home domain, else of the installation's first. Raises ValidationError if there is none.
    """
    domain = customer.domain or PortalDomain.objects.filter(enabled=True).order_by("pk").first()
    if domain is None:
        raise ValidationError(
            _("SIP users need a realm, and this installation has no portal domain yet. Add one first.")
        )
    return domain.sip_realm


def ha1(username: str, realm: str, password: str) -> str:
    """What a switch needs to check a digest (RFC 2617, MD5, which is all most phones speak)."""
    return hashlib.md5(f"{username}:{realm}:{password}".encode(), usedforsecurity=False).hexdigest()


def _held(customer_id: int) -> Customer:
    """The customer, locked: entries of one customer are added one after the other."""
    return Customer.objects.existing().select_for_update(no_key=True, of=("self",)).get(pk=customer_id)


def _stored(entry: Entry) -> Entry:
    entry.full_clean()
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError:
        entry.full_clean()  # somebody was faster, at another customer: now the rule can say so in words
        raise
    return entry
