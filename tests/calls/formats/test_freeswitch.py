"""What mod_json_cdr posts becomes the call it tells of, and nothing else."""

import base64
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.test import Client

from calls.formats import freeswitch
from calls.formats.reading import Layout
from calls.models import Cdr, QuarantinedRecord
from calls.pulse import Pulse
from customers.models import Listing
from tests.calls.conversation import basic, now
from tests.calls.formats.freeswitch_bodies import body, leg
from tests.factories import make_carrier, make_customer, make_ip_auth, make_sip_user, make_switch

START = datetime(2026, 11, 21, 10, 0, 0, 123456, tzinfo=UTC)


def read(raw: bytes):
    return freeswitch.read([(0, raw)], Layout())


def record(raw: bytes) -> dict:
    delivery = read(raw)
    assert not delivery.refused, delivery.refused
    return delivery.records[0].record


# --- The record


def test_an_answered_call_has_its_moments_from_microseconds_whatever_the_stamps_say():
    said = record(
        body(START, uuid="u1", progress_ms=1_840, answer_ms=6_940, talk_ms=61_200, accountcode="17",
             sip_hangup_disposition="recv_bye")
    )  # fmt: skip
    assert datetime.fromisoformat(said["started_at"]) == START
    assert (said["duration_ms"], said["pdd_ms"], said["ring_ms"]) == (61_200, 1_840, 5_100)
    assert (said["sip_code"], said["connected"], said["released_by"]) == (200, True, "origin")
    assert (said["cli"], said["destination"]) == ("442079460123", "4930123456")
    assert (said["cli_received"], said["destination_received"]) == ("+442079460123", "+4930123456")
    assert (said["callid"], said["account"], said["q850"]) == ("u1@198.51.100.20", "17", 16)
    assert said["source_ip"] == "203.0.113.7"
    assert said["meta"]["freeswitch"]["mos"] == 4.5


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"cause": "NO_ANSWER"}, 480),
        ({"cause": "USER_BUSY", "last_bridge_proto_specific_hangup_cause": "sip:486"}, 486),
        ({"cause": "NORMAL_TEMPORARY_FAILURE", "last_bridge_proto_specific_hangup_cause": "sip:500"}, 500),
        ({"cause": "ORIGINATOR_CANCEL", "last_bridge_proto_specific_hangup_cause": "sip:200"}, 487),
        ({"cause": "UNALLOCATED_NUMBER"}, 404),
        ({"cause": "SOMETHING_NEW"}, 480),
    ],
)
def test_a_call_nobody_answered_has_the_carriers_code_or_the_one_freeswitch_gives(fields, code):
    said = record(body(START, uuid="u2", progress_ms=2_000, lasted_ms=30_000, **fields))
    assert (said["sip_code"], said["connected"], said["duration_ms"]) == (code, False, 0)
    assert (said["pdd_ms"], said["ring_ms"]) == (2_000, 28_000)


def test_zero_means_that_it_never_rang_and_not_1970():
    said = record(body(START, uuid="u3", lasted_ms=10, cause="CALL_REJECTED"))
    assert "pdd_ms" not in said
    assert "ring_ms" not in said


def test_a_call_that_was_answered_without_ringing_has_its_answer_as_post_dial_delay():
    assert record(body(START, uuid="u3", answer_ms=900, talk_ms=1))["pdd_ms"] == 900


def test_a_cause_of_freeswitchs_own_is_told_by_its_name_and_costs_no_call():
    said = record(body(START, uuid="u", lasted_ms=1, cause="GATEWAY_DOWN", hangup_cause_q850="609"))
    assert "q850" not in said
    assert said["release_reason"] == "GATEWAY_DOWN"


@pytest.mark.parametrize("encode", [True, False])
def test_values_are_read_percent_encoded_or_bare(encode):
    said = record(body(START, uuid="u4", answer_ms=1_000, talk_ms=1, encode=encode, note="Zoë & Søn 100%25"))
    assert said["meta"]["freeswitch"]["variables"]["note"] == "Zoë & Søn 100%25"
    assert said["cli_received"] == "+442079460123"


def test_variables_of_the_dialplan_are_kept_and_freeswitchs_own_are_not():
    kept = record(body(START, uuid="u5", lasted_ms=1, campaign="spring", sip_contact_uri="x"))["meta"][
        "freeswitch"
    ]
    assert kept["variables"] == {"campaign": "spring"}


@pytest.mark.parametrize("callflow", ["array", "object"])
def test_a_callflow_is_an_array_or_in_old_builds_an_object(callflow):
    assert record(body(START, uuid="u6", lasted_ms=1, callflow=callflow))["destination"] == "4930123456"


def test_a_transferred_call_keeps_the_number_that_was_dialled():
    said = leg(START, uuid="u7", answer_ms=1_000, talk_ms=90_000)
    dialled = said["callflow"][0]
    said["callflow"] = [
        {**dialled, "caller_profile": {**dialled["caller_profile"], "destination_number": "300"}},
        dialled,
    ]
    assert record(json.dumps(said).encode())["destination"] == "4930123456"


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda raw: b"cdr=" + quote(raw).encode(),
        lambda raw: b"cdr=" + base64.b64encode(raw),
        lambda raw: quote(raw).encode() + b"\n",
        lambda raw: base64.b64encode(raw) + b"\n",
    ],
    ids=["form", "base64 form", "error file of a form", "error file of base64"],
)
def test_all_wrappings_of_a_body_say_the_same(wrapped):
    raw = body(START, uuid="u8", answer_ms=1_000, talk_ms=2_000, note="a+b = 100%")
    assert record(wrapped(raw)) == record(raw)


@pytest.mark.parametrize(
    "b_leg",
    [
        {"direction": "outbound"},
        {"direction": None, "originator": "a-leg-uuid"},
        {"direction": None, "originating_leg_uuid": "a-leg-uuid"},
    ],
)
def test_a_leg_towards_a_carrier_is_left_out_in_new_builds_and_old(b_leg):
    delivery = read(body(START, uuid="b", answer_ms=1, talk_ms=1, **b_leg))
    assert not delivery.records
    assert not delivery.refused
    assert "B-leg" in delivery.skipped[0].reason


@pytest.mark.parametrize(
    ("raw", "field", "words"),
    [
        (b"{not json", "", "no valid JSON"),
        (b"\xff\xfe\x00", "", "no JSON object of mod_json_cdr"),
        (b"[1]", "", "no JSON object of mod_json_cdr"),
        (b'{"x": 1}', "variables", "no body of mod_json_cdr"),
        (b'{"variables": {"uuid": "u", "start_stamp": "2026-11-21 10:00:00"}}', "start_uepoch", "missing"),
        (b'{"variables": {"uuid": "u", "start_uepoch": "9999999999999999999"}}', "start_uepoch", "no count"),
        (b'{"variables": {"uuid": "u", "start_uepoch": "999999999999999999"}}', "start_uepoch", "no time"),
        (b'{"variables": {"start_uepoch": "1"}}', "uuid", "missing"),
    ],
)  # fmt: skip
def test_what_is_no_body_of_a_call_is_refused_with_the_reason(raw, field, words):
    (refusal,) = read(raw).refused
    assert refusal.field == field
    assert words in refusal.reason
    assert refusal.raw == raw


def test_an_end_before_the_answer_is_refused():
    said = leg(START, uuid="u", answer_ms=5_000, talk_ms=1_000)
    said["variables"]["end_uepoch"] = said["variables"]["start_uepoch"]
    (refusal,) = read(json.dumps(said).encode()).refused
    assert refusal.field == "end_uepoch"


# --- The door


def post(raw: bytes, authorization: str, content_type: str = "application/json"):
    return Client().post(
        "/api/switch/v1/freeswitch?uuid=u1",
        raw,
        content_type=content_type,
        headers={"Authorization": authorization, "Host": "localhost"},
    )


@pytest.mark.django_db
def test_mod_json_cdr_gets_in_with_the_switchs_name_and_token_as_credentials():
    switch, token = make_switch(name="fra-1")
    customer = make_customer()
    raw = body(
        now() - timedelta(minutes=3), uuid="u1", answer_ms=900, talk_ms=60_000, accountcode=str(customer.pk)
    )
    first, again = (post(raw, basic(switch.name, token)) for _n in range(2))
    assert (first.status_code, first.json()["stored"]) == (200, 1)
    assert (again.status_code, again.json()["known"]) == (200, 1)
    cdr = Cdr.objects.get()
    assert (cdr.customer_id, cdr.switch_id, cdr.duration_ms) == (customer.pk, switch.pk, 60_000)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "credentials",
    [("fra-1", "wrong"), ("fra-2", "{token}"), ("", "{token}"), ("fra-1", ""), ("{token}", "")],
)
def test_wrong_credentials_are_refused_and_nothing_is_stored(credentials):
    _switch, token = make_switch(name="fra-1")
    make_switch(name="fra-2")
    name, word = (part.format(token=token) for part in credentials)
    answer = post(body(START, uuid="u1", lasted_ms=1), basic(name, word))
    assert answer.status_code == 401
    assert "Basic" in answer["WWW-Authenticate"]
    assert not QuarantinedRecord.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/x-www-form-urlencoded", "application/x-www-form-base64-encoded"],
)
def test_the_body_decides_and_not_its_content_type(content_type):
    customer = make_customer()
    _switch, token = make_switch()
    raw = body(
        now() - timedelta(minutes=3), uuid="u1", answer_ms=900, talk_ms=1, accountcode=str(customer.pk)
    )
    for wrapped in (raw, b"cdr=" + quote(raw).encode()):
        assert post(wrapped, f"Bearer {token}", content_type).status_code == 200
    assert Cdr.objects.count() == 1


@pytest.mark.django_db
def test_a_b_leg_is_answered_with_200_and_counted_as_left_out():
    _switch, token = make_switch()
    answer = post(body(START, uuid="b", lasted_ms=1, direction="outbound"), f"Bearer {token}")
    assert answer.status_code == 200
    assert (answer.json()["stored"], answer.json()["skipped"]) == (0, 1)
    assert not Cdr.objects.exists()


@pytest.mark.django_db
def test_a_call_of_nobody_waits_in_the_quarantine_and_freeswitch_need_not_send_it_again():
    _switch, token = make_switch()
    answer = post(body(now(), uuid="u", lasted_ms=1, accountcode=""), f"Bearer {token}")
    assert answer.status_code == 200
    assert answer.json()["refused"][0]["field"] == "customer_id"
    assert "'203.0.113.7' are nobody's" in QuarantinedRecord.objects.get().reason


@pytest.mark.django_db
def test_figures_equal_a_recount_of_the_bodies():
    """Answered, not answered, busy, failed over and answered, B-legs, a transfer: six calls and two legs."""
    customer = make_customer()
    make_ip_auth(customer, host="203.0.113.0/24")
    make_sip_user(customer, username="acme-phone")
    carrier = make_carrier(name="Nordic Voice")
    _switch, token = make_switch()
    start = now() - timedelta(minutes=30)

    def at(minute: int) -> datetime:
        return start + timedelta(minutes=minute)

    bodies = [
        body(at(0), uuid="c0", progress_ms=1_000, answer_ms=4_000, talk_ms=60_000, carrier="nordic voice"),
        body(at(1), uuid="c1", progress_ms=3_000, lasted_ms=60_000, cause="NO_ANSWER"),
        body(at(2), uuid="c2", progress_ms=0, lasted_ms=900, cause="USER_BUSY"),
        body(at(3), uuid="c3", progress_ms=5_000, answer_ms=9_000, talk_ms=30_500,
             last_bridge_hangup_cause="NORMAL_CLEARING", originate_failed_cause="NORMAL_TEMPORARY_FAILURE"),
        body(at(3), uuid="c3-b1", lasted_ms=700, direction="outbound"),
        body(at(3), uuid="c3-b2", answer_ms=700, talk_ms=30_500, direction="outbound"),
        body(at(4), uuid="c4", progress_ms=2_000, answer_ms=3_000, talk_ms=9_500, encode=False,
             sip_network_ip="192.0.2.1", sip_auth_username="ACME-phone"),
        body(at(5), uuid="c5", lasted_ms=100, cause="CALL_REJECTED", accountcode=str(customer.pk)),
    ]  # fmt: skip
    for raw in [*bodies, *bodies[::-1]]:
        assert post(raw, f"Bearer {token}").json()["refused"] == []
    Pulse().tick(now())
    listing = Listing.objects.get(pk=customer.pk)
    assert (listing.attempts_24h, listing.connected_24h) == (6, 3)
    assert listing.duration_ms_24h == 60_000 + 30_500 + 9_500
    assert listing.pdd_ms == round((1_000 + 3_000 + 5_000 + 2_000) / 4)
    assert listing.last_call_at == at(5).replace(microsecond=0)
    assert Cdr.objects.filter(carrier_id=carrier.pk).count() == 1
