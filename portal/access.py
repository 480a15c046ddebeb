"""Who may be on the customers' site now, and the sentence for those who may not."""

import ipaddress
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.models import Contact
from customers.models import Customer, Status
from setup.models import PortalDomain
from users.addresses import client_ip
from users.models import User


@dataclass(frozen=True, slots=True)
class Pass:
    """The answer for one user: the contact behind it, and why it may not come in (empty: it may)."""

    contact: Contact | None
    objection: str = ""


def ask(user: User, request: HttpRequest) -> Pass:
    """Whether this user of the portal may be here now; one query."""
    contact = Contact.objects.select_related("customer__currency").filter(user=user).first()
    if contact is None:
        return Pass(None, _("This sign-in belongs to no contact any more. Ask your provider for a new one."))
    objection = _account_objection(contact.customer) or _place_objection(contact, request)
    return Pass(contact, objection)


def _account_objection(customer: Customer) -> str:
    if customer.deleted_at is not None:
        return _("This account is closed. If that surprises you, ask your provider.")
    if not customer.portal_access:
        return _("The portal is switched off for your account. Ask your provider to switch it on.")
    if customer.effective_status(timezone.now()) == Status.INACTIVE:
        return _("Your account is inactive. Ask your provider to activate it.")
    return ""


def _place_objection(contact: Contact, request: HttpRequest) -> str:
    """The right host for this customer, and one of the addresses the contact may come from."""
    domain: PortalDomain = request.portal_domain  # type: ignore[attr-defined]  # set by SiteMiddleware
    if contact.customer.domain_id not in (None, domain.pk):
        return _("Your account signs in at another address. Ask your provider which one it is.")
    ip = client_ip(request)
    if contact.ip_whitelist and not _is_listed(ip, contact.ip_whitelist):
        return _("You may not sign in from the address %(ip)s. Ask your provider to allow it.") % {"ip": ip}
    return ""


def _is_listed(ip: str | None, whitelist: list[str]) -> bool:
    """Entries are addresses or networks; one that is neither lets nobody in."""
    if ip is None:
        return False
    address = ipaddress.ip_address(ip)
    for entry in whitelist:
        try:
            if address in ipaddress.ip_network(entry.strip(), strict=False):
                return True
        except ValueError:
            continue
    return False
