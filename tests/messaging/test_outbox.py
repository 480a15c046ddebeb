"""Mails go out once, over a real line; what went wrong is known for what it is."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from messaging import outbox
from messaging.models import Mail, Purpose, State
from tests import factories
from tests.messaging.post_office import open_office


@pytest.fixture
def office(settings):
    with open_office() as office:
        settings.SMTP_URL, settings.MAIL_FROM = office.url, "portal@connex.example"
        yield office


def make_mail(contact=None, **fields):
    contact = contact or factories.make_contact(name="Kai", email="kai@example.com")
    values = {"to": contact.email, "site": "https://portal.example.com", "brand": "Rhein Telecom", **fields}
    return Mail.objects.create(purpose=Purpose.SET_PASSWORD, contact=contact, **values)


def state_of(mail):
    mail.refresh_from_db()
    return mail.state


def test_a_mail_goes_to_one_person_and_says_what_it_is(db, office):
    mail = make_mail()

    outbox.send(mail.pk)

    assert (state_of(mail), mail.attempts, mail.error) == (State.SENT, 1, "")
    (message,) = office.taken
    assert office.envelopes == [("portal@connex.example", ["kai@example.com"])]
    assert message["Subject"] == "Rhein Telecom: set your password"
    assert (message["To"], message["From"]) == ("kai@example.com", "Rhein Telecom <portal@connex.example>")
    assert message["Message-ID"] == f"<mail-{mail.pk}@connex.example>"
    assert "https://portal.example.com/accounts/set-password/#" in office.texts()[0]


def test_sending_again_sends_nothing(db, office):
    mail = make_mail()
    for _ in range(3):
        outbox.send(mail.pk)
    assert (len(office.taken), outbox.due()) == (1, [])


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_sends(office):
    mail, barrier = make_mail(), threading.Barrier(4)

    def work():
        try:
            barrier.wait(20)
            outbox.send(mail.pk)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(30)

    assert (len(office.taken), state_of(mail)) == (1, State.SENT)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", "."])
def test_what_was_put_off_waits_and_goes_out_later(db, office, command):
    mail = make_mail()
    office.answers[command] = "451 greylisted"

    outbox.send(mail.pk)

    assert (state_of(mail), mail.error, office.taken) == (State.QUEUED, "451 greylisted", [])
    assert mail.due_at > timezone.now()
    assert outbox.due() == []
    Mail.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    for due in outbox.due():
        outbox.send(due)
    assert (state_of(mail), mail.attempts, len(office.taken)) == (State.SENT, 2, 1)


@pytest.mark.parametrize("command", ["RCPT", "DATA", "."])
def test_what_was_refused_for_good_is_not_tried_again(db, office, command):
    mail = make_mail()
    office.answers[command] = "550 no such person"

    outbox.send(mail.pk)

    assert (state_of(mail), mail.error, outbox.due()) == (State.FAILED, "550 no such person", [])


def test_a_line_that_breaks_before_the_text_is_tried_again(db, office):
    mail = make_mail()
    office.answers["RCPT"] = "drop"

    outbox.send(mail.pk)

    assert state_of(mail) == State.QUEUED


def test_a_line_that_breaks_after_the_text_leaves_it_unknown_and_is_not_tried_again(db, office):
    mail = make_mail()
    office.answers["."] = "drop"

    outbox.send(mail.pk)

    assert (state_of(mail), outbox.due()) == (State.UNKNOWN, [])


def test_a_server_that_is_away_fails_a_mail_after_six_attempts(db, settings):
    with open_office() as office:
        settings.SMTP_URL = office.url
    mail = make_mail()

    for _ in range(8):
        outbox.send(mail.pk)
        Mail.objects.update(due_at=timezone.now() - timedelta(seconds=1))

    assert (state_of(mail), mail.attempts) == (State.FAILED, 6)
    assert "refused" in mail.error


def test_a_worker_that_ended_while_sending_leaves_it_unknown(db, office):
    mail = make_mail(state=State.SENDING, claimed_at=timezone.now() - timedelta(minutes=11))
    under_way = make_mail(
        contact=mail.contact, state=State.SENDING, claimed_at=timezone.now() - timedelta(minutes=1)
    )

    assert outbox.due() == []
    assert (state_of(mail), state_of(under_way)) == (State.UNKNOWN, State.SENDING)


def test_nobody_is_written_to_who_is_gone_or_has_another_address(db, office):
    gone, moved = make_mail(), make_mail(factories.make_contact(), to="old@example.com")
    gone.contact.delete()

    for mail in (gone, moved):
        outbox.send(mail.pk)

    assert (state_of(gone), state_of(moved), office.taken) == (State.FAILED, State.FAILED, [])


def test_a_password_is_not_sent_over_an_open_line(db, office, settings):
    settings.SMTP_URL = office.url.replace("//", "//me:secret@")
    mail = make_mail()

    outbox.send(mail.pk)

    assert (state_of(mail), "offers no TLS" in mail.error) == (State.QUEUED, True)
    assert "secret" not in mail.error


def test_a_brand_cannot_add_headers(db, office):
    outbox.send(make_mail(brand="Evil\r\nBcc: all@example.com").pk)

    (message,) = office.taken
    assert message["Bcc"] is None
    assert office.envelopes[0][1] == ["kai@example.com"]
