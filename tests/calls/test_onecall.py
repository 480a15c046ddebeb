"""The page of one call: every field with its unit, its other attempts, and how its figures were counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from calls.callkeys import CallKey
from calls.models import Cdr
from customers.models import Customer
from setup.models import AcdDefinition, Installation
from tests import factories
from tests.calls.conversation import deliver, record
from tests.pages import links, words

pytestmark = pytest.mark.django_db

STARTED = datetime.now(UTC).replace(microsecond=123_000) - timedelta(minutes=10)


@pytest.fixture
def customer() -> Customer:
    return factories.make_customer(name="Altavox")


def url_of(cdr: Cdr) -> str:
    return f"/calls/call/{CallKey.of(cdr).word}/"


def said(client: Client, cdr: Cdr) -> str:
    answer = client.get(url_of(cdr))
    assert answer.status_code == 200
    return words(answer)


def test_a_delivered_call_shows_every_field_with_its_unit_and_where_it_came_from(client_alice, customer):
    carrier, route = factories.make_carrier(name="Nordhav"), factories.make_route(customer, name="Premium")
    _switch, token = factories.make_switch(name="Edge 1")
    receipt = deliver(
        token,
        record(
            customer, callid="a84b4c76", started_at=STARTED, cli="442079460123", destination="4930123456",
            cli_received="02079460123", destination_received="2819#4930123456", tech_prefix="2819#",
            destination_country="DE", source_ip="203.0.113.7", switch_ip="192.0.2.1", auth_user="phone1",
            ingress_route_id=route.pk, carrier_id=carrier.pk, duration_ms=61_200, ring_ms=5_100, pdd_ms=1_840,
            pdd_out_ms=1_510, sip_reason="OK", q850=16, released_by="caller", release_reason="bye",
            codec="PCMA", customer_charge="0.0204", customer_billed_ms=66_000, carrier_charge="0.011",
            carrier_billed_ms=61_200, carrier_currency="EUR", rating={"prefix": "49"}, colour="blue",
        ),
    )  # fmt: skip
    text = said(client_alice, Cdr.objects.get())
    for part in (
        "200 answered", "Altavox", "16 normal clearing", "Ended by caller", "Duration 1:01",
        "Post-dial delay 1.840 s", "Post-dial delay at the carrier 1.510 s", "Ringing 5.100 s", "PCMA",
        "CLI 442079460123", "CLI as it came in 02079460123", "Destination as it came in 2819#4930123456",
        "Tech prefix 2819#", "Country DE", "Call-ID a84b4c76", "From address 203.0.113.7", "SIP user phone1",
        "Ingress route Premium", "Carrier Nordhav", "Switch Edge 1", "Switch address 192.0.2.1",
        f"Batch {receipt['batch']}, taken in", "Charge 0.0204 EUR", "Billed duration 1:06", "Cost 0.011 EUR",
        ": −0.0204 EUR for all calls of the batch", '"colour": "blue"', '"prefix": "49"',
    ):  # fmt: skip
        assert part in text, part


def test_how_its_figures_were_counted(client_alice, customer):
    cdr = factories.make_cdr(
        customer, started_at=STARTED, duration_ms=61_200, pdd_ms=1_840, customer_charge="0.0204"
    )
    text = said(client_alice, cdr)
    for part in (
        f"Minute {STARTED:%Y-%m-%d %H:%M} UTC", f"Hour and day {STARTED:%H}:00, {STARTED:%Y-%m-%d} UTC",
        "Window of 24 hours within it now", "ASR 1 attempt, 1 connected",
        "61,200 ms added to the duration; the ACD column is over answered calls",
        "PDD 1,840 ms added, 1 attempt with a delay", "Spent that day 0.0204 EUR",
    ):  # fmt: skip
        assert part in text, part


def test_the_setting_of_the_acd_and_the_end_of_the_window_are_told(client_alice, customer):
    Installation.objects.update_or_create(pk=1, defaults={"acd_definition": AcdDefinition.ALL})
    old = STARTED - timedelta(days=2)
    cdr = factories.make_cdr(customer, started_at=old, sip_code=486, connected=False)
    text = said(client_alice, cdr)
    assert "nothing added to the duration; the ACD column is over all calls" in text
    assert "left it; it stays in the figures of its day" in text
    assert "1 attempt, none connected" in text
    assert "not counted: no first reply is known" in text
    assert "Charge not priced" in text
    assert "nothing: nobody has priced it" in text


def test_attempts_of_a_call_that_failed_over_stand_beside_each_other(client_alice, customer):
    first, second = factories.make_carrier(name="Dead End"), factories.make_carrier(name="Gets There")
    switch = factories.make_switch()[0]
    common = {"switch": switch, "callid": "x", "started_at": STARTED}
    failed = factories.make_cdr(
        customer, carrier_id=first.pk, attempt=1, is_last=False, sip_code=503, connected=False, **common
    )
    last = factories.make_cdr(customer, carrier_id=second.pk, attempt=2, **common)
    factories.make_cdr(customer, switch=switch, callid="another", started_at=STARTED)
    factories.make_cdr(factories.make_customer(), switch=switch, callid="x", started_at=STARTED)
    answer = client_alice.get(url_of(failed))
    table = words(answer, "id", "attempts")
    assert "1 this one Dead End 503 service not available" in table
    assert "Gets There 200 answered" in table
    assert table.count("for the customer") == 1
    assert "not counted for the customer: it failed over to another" in words(answer)
    assert url_of(last) in links(answer)


@pytest.mark.parametrize("code", [100, 299, 499, 599, 699])
def test_a_code_without_a_name_is_told_by_its_class(client_alice, customer, code):
    cdr = factories.make_cdr(customer, started_at=STARTED, sip_code=code, connected=False)
    assert f"Result {code} " in said(client_alice, cdr)


def test_what_a_call_names_may_be_gone(client_alice, customer):
    """A record outlives its carrier, route and batch; a deleted customer's calls are seen by nobody."""
    cdr = factories.make_cdr(customer, started_at=STARTED, carrier_id=987, ingress_route_id=654)
    text = said(client_alice, cdr)
    assert "Carrier number 987" in text
    assert "Ingress route number 654" in text
    Customer.objects.filter(pk=customer.pk).update(deleted_at=STARTED)
    assert client_alice.get(url_of(cdr)).status_code == 404


def test_a_call_has_one_address_and_others_lead_nowhere(client_alice: Any, customer):
    cdr = factories.make_cdr(customer, started_at=STARTED)
    word = CallKey.of(cdr).word
    for wrong in (word + "=", word[:-1], word + "A", "x", "é"):
        assert client_alice.get(f"/calls/call/{wrong}/").status_code == 404
