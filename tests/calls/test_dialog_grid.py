"""The grid of live calls: these calls and no others, refreshed while it is open."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from calls.models import Dialog, DialogState, Switch
from customers.models import Customer
from grids.testing import seen
from tests import factories
from tests.calls.conversation import now
from tests.pages import words

pytestmark = pytest.mark.django_db
LIVE = "/calls/live/?s=-start"


@pytest.fixture
def switch() -> Switch:
    return factories.make_switch(name="Edge 1")[0]


def call(customer: Customer, switch: Switch, callid: str, **fields: Any) -> Dialog:
    at = now()
    values = {"state": DialogState.CONNECTED, "started_at": at, "seen_at": at, "told_at": at, **fields}
    return Dialog.objects.create(customer_id=customer.pk, switch=switch, callid=callid, **values)


def callids(answer: Any) -> list[str]:
    return [row["callid"] for row in answer.context["grid"].rows]


@pytest.mark.accept("C-84")
def test_dialogs_has_the_calls_of_this_customer_that_are_up_and_no_others(client_alice: Client, switch):
    customer, other = factories.make_customer(), factories.make_customer()
    at = now()
    call(customer, switch, "up", started_at=at - timedelta(minutes=2))
    call(customer, switch, "ringing", state=DialogState.RINGING)
    call(customer, switch, "over", ended_at=at, state=DialogState.ENDED)
    call(customer, switch, "not named for long", seen_at=at - timedelta(seconds=switch.keepalive_s + 1))
    call(other, switch, "of somebody else")
    tab = client_alice.get(f"/customers/{customer.pk}/dialogs/", follow=True)
    assert callids(tab) == ["ringing", "up"]
    assert "2 live calls" in words(tab)
    assert set(callids(client_alice.get(LIVE))) == {"ringing", "up", "of somebody else"}


def test_a_row_tells_who_calls_whom_since_when_and_over_which_carrier(client_alice: Client, switch):
    customer = factories.make_customer(name="Altavox")
    carrier = factories.make_carrier(name="Nordhav")
    answered = now() - timedelta(seconds=61)
    call(
        customer, switch, "a", cli="44207", destination="4930", carrier_id=carrier.pk, codec="PCMA",
        started_at=answered - timedelta(seconds=5), answered_at=answered,
    )  # fmt: skip
    page = client_alice.get(LIVE)
    seen_row = words(page, "class", "scroll gridwrap")
    assert re.search(
        r"Connected Altavox 44207 4930 .*\d\d:\d\d:\d\d 1:0[123] Nordhav Edge 1 PCMA a$", seen_row
    )
    assert re.search(r"<time datetime=.[-0-9T:]+Z. data-lasting>", page.content.decode())


def test_a_poll_is_204_until_something_on_the_list_changes(client_alice: Client, switch):
    dialog = call(factories.make_customer(), switch, "a", state=DialogState.RINGING)
    page = client_alice.get(LIVE)
    [word] = seen(page).ids
    poll = f"/calls/live/live/?s=-start&ids={word}"

    def asked(since: str) -> Any:
        return client_alice.get(poll, headers={"X-Since": since})

    revision = page.context["revision"]
    assert asked(revision).status_code == 204
    Dialog.objects.update(seen_at=now())  # named again: nothing a person would see
    assert asked(revision).status_code == 204
    Dialog.objects.update(state=DialogState.CONNECTED)
    answer = asked(revision).json()
    assert "Connected" in answer["cells"][word]["state"]
    Dialog.objects.filter(pk=dialog.pk).update(ended_at=now())
    answer = asked(revision).json()
    assert answer["members_changed"]
    assert answer["gone"] == [word]
    assert "No call is up now." in words(client_alice.get(LIVE))


def test_a_resellers_user_sees_own_calls_only_without_carrier_or_switch(client_rita, reseller_a, switch):
    own, strange = factories.make_customer(reseller=reseller_a), factories.make_customer()
    carrier = factories.make_carrier(name="Hush Carrier")
    for customer in (own, strange):
        call(customer, switch, f"of {customer.pk}", carrier_id=carrier.pk)
    for asked in ("", "&c=callid,carrier,switch", "&g=carrier", "&q=carrier:hush"):
        answer = client_rita.get(LIVE + asked)
        assert set(callids(answer)) <= {f"of {own.pk}"}
        assert "Hush" not in answer.content.decode()
        assert "Edge 1" not in answer.content.decode()
    for part in ("", "live/", "suggest/", "values/?column=codec"):
        assert client_rita.get(f"/customers/{strange.pk}/dialogs/{part}").status_code == 404


def test_a_call_of_which_nobody_said_when_it_began_says_so(client_alice: Client, switch):
    call(factories.make_customer(), switch, "a", start_told=False)
    assert "or before" in words(client_alice.get(LIVE))


def test_calls_are_found_by_number_and_by_state(client_alice: Client, switch):
    customer = factories.make_customer()
    call(customer, switch, "a", destination="4930123", state=DialogState.RINGING)
    call(customer, switch, "b", cli="4477")
    assert callids(client_alice.get(f"{LIVE}&q=%2B49+30")) == ["a"]
    assert callids(client_alice.get(f"{LIVE}&f.state=in:connected")) == ["b"]
    grouped = client_alice.get(f"{LIVE}&g=state&open=ringing")
    assert callids(grouped) == ["a"]


def test_markup_from_a_switch_is_text(client_alice: Client, switch):
    call(factories.make_customer(), switch, '<script>alert("x")</script>', cli="<b>", destination="<i>")
    assert "<script>alert" not in client_alice.get(LIVE).content.decode()
