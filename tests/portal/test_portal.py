"""The customers' own site: carol sees her account, and nobody else's."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.utils import timezone

from audit.models import Act, ActKind
from customers import services as customers
from customers.models import Customer, Status
from tests import factories
from tests.conftest import browser_of
from tests.factories import PASSWORD, PORTAL_HOST

LOGIN = "/accounts/login/"


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def sign_in(browser, **more):
    return browser.post(LOGIN, {"login": "carol@example.com", "password": PASSWORD}, **more)


def test_strangers_are_asked_to_sign_in(portal_client):
    assert portal_client.get("/")["Location"] == f"{LOGIN}?next=/"


def test_carol_sees_her_account_at_a_glance(client_carol, carols_customer, mallorys_customer):
    Customer.objects.filter(pk=carols_customer.pk).update(debit_limit=Decimal(100), channels_limit=30)
    factories.set_figures(carols_customer, balance=Decimal("-12.345"), channels=7)
    page = text(client_carol.get("/"))
    assert "Carol Telecom" in page
    assert f"Account {carols_customer.pk}" in page
    assert "−12.3" in page
    assert "87.6" in page  # 100 − 12.345
    assert page.count("EUR") == 2
    assert '7 <small class="muted">/ 30</small>' in page
    assert "Your account is active. You can make calls." in page
    assert "Mallory" not in page


def test_without_a_limit_none_is_shown(client_carol, carols_customer):
    factories.set_figures(carols_customer, channels=7)
    assert '<small class="muted">/' not in text(client_carol.get("/"))


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (Status.PENDING, "being set up"),
        (Status.PENDING_APPROVAL, "waits for approval"),
        (Status.PENALTY, "suspended"),
    ],
)
def test_the_status_is_said_in_a_sentence(client_carol, carols_customer, status, sentence):
    customers.set_status(carols_customer.pk, status, by=None)
    assert sentence in text(client_carol.get("/"))


def test_a_penalty_that_is_over_is_over_even_if_nobody_noticed(client_carol, carols_customer):
    Customer.objects.filter(pk=carols_customer.pk).update(
        status=Status.PENALTY, penalty_until=timezone.now() - timedelta(seconds=1)
    )
    assert "Your account is active" in text(client_carol.get("/"))


def test_a_hidden_balance_is_not_shown(client_carol, carols_customer):
    factories.set_figures(carols_customer, balance=Decimal("55.25"))
    Customer.objects.filter(pk=carols_customer.pk).update(portal_hide=["balance"])
    page = text(client_carol.get("/"))
    assert "55.25" not in page
    assert "Balance" not in page


def test_the_brand_of_the_domain_stands_everywhere_and_ours_nowhere(portal_client, client_carol):
    for page in (portal_client.get(LOGIN), client_carol.get("/"), client_carol.get("/accounts/logout/")):
        assert "Acme Voice" in text(page)
        assert "Connex" not in text(page)


def test_another_domain_has_another_brand(portal_domain):
    other = factories.make_portal_domain(host="calls.bravo.example", brand="Bravo Calls")
    page = text(browser_of(None, other.host).get(LOGIN))
    assert "Bravo Calls" in page
    assert "Acme Voice" not in page


def test_signing_out_works_on_the_portal(client_carol):
    client_carol.post("/accounts/logout/")
    assert client_carol.get("/").status_code == 302


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_home_page_is_only_for_reading(client_carol, method):
    assert getattr(client_carol, method)("/").status_code == 405


# --- Who is refused

REFUSALS = {
    "portal off": ({"portal_access": False}, "The portal is switched off for your account"),
    "inactive": ({"status": Status.INACTIVE}, "Your account is inactive"),
    "deleted": ({"deleted_at": timezone.now()}, "This account is closed"),
}


@pytest.mark.accept("P-02")
@pytest.mark.parametrize("why", REFUSALS)
def test_a_customer_without_access_is_refused_with_a_sentence(portal_client, carol, carols_customer, why):
    change, sentence = REFUSALS[why]
    Customer.objects.filter(pk=carols_customer.pk).update(**change)
    answer = sign_in(portal_client)
    assert sentence in text(answer)
    assert settings.SESSION_COOKIE_NAME not in portal_client.cookies
    assert Act.objects.filter(kind=ActKind.SIGNED_IN).count() == 0


@pytest.mark.parametrize("why", REFUSALS)
def test_an_open_session_ends_when_access_ends(client_carol, carols_customer, why):
    change, sentence = REFUSALS[why]
    assert client_carol.get("/").status_code == 200
    Customer.objects.filter(pk=carols_customer.pk).update(**change)
    assert sentence in text(client_carol.get("/", follow=True))
    Customer.objects.filter(pk=carols_customer.pk).update(
        portal_access=True, status=Status.ACTIVE, deleted_at=None
    )
    assert client_carol.get("/").status_code == 302, "the session does not come back to life"


def test_htmx_is_led_to_the_sign_in_page_too(client_carol, carols_customer):
    Customer.objects.filter(pk=carols_customer.pk).update(portal_access=False)
    answer = client_carol.get("/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, LOGIN)


def test_why_is_told_only_to_those_who_know_the_password(portal_client, carol, carols_customer):
    Customer.objects.filter(pk=carols_customer.pk).update(portal_access=False)
    answer = portal_client.post(LOGIN, {"login": carol.email, "password": "a guess"})
    assert "switched off" not in text(answer)


def test_a_customer_of_one_domain_does_not_come_in_by_another(portal_domain, carol):
    other = factories.make_portal_domain(host="calls.bravo.example")
    assert "Your account signs in at another address" in text(sign_in(browser_of(None, other.host)))


def test_a_customer_without_domain_comes_in_by_any(portal_client, carol, carols_customer):
    Customer.objects.filter(pk=carols_customer.pk).update(domain=None)
    assert sign_in(portal_client).status_code == 302


@pytest.mark.parametrize(
    ("whitelist", "ip", "status"),
    [
        (["192.0.2.7"], "192.0.2.7", 302),
        (["192.0.2.0/24"], "192.0.2.200", 302),
        (["198.51.100.1", "2001:db8::/32"], "2001:db8::5", 302),
        (["192.0.2.7"], "192.0.2.8", 200),
        (["192.0.2.7"], "2001:db8::5", 200),
        (["nonsense"], "192.0.2.7", 200),
    ],
)
def test_a_contact_with_addresses_comes_in_only_from_there(
    portal_client, carols_contact, whitelist, ip, status
):
    carols_contact.ip_whitelist = whitelist
    carols_contact.save()
    answer = sign_in(portal_client, REMOTE_ADDR=ip)
    assert answer.status_code == status
    assert status == 302 or f"You may not sign in from the address {ip}" in text(answer)


def test_a_forwarded_address_is_believed_only_from_our_own_proxies(portal_client, carols_contact, settings):
    carols_contact.ip_whitelist = ["192.0.2.7"]
    carols_contact.save()
    pretended = {"headers": {"host": PORTAL_HOST, "x-forwarded-for": "192.0.2.7"}}
    assert sign_in(portal_client, **pretended).status_code == 200
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert sign_in(portal_client, **pretended).status_code == 302


def test_a_sign_in_whose_contact_is_gone_opens_nothing(client_carol, carols_contact):
    carols_contact.delete()
    assert "belongs to no contact any more" in text(client_carol.get("/", follow=True))
