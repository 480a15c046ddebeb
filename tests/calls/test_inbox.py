"""The quarantine inbox: what was refused and why, tried again or dismissed by a person."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from calls import inbox
from calls.models import Cdr, QuarantinedRecord, QuarantineState
from tests import factories
from tests.calls.conversation import record, send
from tests.pages import words
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db
URL = "/calls/quarantine/"


@pytest.fixture
def token() -> str:
    return factories.make_switch(name="Edge 1")[1]


def refuse(token: str, **fields: Any) -> QuarantinedRecord:
    """A record that nobody can take, as a switch sends it: its customer is to come."""
    values = record(factories.make_customer(), **fields) | {"customer_id": 987_654}
    assert send("cdrs", token, [values]).json()["stored"] == 0
    return QuarantinedRecord.objects.latest("pk")


def test_a_refused_record_waits_with_its_cause_switch_and_what_was_sent(client_alice: Client, token):
    refuse(token, callid="evil <b>one</b>")
    answer = client_alice.get(URL, follow=True)
    text = words(answer)
    assert "Edge 1" in text
    assert "Unknown customer" in text
    assert "There is no customer 987654" in text
    assert '"callid": "evil <b>one</b>"' in text
    assert "<b>one</b>" not in answer.content.decode()


def test_it_is_taken_once_its_cause_is_mended_and_leaves_the_inbox(client_alice: Client, alice: User, token):
    row = refuse(token)
    answer = client_alice.post(URL + "replay/", {"ids": [row.pk]}, follow=True)
    assert "0 stored, 0 known already, 1 refused again." in words(answer)
    factories.make_customer(id=987_654)
    answer = client_alice.post(URL + "replay/", {"ids": [row.pk]}, follow=True)
    assert "1 stored, 0 known already, 0 refused again." in words(answer)
    assert Cdr.objects.get().customer_id == 987_654
    row.refresh_from_db()
    assert (row.state, row.closed_by) == (QuarantineState.REPLAYED, alice)
    assert "Nothing waits here." in words(client_alice.get(URL, follow=True))
    closed = client_alice.get(URL, {"f.state": "in:replayed", "s": "-last", "c": "last,closed_by"})
    assert "Alice Archer" in words(closed)


def test_dismissing_wants_a_reason_and_names_who_did_it(client_alice: Client, alice: User, token):
    row, other = refuse(token), refuse(token)
    answer = client_alice.post(URL + "dismiss/", {"ids": [row.pk], "reason": " "}, follow=True)
    assert "Say why they are dismissed" in words(answer)
    answer = client_alice.post(URL + "dismiss/", {"ids": [row.pk], "reason": "a test call"}, follow=True)
    assert "1 record was dismissed." in words(answer)
    row.refresh_from_db()
    assert (row.state, row.closed_by, row.note) == (QuarantineState.DISMISSED, alice, "a test call")
    assert list(QuarantinedRecord.objects.waiting()) == [other]


def test_all_of_one_cause_are_tried_at_once_up_to_what_a_person_waits_for(client_alice, token, monkeypatch):
    monkeypatch.setattr(inbox, "AT_ONCE", 2)
    for _number in range(3):
        refuse(token)
    send("cdrs", token, [{"nothing": "here"}])
    factories.make_customer(id=987_654)
    client_alice.post(URL + "replay/", {"all": "1", "cause": "unknown_customer"})
    assert Cdr.objects.count() == 2
    assert QuarantinedRecord.objects.waiting().count() == 2


@pytest.mark.parametrize("posted", [{}, {"ids": "x"}, {"ids": "9" * 40}, {"ids": "\x00"}, {"ids": "-1"}])
def test_nothing_ticked_or_nonsense_is_said_and_changes_nothing(client_alice: Client, token, posted):
    refuse(token)
    for verb in ("replay", "dismiss"):
        answer = client_alice.post(f"{URL}{verb}/", {"reason": "why not", **posted}, follow=True)
        assert answer.status_code == 200
        assert "Nothing is ticked." in words(answer)
    assert QuarantinedRecord.objects.waiting().count() == 1


def test_a_list_by_cause_and_its_pages(client_alice: Client, token):
    for number in range(3):
        refuse(token, callid=f"call {number}")
    send("cdrs", token, [{"nothing": "here"}])
    answer = client_alice.get(URL, {"f.cause": "in:unknown_customer", "s": "-last", "n": "2"})
    assert '"callid": "call 2"' in words(answer)
    assert "call 0" not in words(answer)
    assert "Try all of this cause again" in words(answer)
    assert "call 0" in words(client_alice.get(answer.context["next_url"]))
    assert "3 refused records" in words(answer)
    assert 'form="quarantine-act"' in answer.content.decode()


def test_bodies_that_nobody_could_read_are_counted(client_alice: Client, token):
    for _time in range(3):
        send("cdrs", token, b"{not json")
    assert "Edge 1 receive_cdrs 400 3" in words(client_alice.get(URL, follow=True), "id", "bodies")


def test_support_reads_but_changes_nothing_and_resellers_see_nothing(
    client: Client, client_rita: Client, rita: User, token
):
    row = refuse(token)
    client.force_login(factories.make_staff(role=Role.SUPPORT))
    page = client.get(URL, follow=True)
    assert "There is no customer 987654" in words(page)
    assert "Try the ticked again" not in words(page)
    assert client.post(URL + "replay/", {"ids": [row.pk]}).status_code == 403
    assert client_rita.get(URL).status_code == 403
    rita.groups.add(*factories.make_staff(role=Role.ADMINISTRATOR).groups.all())
    send("cdrs", token, b"{not json")
    assert "987654" not in words(client_rita.get(URL, follow=True))
    assert "Edge 1" not in words(client_rita.get(URL, follow=True))
    client_rita.post(URL + "dismiss/", {"ids": [row.pk], "reason": "mischief"})
    row.refresh_from_db()
    assert row.state == QuarantineState.WAITING
    assert json.loads(bytes(row.raw))["customer_id"] == 987_654
