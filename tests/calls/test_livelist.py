"""The list of live calls: these calls and no others, refreshed while it is open."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from calls import livelist
from calls.models import Dialog, DialogState, Switch
from customers.models import Customer
from tests import factories
from tests.calls.conversation import now
from tests.pages import words
from users.roles import Role

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def switch() -> Switch:
    return factories.make_switch(name="Edge 1")[0]


def call(customer: Customer, switch: Switch, callid: str, **fields: Any) -> Dialog:
    at = now()
    values = {"state": DialogState.CONNECTED, "started_at": at, "seen_at": at, "told_at": at, **fields}
    return Dialog.objects.create(customer_id=customer.pk, switch=switch, callid=callid, **values)


def rows(answer: Any) -> list[str]:
    table = answer.content.decode().partition('id="dialogs"')[2]
    return re.findall(r'title="([^"]*)">[^<]*</td></tr>', table)


def poll_of(answer: Any) -> str:
    found = re.search(r'id="live-calls" hx-get="([^"]*)"', answer.content.decode())
    assert found
    return found[1]


@pytest.mark.accept("C-84")
def test_dialogs_has_the_calls_of_this_customer_that_are_up_and_no_others(client_alice, switch):
    customer, other = factories.make_customer(), factories.make_customer()
    at = now()
    call(customer, switch, "up", started_at=at - timedelta(minutes=2))
    call(customer, switch, "ringing", state=DialogState.RINGING)
    call(customer, switch, "over", ended_at=at, state=DialogState.ENDED)
    call(customer, switch, "not named for long", seen_at=at - timedelta(seconds=switch.keepalive_s + 1))
    call(other, switch, "of somebody else")
    assert rows(client_alice.get(f"/customers/{customer.pk}/dialogs/")) == ["ringing", "up"]
    assert set(rows(client_alice.get("/calls/live/"))) == {"ringing", "up", "of somebody else"}


def test_a_row_tells_who_calls_whom_since_when_and_over_which_carrier(client_alice, switch):
    customer = factories.make_customer(name="Altavox")
    carrier = factories.make_carrier(name="Nordhav")
    answered = now() - timedelta(seconds=61)
    call(
        customer, switch, "a", cli="44207", destination="4930", carrier_id=carrier.pk, codec="PCMA",
        started_at=answered - timedelta(seconds=5), answered_at=answered,
    )  # fmt: skip
    row = words(client_alice.get("/calls/live/"), "id", "dialogs")
    assert re.search(r"Connected Altavox 44207 4930 \d\d:\d\d:\d\d 1:0[123] Nordhav Edge 1 PCMA a$", row)


def test_a_poll_is_204_until_something_on_the_list_changes(client_alice, switch):
    customer = factories.make_customer()
    dialog = call(customer, switch, "a", state=DialogState.RINGING)
    url = poll_of(client_alice.get("/calls/live/"))
    assert client_alice.get(url, headers=HTMX).status_code == 204
    Dialog.objects.update(seen_at=now())  # named again: nothing a person would see
    assert client_alice.get(url, headers=HTMX).status_code == 204
    Dialog.objects.update(state=DialogState.CONNECTED)
    answer = client_alice.get(url, headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()
    url = poll_of(answer)
    assert client_alice.get(url, headers=HTMX).status_code == 204
    Dialog.objects.filter(pk=dialog.pk).update(ended_at=now())
    answer = client_alice.get(url, headers=HTMX)
    assert "No call is up now." in words(answer)


def test_a_resellers_user_sees_own_calls_only_without_carrier_or_switch(client_rita, reseller_a, switch):
    own, strange = factories.make_customer(reseller=reseller_a), factories.make_customer()
    carrier = factories.make_carrier(name="Hush Carrier")
    for customer in (own, strange):
        call(customer, switch, f"of {customer.pk}", carrier_id=carrier.pk)
    answer = client_rita.get("/calls/live/")
    assert rows(answer) == [f"of {own.pk}"]
    assert "Hush" not in answer.content.decode()
    assert "Edge 1" not in answer.content.decode()
    assert client_rita.get(f"/customers/{strange.pk}/dialogs/").status_code == 404


def test_of_very_many_calls_the_newest_show_and_all_are_counted(client_alice, switch, monkeypatch):
    monkeypatch.setattr(livelist, "MOST_ROWS", 3)
    customer = factories.make_customer()
    for number in range(5):
        call(customer, switch, f"call {number}", started_at=now() - timedelta(seconds=100 - number))
    answer = client_alice.get("/calls/live/")
    assert rows(answer) == ["call 4", "call 3", "call 2"]
    assert words(answer, "id", "live-count") == "5"
    assert "and 2 more, older ones" in words(answer)


def test_a_call_of_which_nobody_said_when_it_began_says_so(client_alice, switch):
    call(factories.make_customer(), switch, "a", start_told=False)
    assert "or before" in words(client_alice.get("/calls/live/"))


def test_more_calls_cost_no_more_queries(client: Client, switch):
    client.force_login(factories.make_staff(role=Role.OPERATIONS))

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/calls/live/")
        return len(captured)

    call(factories.make_customer(), switch, "first")
    few = cost()
    for number in range(20):
        call(factories.make_customer(), switch, f"call {number}")
    assert cost() == few


def test_markup_from_a_switch_is_text(client_alice, switch):
    call(factories.make_customer(), switch, '<script>alert("x")</script>', cli="<b>", destination="<i>")
    assert "<script>alert" not in client_alice.get("/calls/live/").content.decode()
