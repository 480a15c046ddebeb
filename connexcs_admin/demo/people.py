"""Contacts of demo customers, number blocks and calling hours."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from connexcs_admin.demo.arguments import Arguments
from connexcs_admin.demo.customers import DemoCustomer
from connexcs_admin.demo.ground import Ground
from connexcs_admin.demo.names import person
from contacts.models import Contact, ContactType
from customers.models import Status
from setup.models import Installation
from users.models import Kind, User

_DESKS = (
    (ContactType.OWNER, ""),
    (ContactType.BILLING, "billing"),
    (ContactType.TECHNICAL, "noc"),
    (ContactType.SUPPORT, "support"),
)
# Numbers set aside for drama, where a country has some; elsewhere a 0 that no subscriber's number begins
# with: somebody may press "send" in a demo.
_DRAMA = {
    "GB": ("+447700900", 3), "US": ("+1202555010", 1), "CA": ("+1613555010", 1), "DE": ("+493023125", 3),
    "FR": ("+331990012", 2), "AU": ("+61491570", 3),
}  # fmt: skip


def contacts(customers: list[DemoCustomer], arguments: Arguments) -> Iterator[dict[str, Any]]:
    """One to four people each; mail addresses end in .example, which nobody can receive."""
    rng = arguments.chance("contacts")
    for customer in customers:
        place = customer.company.place
        for kind, desk in _DESKS[: rng.choice((1, 1, 2, 2, 2, 3, 4))]:
            someone = person(rng, place)
            verified = arguments.until - timedelta(days=rng.uniform(1, 300))
            yield {
                "customer_id": customer.id,
                "name": someone.name,
                "email": f"{desk or someone.slug}@{customer.slug}.example",
                "phone": _phone(rng, customer) if rng.random() < 0.8 else "",
                "mobile": _phone(rng, customer) if rng.random() < 0.5 else "",
                "type": kind.value,
                "email_verified_at": verified.replace(microsecond=0) if rng.random() < 0.7 else None,
                "notes_private": "Speaks English and French." if rng.random() < 0.05 else "",
                "created_at": customer.created_at,
            }


def _phone(rng: random.Random, customer: DemoCustomer) -> str:
    place = customer.company.place
    prefix, digits = _DRAMA.get(place.country, (f"+{place.dial}00", 6))
    return prefix + str(rng.randrange(10**digits)).zfill(digits)


def give_sign_ins(customers: list[DemoCustomer], ground: Ground) -> list[str]:
    """The first contacts of one customer of the operator and one of a reseller may open the portal.

    Returns their emails.
    """
    emails = []
    for reseller in (None, 0):
        wanted = (
            customer
            for customer in customers
            if customer.status == Status.ACTIVE and customer.weight and customer.reseller == reseller
        )
        if (customer := max(wanted, key=lambda one: one.weight, default=None)) is None:
            continue
        contact = Contact.objects.filter(customer_id=customer.id).order_by("pk")[0]
        contact.user = User.objects.create(
            email=contact.email, name=contact.name, kind=Kind.CONTACT, password=ground.password_hash
        )
        contact.save(update_fields=["user"])
        emails.append(contact.email)
    return emails


def number_blocks(
    customers: list[DemoCustomer], arguments: Arguments, after: int
) -> Iterator[dict[str, Any]]:
    """A block for every third customer. after: the highest number that is taken."""
    rng = arguments.chance("numbers")
    settings = Installation.current()
    if settings.number_range_start is None or settings.number_block_size is None:
        return
    first = max(settings.number_range_start, after + 1)
    for customer in customers:
        if rng.random() < 0.33:
            yield {"customer_id": customer.id, "first": first, "last": first + settings.number_block_size - 1}
            first += settings.number_block_size


def call_windows(customers: list[DemoCustomer], arguments: Arguments) -> Iterator[dict[str, Any]]:
    """Office hours for some of those that do not call, so that no demo call contradicts them."""
    rng = arguments.chance("hours")
    for customer in customers:
        if not customer.weight and rng.random() < 0.1:
            for weekday in range(5):
                yield {"customer_id": customer.id, "weekday": weekday, "opens": 480, "closes": 1200}
