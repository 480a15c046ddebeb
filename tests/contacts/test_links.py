"""A contact gets a link by mail, once, and sets a password with it; the token is nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from audit.models import Act, ActKind
from contacts import links, services
from contacts.models import Contact, PasswordLink
from messaging import outbox
from messaging.models import Mail, Purpose
from messaging.tasks import send_due
from tests import factories
from tests.conftest import browser_of
from tests.messaging.post_office import open_office
from tests.pages import filled, words
from tests.workers import celery_worker, until
from users.roles import Role

NEW = "seven green bottles hanging"
PAGE = "/accounts/set-password/"


@pytest.fixture
def office(settings):
    with open_office() as office:
        settings.SMTP_URL = office.url
        yield office


def door(name, contact):
    return reverse(f"contacts:{name}", args=[contact.customer_id, contact.pk])


def mailed(office, browser, contact):
    """Has a link mailed, plays the worker, and gives the token of the mail."""
    browser.post(door("link", contact))
    for mail_id in outbox.due():
        outbox.send(mail_id)
    return re.search(r"#(\S+)", office.texts()[-1])[1]


def set_password(browser, token, password=NEW):
    return browser.post(PAGE, {"token": token, "password1": password, "password2": password})


@pytest.mark.accept("C-12", part="by mail: the old password stops when the link is used")
def test_the_link_sets_a_password_once_and_the_old_one_stops(
    office, client_alice, portal_client, client_carol, carols_contact
):
    token = mailed(office, client_alice, carols_contact)
    assert client_carol.get("/").status_code == 200  # asking alone changes nothing

    answer = set_password(portal_client, token)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/")
    assert client_carol.get("/").status_code == 302
    old = {"login": "carol@example.com", "password": factories.PASSWORD}
    assert portal_client.post("/accounts/login/", old).status_code == 200
    new = {"login": "carol@example.com", "password": NEW}
    assert portal_client.post("/accounts/login/", new)["Location"] == "/"
    kinds = set(Act.objects.values_list("kind", flat=True))
    assert {ActKind.LINK_MAILED, ActKind.PASSWORD_CHANGED} <= kinds

    again = set_password(portal_client, token, f"{NEW} again")
    assert (again.status_code, "used up" in words(again)) == (422, True)


@pytest.mark.accept(
    "C-08", part="a link to choose one is mailed instead of a password, which nobody should read"
)
def test_a_new_contact_gets_a_link_unless_somebody_unticks_it(
    office, client_alice, portal_client, portal_domain
):
    customer = factories.make_customer(domain=portal_domain)
    url = reverse("contacts:new", args=[customer.pk])
    client_alice.post(url, filled(client_alice.get(url), name="Kai", email="kai@example.com"))
    unticked = filled(client_alice.get(url), name="Kim", email="kim@example.com")
    del unticked["mail_link"]
    client_alice.post(url, unticked)
    for mail_id in outbox.due():
        outbox.send(mail_id)

    assert [message["To"] for message in office.taken] == ["kai@example.com"]
    token = re.search(r"#(\S+)", office.texts()[0])[1]
    assert set_password(portal_client, token).status_code == 302
    assert Contact.objects.get(email="kai@example.com").user.check_password(NEW)
    assert Contact.objects.get(email="kim@example.com").user is None


def test_the_link_leads_to_the_portal_of_the_customer(office, client_alice, carols_contact):
    mailed(office, client_alice, carols_contact)

    assert f"http://{carols_contact.customer.domain.host}{PAGE}#" in office.texts()[0]


def test_the_token_is_in_the_mail_and_nowhere_else(office, client_alice, carols_contact, caplog):
    token = mailed(office, client_alice, carols_contact)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            " AND table_type = 'BASE TABLE'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS kept WHERE strpos(kept::text, %s) > 0', [token]
            )
            assert cursor.fetchone() == (0,), f"{table} keeps the token"
    assert token not in caplog.text
    valkey = cache._cache.get_client()
    assert not [key for key in valkey.scan_iter() if token.encode() in (valkey.dump(key) or b"")]


@pytest.mark.parametrize("token", ["", "x", "\x00", "é" * 50, "x" * 101])
def test_a_token_that_means_nothing_sets_nothing(portal_client, carols_contact, token):
    assert set_password(portal_client, token).status_code == 422


def test_a_link_is_over_after_24_hours(office, client_alice, portal_client, carols_contact):
    token = mailed(office, client_alice, carols_contact)
    left = PasswordLink.objects.get().expires_at - timezone.now()
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
    PasswordLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert set_password(portal_client, token).status_code == 422


def test_a_newer_link_ends_the_one_before_it(office, client_alice, portal_client, carols_contact):
    first = mailed(office, client_alice, carols_contact)
    second = mailed(office, client_alice, carols_contact)

    assert [set_password(portal_client, token).status_code for token in (first, second)] == [422, 302]


def test_a_weak_password_does_not_use_the_link_up(office, client_alice, portal_client, carols_contact):
    token = mailed(office, client_alice, carols_contact)

    refused = set_password(portal_client, token, "short")
    assert (refused.status_code, "too short" in words(refused)) == (422, True)
    assert set_password(portal_client, token).status_code == 302


def test_who_was_deleted_meanwhile_gets_no_password(
    office, client_alice, portal_client, carols_contact, alice
):
    token = mailed(office, client_alice, carols_contact)
    services.delete_contact(carols_contact.pk, by=alice)

    assert set_password(portal_client, token).status_code == 422


def test_asking_twice_at_once_is_one_mail(office, client_alice, carols_contact):
    for _ in range(2):
        client_alice.post(door("link", carols_contact))

    assert Mail.objects.count() == 1


def test_without_a_mail_server_it_is_said_what_to_do(settings, client_alice, carols_contact):
    settings.SMTP_URL = ""

    answer = client_alice.post(door("link", carols_contact), follow=True)

    assert "No mail server is set (SMTP_URL)" in words(answer)
    assert not Mail.objects.exists()


def test_the_state_of_the_last_mail_stands_beside_the_button(office, client_alice, carols_contact):
    office.answers["RCPT"] = "550 no such person"
    client_alice.post(door("link", carols_contact))
    for mail_id in outbox.due():
        outbox.send(mail_id)

    page = client_alice.get(door("password", carols_contact))

    assert "failed" in words(page, "id", "last-mail")
    assert "550 no such person" in words(page, "id", "last-mail")


def test_who_may_only_read_mails_nothing(office, carols_contact):
    reader = browser_of(factories.make_staff(role=Role.READ_ONLY), factories.STAFF_HOST)

    assert reader.post(door("link", carols_contact)).status_code == 403
    assert not Mail.objects.exists()


# --- In a real worker


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A Celery worker on this test's database, queue and post office."""
    with open_office() as office, celery_worker(SMTP_URL=office.url) as process:
        yield office, process


def test_what_waited_for_the_server_is_sent_by_the_round_of_each_minute(worker, carols_contact):
    office, _process = worker
    whom = {"contact": carols_contact, "to": carols_contact.email, "by": None}
    mail = outbox.put(Purpose.SET_PASSWORD, site="https://portal.example", brand="A", **whom)
    send_due.delay()
    until(lambda: Mail.objects.get(pk=mail.pk).state == "sent", "the worker did not send it")
    assert len(office.texts()) == 1


def test_a_worker_sends_it_and_logs_no_token(worker, settings, client_alice, carols_contact):
    office, process = worker
    settings.SMTP_URL = office.url

    client_alice.post(door("link", carols_contact))

    assert office.came.wait(60), "the worker did not send it"
    until(lambda: Mail.objects.get().state == "sent", "the worker did not note that it sent it")
    token = re.search(r"#(\S+)", office.texts()[0])[1]
    process.terminate()
    said = process.stdout.read()
    assert b"messaging.send" in said
    assert token.encode() not in said
    assert links.contact_of(token) == carols_contact
