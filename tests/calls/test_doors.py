"""The switch doors: who gets in, what a bad body is told, and that good rows survive bad neighbours."""

import gzip
import http.client
import json

import pytest
from django.conf import settings
from django.test import Client

from calls import fields, wire
from calls.models import Cdr, CdrBatch, QuarantinedRecord, Switch, UnreadBody
from tests.calls.conversation import deliver, now, record, send
from tests.factories import make_customer, make_ip_auth, make_sip_user, make_switch

pytestmark = pytest.mark.django_db


@pytest.fixture
def switch_and_token() -> tuple[Switch, str]:
    return make_switch()


@pytest.fixture
def token(switch_and_token: tuple[Switch, str]) -> str:
    return switch_and_token[1]


@pytest.mark.parametrize("path", ["cdrs", "dialogs"])
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic {token}", "{token}"])
def test_a_request_without_the_right_token_is_refused_and_stores_nothing(path, header, token):
    body = [record(make_customer())]
    response = send(path, token, body, Authorization=header.format(token=token))
    assert response.status_code == 401
    assert "Authorization: Bearer" in response.json()["error"]
    assert not Cdr.objects.exists()


def test_a_revoked_token_is_refused(switch_and_token):
    switch, token = switch_and_token
    Switch.objects.filter(pk=switch.pk).update(enabled=False)
    assert send("cdrs", token, [record(make_customer())]).status_code == 401
    assert not Cdr.objects.exists()


@pytest.mark.parametrize("path", ["cdrs", "dialogs"])
def test_only_post_is_answered(path, token):
    response = Client().get(
        f"/api/switch/{path}", headers={"Authorization": f"Bearer {token}", "Host": "localhost"}
    )
    assert response.status_code == 405


@pytest.mark.parametrize("path", ["cdrs", "dialogs"])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"   \n ", "empty"),
        (b"{not json", "no valid JSON"),
        (b'[{"customer_id": 1}, ', "Nothing was stored"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"[" * 100_000, "no valid JSON"),
    ],
)
def test_a_body_of_which_nothing_can_be_read_is_told_why(path, body, words, token):
    response = send(path, token, body)
    assert response.status_code == 400
    assert words in response.json()["error"]


def test_half_a_batch_bad_stores_the_good_half_and_names_index_field_and_reason_of_the_rest(token):
    customer = make_customer()
    good = record(customer), record(customer)
    receipt = deliver(
        token,
        good[0],
        record(customer, started_at="2026-11-21T10:00:00"),
        "not an object",
        record(customer, cli="+49\x0030"),
        record(customer, sip_code=99),
        {**record(customer), "customer_id": 987_654_321},
        good[1],
    )
    assert receipt["stored"] == 2
    assert [(refusal["index"], refusal["field"]) for refusal in receipt["refused"]] == [
        (1, "started_at"),
        (2, ""),
        (3, "cli"),
        (4, "sip_code"),
        (5, "customer_id"),
    ]
    reasons = [refusal["reason"] for refusal in receipt["refused"]]
    assert "no time zone" in reasons[0]
    assert "'not an object'" in reasons[1]
    assert "NUL byte" in reasons[2]
    assert "99 is not a whole number from 100 to 699" in reasons[3]
    assert "no customer 987654321" in reasons[4]
    assert set(Cdr.objects.values_list("callid", flat=True)) == {row["callid"] for row in good}


def test_one_broken_line_of_ndjson_costs_only_itself(token):
    customer = make_customer()
    lines = [json.dumps(record(customer)), '{"broken": ', json.dumps(record(customer))]
    response = send("cdrs", token, "\n".join(lines).encode())
    assert response.json()["stored"] == 2
    assert [refusal["index"] for refusal in response.json()["refused"]] == [1]


@pytest.mark.parametrize("path", ["cdrs", "dialogs"])
def test_more_records_than_are_taken_at_once_are_refused_by_number(path, token):
    for body in (b"1\n" * (wire.MOST_RECORDS + 1), b"[" + b"1," * wire.MOST_RECORDS + b"1]"):
        response = send(path, token, body)
        assert response.status_code == 413
        assert str(wire.MOST_RECORDS) in response.json()["error"]


def test_of_very_many_refusals_the_first_thousand_are_told_and_all_are_counted(token):
    response = send("cdrs", token, b"1\n" * 1_500)
    assert (len(response.json()["refused"]), response.json()["refused_count"]) == (1_000, 1_500)


def test_a_body_in_chunks_is_refused_with_what_to_do(token):
    response = send("cdrs", token, b"[]", **{"Transfer-Encoding": "chunked"})
    assert response.status_code == 411
    assert "Content-Length" in response.json()["error"]


@pytest.mark.parametrize("path", ["cdrs", "dialogs"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "GZIP", "br, gzip"])
def test_a_packed_body_is_refused_unread_whatever_it_would_unpack_to(path, encoding, token):
    """100 MB of blanks in 100 kB: nothing is unpacked, so that it costs what it weighs."""
    bomb = gzip.compress(b" " * 100 * 1024 * 1024)
    assert len(bomb) < 200_000
    response = send(path, token, bomb, **{"Content-Encoding": encoding})
    assert response.status_code == 415
    assert "send it as it is" in response.json()["error"]
    assert UnreadBody.objects.get().status == 415


def test_a_body_that_says_it_is_not_packed_is_read(token):
    response = send("cdrs", token, [record(make_customer())], **{"Content-Encoding": "identity"})
    assert response.json()["stored"] == 1


def test_a_packed_body_without_saying_so_is_no_text(token):
    assert send("cdrs", token, gzip.compress(b"[]")).status_code == 400


@pytest.mark.parametrize(
    "field", ["customer_id", "carrier_id", "ingress_route_id", "attempt", "pdd_ms", "sip_code"]
)
@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**400, "9" * 30])
def test_integers_beyond_range_refuse_their_record_and_not_its_neighbour(token, field, value):
    customer = make_customer()
    receipt = deliver(token, {**record(customer), field: value}, record(customer))
    assert receipt["stored"] == 1
    assert [(one["index"], one["field"]) for one in receipt["refused"]] == [(0, field)]


def test_names_that_are_no_field_are_kept_as_they_were_sent(token):
    names = {
        "__class__": 1,
        "id": 2,
        "pk": 3,
        "batch_id": 4,
        "start_us": 5,
        "": 6,
        "a'b\"; DROP": 7,
        "ключ": 8,
    }
    assert deliver(token, record(make_customer(), **names))["stored"] == 1
    assert Cdr.objects.get().meta == {"unknown": names}


def test_names_with_nul_or_half_a_character_refuse_their_record(token):
    customer = make_customer()
    receipt = deliver(
        token,
        {**record(customer), "a\x00b": 1},
        {**record(customer), "\ud800": 1},
        record(customer),
    )
    assert receipt["stored"] == 1
    assert [one["field"] for one in receipt["refused"]] == ["meta", "meta"]


def test_a_record_that_is_nested_very_deeply_refuses_only_itself(token):
    customer = make_customer()
    deep = json.dumps(record(customer))[:-1] + ', "deep": ' + "[" * 900 + "]" * 900 + "}"
    response = send("cdrs", token, f"{deep}\n{json.dumps(record(customer))}".encode())
    assert response.status_code == 200
    assert response.json()["stored"] + response.json()["refused_count"] == 2


@pytest.mark.parametrize("depth", [60, 100, 300, 476, 600])
def test_a_document_is_kept_up_to_a_depth_at_which_it_can_be_read_again(token, depth):
    """At 476 levels it could be read and written, and the look for NUL in it ran out of stack."""
    customer = make_customer()
    deep = json.dumps(record(customer))[:-1] + ', "deep": ' + "[" * depth + "]" * depth + "}"
    response = send("cdrs", token, f"{deep}\n{json.dumps(record(customer))}".encode())
    assert response.status_code == 200
    receipt = response.json()
    assert (receipt["stored"], receipt["refused_count"]) == ((2, 0) if depth == 60 else (1, 1))


def test_a_value_that_is_nested_too_deeply_to_be_written_can_still_be_named():
    value: list = []
    for _level in range(5_000):
        value = [value]
    assert fields.shown(value) == "list (…)"


def test_whatever_json_a_record_holds_the_good_one_beside_it_is_stored(token):
    customer = make_customer()
    nasty = [
        {"sip_code": "--5"},
        {"source_ip": "fe80::1%eth0"},
        {"meta": {"x": "\ud800"}},
        {"rating": {"rate": float("nan")}},
        {"other": float("inf")},
        {"customer_charge": "-999999999999"},
    ]
    receipt = deliver(token, record(customer), *[record(customer, **fields) for fields in nasty])
    assert receipt["stored"] == 1
    assert [refusal["index"] for refusal in receipt["refused"]] == [1, 2, 3, 4, 5, 6]


def test_the_switch_is_known_by_its_token_whatever_the_body_claims(switch_and_token):
    switch, token = switch_and_token
    other, _ = make_switch()
    deliver(token, record(make_customer(), switch_id=other.pk))
    cdr = Cdr.objects.get()
    assert cdr.switch_id == switch.pk
    assert cdr.meta == {"unknown": {"switch_id": other.pk}}


def test_being_heard_is_noted(switch_and_token):
    switch, token = switch_and_token
    before = now()
    deliver(token, record(make_customer()))
    switch.refresh_from_db()
    assert switch.heard_at >= before


def test_a_refused_delivery_leaves_no_batch(token):
    deliver(token, {"nothing": "here"})
    assert not CdrBatch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_body_of_100_megabytes_is_refused_with_its_size_and_the_limit(live_server):
    """Over a real socket: the sender must be able to read the answer after it has sent all of it."""
    _switch, token = make_switch()
    host, port = live_server.thread.host, live_server.thread.port
    size = 100 * 1024 * 1024
    connection = http.client.HTTPConnection(host, port, timeout=60)
    connection.putrequest("POST", "/api/switch/cdrs")
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    block = b" " * (1024 * 1024)
    for _n in range(100):
        connection.send(block)
    response = connection.getresponse()
    words = json.loads(response.read())["error"]
    connection.close()
    assert response.status == 413
    assert str(size) in words
    assert str(settings.SWITCH_BODY_MAX_BYTES) in words


@pytest.mark.parametrize("version", ["", "v1/"])
def test_version_1_is_found_with_its_name_and_without(version, token):
    customer = make_customer()
    assert send(f"{version}cdrs", token, [record(customer)]).json()["stored"] == 1
    event = {"event": "start", "customer_id": customer.pk, "callid": "c", "at": now().isoformat()}
    assert send(f"{version}dialogs", token, [event]).json()["accepted"] == 1


def test_a_version_that_is_none_is_not_found(token):
    assert send("v2/cdrs", token, []).status_code == 404


def test_our_own_records_may_name_their_customer_by_account_sip_user_or_address(token):
    customer = make_customer()
    make_sip_user(customer, username="phone")
    make_ip_auth(customer, host="203.0.113.7")
    records = [
        record(customer, **said)
        for said in (
            {"account": str(customer.pk)},
            {"account": "PHONE"},
            {"auth_user": "phone"},
            {"source_ip": "203.0.113.7"},
        )
    ]
    for one in records:
        del one["customer_id"]
    assert deliver(token, *records)["stored"] == 4
    assert set(Cdr.objects.values_list("customer_id", flat=True)) == {customer.pk}


def test_what_is_refused_is_kept_as_it_was_sent_without_the_customer_that_we_found(token):
    customer = make_customer()
    make_ip_auth(customer, host="203.0.113.7")
    sent = record(customer, source_ip="203.0.113.7", sip_code=9)
    del sent["customer_id"]
    deliver(token, sent)
    assert json.loads(bytes(QuarantinedRecord.objects.get().raw)) == sent
