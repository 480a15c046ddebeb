"""Rows for tests, by plain functions: name only what the test is about.

Everything is made through the services where there is one, so that accounts, listings and search words
exist as they would in life.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from calls import partitions
from calls.models import Cdr, CdrBatch, Switch
from carriers.models import Carrier
from contacts.models import Contact
from customers import services as customer_services
from customers.models import Customer, Listing
from imports import services
from imports.fields import TARGETS
from imports.models import Upload
from routing.models import IngressRoute, IpAuth, SipUser
from setup.models import Currency, PortalDomain, Reseller
from users.models import Kind, User

numbers = itertools.count(1)

PASSWORD = "correct horse battery staple"
STAFF_HOST = "localhost"
PORTAL_HOST = "portal.example.com"


@cache
def hashed_password() -> str:
    """PASSWORD as stored: hashed once for all tests, since Argon2 is slow on purpose."""
    return make_password(PASSWORD)


# --- Setup


def make_currency(code: str = "EUR", **fields: Any) -> Currency:
    """The currency with this code, made where it is missing."""
    return Currency.objects.get_or_create(code=code, defaults={"name": code, **fields})[0]


def make_reseller(**fields: Any) -> Reseller:
    return Reseller.objects.create(**{"name": f"Reseller {next(numbers)}", **fields})


def make_portal_domain(**fields: Any) -> PortalDomain:
    """A portal domain; the first one of a test answers at PORTAL_HOST."""
    host = f"portal{next(numbers)}.example.com" if PortalDomain.objects.exists() else PORTAL_HOST
    host = fields.pop("host", host)
    return PortalDomain.objects.create(**{"host": host, "brand": "Acme Voice", "sip_realm": host, **fields})


# --- People


def make_user(*, groups: tuple[str, ...] = (), **fields: Any) -> User:
    """A user who can sign in with PASSWORD. groups: names of Groups, such as users.roles.Role.SUPPORT."""
    user = User(**{"email": f"user{next(numbers)}@example.com", "password": hashed_password(), **fields})
    user.full_clean(exclude=["password"])
    user.save(force_insert=True)
    user.groups.set([Group.objects.get(name=name) for name in groups])
    return user


def make_staff(*, role: str | None = "Administrator", **fields: Any) -> User:
    """A member of staff in the group of that role (None: in no group, hence without any right)."""
    return make_user(kind=Kind.STAFF, groups=(role,) if role else (), **fields)


def make_contact(*, customer: Customer | None = None, sign_in: bool = False, **fields: Any) -> Contact:
    """A person at `customer` (default: a new one). sign_in: with a user who can sign in with PASSWORD."""
    number = next(numbers)
    values = {"name": f"Contact {number}", "email": f"contact{number}@example.com", **fields}
    if sign_in:
        values["user"] = make_user(kind=Kind.CONTACT, email=values["email"], name=values["name"])
    return Contact.objects.create(customer=customer or make_customer(), **values)


# --- Customers and what belongs to them


def make_customer(**fields: Any) -> Customer:
    """A customer in EUR without limits. `currency` may be a code."""
    currency = fields.pop("currency", "EUR")
    if isinstance(currency, str):
        currency = make_currency(currency)
    values = {"name": f"Customer {next(numbers)}", "currency": currency, **fields}
    return customer_services.create_customer(by=None, reason="made for a test", **values)


def set_figures(customer: Customer, **figures: Any) -> Listing:
    """Writes live figures (channels, asr parts, balance, ...) where the pulse would, and gives the row."""
    Listing.objects.filter(pk=customer.pk).update(**figures)
    return Listing.objects.get(pk=customer.pk)


def make_ip_auth(customer: Customer, **fields: Any) -> IpAuth:
    number = next(numbers)
    return IpAuth.objects.create(
        customer=customer, **{"host": f"203.0.{number // 250 % 250}.{number % 250}", **fields}
    )


def make_sip_user(customer: Customer, **fields: Any) -> SipUser:
    values = {"username": f"sip{next(numbers)}", "realm": "sip.example.com", "ha1": "0" * 32, **fields}
    return SipUser.objects.create(customer=customer, **values)


def make_route(customer: Customer, **fields: Any) -> IngressRoute:
    return IngressRoute.objects.create(customer=customer, **{"name": f"Route {next(numbers)}", **fields})


def make_carrier(**fields: Any) -> Carrier:
    values = {"name": f"Carrier {next(numbers)}", "currency": make_currency(), **fields}
    return Carrier.objects.create(**values)


def make_switch(token: str | None = None, **fields: Any) -> tuple[Switch, str]:
    """A switch and the token it signs its requests with."""
    token = token or Switch.new_token()
    values = {"name": f"Switch {next(numbers)}", "token_hash": Switch.hash_token(token), **fields}
    return Switch.objects.create(**values), token


def make_cdr(customer: Customer, **fields: Any) -> Cdr:
    """A record of a call of one minute that began now, as if a switch had delivered it; no figures follow."""
    switch = fields.pop("switch", None) or make_switch()[0]
    started = fields.setdefault("started_at", datetime.now(UTC))
    partitions.ensure([started.astimezone(UTC).date()])
    batch = CdrBatch.objects.create(switch=switch, stored=1)
    values = {"callid": f"call-{next(numbers)}@switch", "sip_code": 200, "connected": True, **fields}
    values.setdefault("duration_ms", 60_000 if values["connected"] else 0)
    cdr = Cdr.objects.create(customer_id=customer.pk, switch_id=switch.pk, batch_id=batch.pk, **values)
    cdr.started_at = cdr.started_at.replace(
        microsecond=0
    )  # as a trigger stores it; the key of a call is that
    return cdr


def make_upload(owner: User, content: bytes = b"Name,Currency\nAurel,EUR\n", **fields: Any) -> Upload:
    """A file on the shelf, as its owner has just sent it."""
    upload = services.receive([content], name="rows.csv", target=TARGETS["customers"], by=owner)
    Upload.objects.filter(pk=upload.pk).update(**fields)
    upload.refresh_from_db()
    return upload
