"""Two kinds of hosts, two kinds of people: nobody gets across."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from tests import factories
from tests.conftest import browser_of
from tests.factories import PASSWORD, PORTAL_HOST, STAFF_HOST
from users.models import Kind

LOGIN = "/accounts/login/"


def is_signed_in(browser: Client) -> bool:
    """Whether the site takes this browser for somebody: only strangers are shown the sign-in form."""
    return browser.get(LOGIN).status_code == 302


def cookie_carried_over(browser: Client, host: str) -> Client:
    """A browser at another host with a copy of this one's session cookie."""
    other = browser_of(None, host)
    other.cookies[settings.SESSION_COOKIE_NAME] = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return other


def test_a_staff_session_is_worth_nothing_on_the_portal(client_alice, portal_domain):
    assert is_signed_in(client_alice)
    assert not is_signed_in(cookie_carried_over(client_alice, PORTAL_HOST))


def test_a_contacts_session_is_worth_nothing_on_the_staff_site(client_carol):
    assert is_signed_in(client_carol)
    assert not is_signed_in(cookie_carried_over(client_carol, STAFF_HOST))


def test_a_session_tried_on_the_other_site_is_over(client_carol):
    cookie_carried_over(client_carol, STAFF_HOST).get(LOGIN)
    assert not Session.objects.exists()
    assert not is_signed_in(client_carol)


def test_sessions_live_in_postgresql(client_alice):
    assert Session.objects.get().pk == client_alice.cookies[settings.SESSION_COOKIE_NAME].value


def test_cookies_belong_to_one_host_and_no_script(client, alice):
    client.get(LOGIN)
    answer = client.post(LOGIN, {"login": alice.email, "password": PASSWORD})
    session = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert session["domain"] == ""
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert all(cookie["domain"] == "" for cookie in client.cookies.values())


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "localhost:8000",
        "LocalHost.:8000",
        "127.0.0.1:1",
        "[::1]:8000",
    ],
)
def test_the_staff_host_is_known_in_every_spelling(db, host):
    assert b"/accounts/login/" in browser_of(None, host).get(LOGIN).content


@pytest.mark.parametrize("host", [PORTAL_HOST, PORTAL_HOST.upper(), f"{PORTAL_HOST}.", f"{PORTAL_HOST}:8000"])
def test_a_portal_host_is_known_in_every_spelling(portal_domain, host):
    answer = browser_of(None, host).get(LOGIN)
    assert answer.status_code == 200
    assert answer.wsgi_request.site_kind == Kind.CONTACT


@pytest.mark.parametrize(
    "host", ["evil.example.com", f"x.{PORTAL_HOST}", f"{PORTAL_HOST}.evil.com", "localhost.evil.com", "[::2]"]
)
def test_a_foreign_host_gets_nothing(portal_domain, host):
    assert browser_of(None, host).get(LOGIN).status_code == 404


@pytest.mark.parametrize("host", ["", "local host", "localhost:port", "localhost/x", "a@localhost", "[::1"])
def test_an_illegal_host_is_refused(db, host):
    assert browser_of(None, host).get(LOGIN).status_code == 400


def test_a_request_without_host_is_refused(db):
    assert Client().get(LOGIN).status_code == 400


def test_a_domain_that_is_switched_off_is_gone_at_once(portal_domain, client_carol):
    assert client_carol.get(LOGIN).status_code == 302
    portal_domain.enabled = False
    portal_domain.save()
    assert client_carol.get(LOGIN).status_code == 404


def test_staff_hosts_are_read_without_case(db, settings):
    settings.STAFF_HOSTS = ["Admin.Example.com"]
    assert browser_of(None, "admin.example.COM").get(LOGIN).status_code == 200


def test_the_staff_host_costs_no_query(db, django_assert_num_queries):
    browser = browser_of(None, STAFF_HOST)
    with django_assert_num_queries(0):
        browser.get(LOGIN)


def test_staff_pages_do_not_exist_on_the_portal(client_carol):
    assert client_carol.get("/customers/").status_code == 404


def test_a_group_given_to_a_contact_by_mistake_opens_nothing(carol):
    carol.groups.set(factories.make_staff().groups.all())
    assert not carol.get_all_permissions()
    assert not carol.has_perm("customers.view_customer")


def test_a_part_of_a_page_that_finds_its_session_over_leads_back_to_the_page_and_not_to_the_part(client):
    page = "http://localhost/customers/?f.status=in:active&q=amber"
    response = client.get(
        "/customers/live/?ids=1,2",
        headers={"HX-Request": "true", "HX-Current-URL": page, "Host": "localhost"},
    )
    assert response.status_code == 204
    assert response["HX-Redirect"] == "/accounts/login/?next=/customers/%3Ff.status%3Din%3Aactive%26q%3Damber"


@pytest.mark.parametrize("page", ["", "http://evil.example/customers/", "javascript:alert(1)"])
def test_a_part_asked_for_from_elsewhere_leads_home_after_the_sign_in(client, page):
    response = client.get(
        "/customers/live/", headers={"HX-Request": "true", "HX-Current-URL": page, "Host": "localhost"}
    )
    assert response["HX-Redirect"] == "/accounts/login/?next=/"
