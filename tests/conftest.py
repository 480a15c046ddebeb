"""The cast, and a browser for each of them.

alice is an administrator, bob is staff in no group, anna an account manager. rita works for reseller A
(`reseller_a`), rolf for reseller B. carol is a contact with portal sign-in, mallory one of another customer.
`client_alice` and so on are signed in on their own site; `client` and `portal_client` are strangers.
"""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from contacts.models import Contact
from customers.models import Customer
from grids.shared import shared
from setup.models import PortalDomain, Reseller
from tests import factories
from tests.factories import PORTAL_HOST, STAFF_HOST
from users.models import User
from users.roles import Role

# --- People


@pytest.fixture
def alice(db: None) -> User:
    return factories.make_staff(role=Role.ADMINISTRATOR, email="alice@example.com", name="Alice Archer")


@pytest.fixture
def bob(db: None) -> User:
    return factories.make_staff(role=None, email="bob@example.com", name="Bob Baker")


@pytest.fixture
def anna(db: None) -> User:
    return factories.make_staff(role=Role.ACCOUNT_MANAGER, email="anna@example.com", name="Anna Adler")


@pytest.fixture
def reseller_a(db: None) -> Reseller:
    return factories.make_reseller(name="Alpha Carriers")


@pytest.fixture
def reseller_b(db: None) -> Reseller:
    return factories.make_reseller(name="Bravo Carriers")


@pytest.fixture
def rita(reseller_a: Reseller) -> User:
    return factories.make_staff(
        role=Role.RESELLER, email="rita@example.com", name="Rita Rossi", reseller=reseller_a
    )


@pytest.fixture
def rolf(reseller_b: Reseller) -> User:
    return factories.make_staff(
        role=Role.RESELLER, email="rolf@example.com", name="Rolf Ritter", reseller=reseller_b
    )


@pytest.fixture
def portal_domain(db: None) -> PortalDomain:
    return factories.make_portal_domain(host=PORTAL_HOST)


@pytest.fixture
def carols_customer(portal_domain: PortalDomain) -> Customer:
    return factories.make_customer(name="Carol Telecom", domain=portal_domain)


@pytest.fixture
def mallorys_customer(portal_domain: PortalDomain) -> Customer:
    return factories.make_customer(name="Mallory Networks", domain=portal_domain)


@pytest.fixture
def carols_contact(carols_customer: Customer) -> Contact:
    return factories.make_contact(
        customer=carols_customer, name="Carol Carter", email="carol@example.com", sign_in=True
    )


@pytest.fixture
def mallorys_contact(mallorys_customer: Customer) -> Contact:
    return factories.make_contact(
        customer=mallorys_customer, name="Mallory Moss", email="mallory@example.com", sign_in=True
    )


@pytest.fixture
def carol(carols_contact: Contact) -> User:
    assert carols_contact.user is not None
    return carols_contact.user


@pytest.fixture
def mallory(mallorys_contact: Contact) -> User:
    assert mallorys_contact.user is not None
    return mallorys_contact.user


# --- Their browsers


def browser_of(user: User | None, host: str) -> Client:
    """Django's test client at one host, signed in as `user` (None: a stranger)."""
    browser = Client(headers={"host": host})
    if user:
        browser.force_login(user)
    return browser


@pytest.fixture
def client() -> Client:
    """A stranger on the staff site."""
    return browser_of(None, STAFF_HOST)


@pytest.fixture
def portal_client(portal_domain: PortalDomain) -> Client:
    """A stranger on the customers' site."""
    return browser_of(None, portal_domain.host)


@pytest.fixture
def client_alice(alice: User) -> Client:
    return browser_of(alice, STAFF_HOST)


@pytest.fixture
def client_bob(bob: User) -> Client:
    return browser_of(bob, STAFF_HOST)


@pytest.fixture
def client_anna(anna: User) -> Client:
    return browser_of(anna, STAFF_HOST)


@pytest.fixture
def client_rita(rita: User) -> Client:
    return browser_of(rita, STAFF_HOST)


@pytest.fixture
def client_rolf(rolf: User) -> Client:
    return browser_of(rolf, STAFF_HOST)


@pytest.fixture
def client_carol(carol: User) -> Client:
    return browser_of(carol, PORTAL_HOST)


@pytest.fixture
def client_mallory(mallory: User) -> Client:
    return browser_of(mallory, PORTAL_HOST)


# --- Between tests


@pytest.fixture(autouse=True)
def _nobody_polled_yet() -> None:
    """Forgets lists that this process keeps for polls: a rolled back test leaves no trace of its rows."""
    shared.clear()


@pytest.fixture(autouse=True)
def _nobody_guessed_yet() -> None:
    """Forgets the sign-ins that were counted, which live in Valkey and would meet the next test."""
    valkey = cache._cache.get_client()  # the client that Django's own cache uses
    counted = ("*allauth:rl:*", "*users:throttle:*", "*users:code-used:*", "*audit:failures*")
    if keys := [key for pattern in counted for key in valkey.scan_iter(pattern)]:
        valkey.delete(*keys)
