"""Rows of acc and acc_cdrs: halves that find each other, and calls that are told of twice."""

import csv
import io
import itertools
import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls import halves, intake, replay
from calls.fields import Cause
from calls.formats import kamailio
from calls.formats.reading import Layout
from calls.models import CallState, Cdr, CdrFormat, HalfCall, MinuteBucket, QuarantinedRecord
from calls.pulse import Pulse
from customers.models import Listing
from tests.calls.conversation import now
from tests.calls.formats.kamailio_rows import acc, acc_cdr
from tests.factories import make_customer, make_ip_auth, make_sip_user, make_switch

START = datetime(2026, 11, 21, 10, 0, 0, 250_000, tzinfo=UTC)


def read(*rows, zone=UTC):
    return kamailio.read([(n, json.dumps(row).encode()) for n, row in enumerate(rows)], Layout(zone))


# --- Rows


def test_rows_are_told_apart_by_their_columns():
    rows = read(
        acc("INVITE", "a", START),
        acc("BYE", "a", START),
        acc("INVITE", "b", START, code=486),
        acc_cdr("c", START, 3.5),
        acc_cdr("d", START, 0, sip_code="503"),
    )
    assert [str(part.kind) for part in rows.parts] == ["invite", "bye", "failed", "whole", "failed"]


def test_what_neither_starts_nor_ends_a_call_is_left_out_with_the_reason():
    rows = read(
        acc("CANCEL", "a", START),
        acc("INVITE", "a", START, code=407),
        acc("BYE", "a", START, code=401),
        acc("INVITE", "a", START, code=183),
        acc_cdr("a", START, 0),
    )
    assert not rows.parts
    words = ["CANCEL", "sign in (407)", "sign in (401)", "not final (183)", "lasted 0 s"]
    assert all(word in left.reason for word, left in zip(words, rows.skipped, strict=True))


def test_moments_are_those_to_the_microsecond_and_else_to_the_second_in_the_switchs_zone():
    plain = {name: value for name, value in acc("BYE", "a", START).items() if name != "time_hires"}
    split = {**plain, "time_attr": int(START.timestamp()), "time_exten": 250_000}
    rows = read(acc("BYE", "a", START), plain, split, zone=ZoneInfo("Asia/Tokyo"))
    assert [part.at for part in rows.parts] == [
        START,
        START.replace(microsecond=0) - timedelta(hours=9),
        START,
    ]


@pytest.mark.parametrize(
    ("row", "field", "cause"),
    [
        (acc("INVITE", "", START), "callid", Cause.BAD_FIELD),
        (acc("INVITE", "a\x00", START), "callid", Cause.BAD_FIELD),
        (acc("INVITE", "a", START, src_user="4\x00"), "", Cause.BAD_FIELD),
        (acc("INVITE", "a", START, note=float("nan")), "", Cause.BAD_FIELD),
        (acc("INVITE", "a", START, note="\ud800"), "", Cause.BAD_FIELD),
        (acc("INVITE", "a", START, note="x" * 20_000), "", Cause.BAD_FIELD),
        (acc("INVITE", "a", START, code=9), "sip_code", Cause.BAD_FIELD),
        (acc("INVITE", "a", START, time_hires="9" * 40), "time_hires", Cause.BAD_FIELD),
        (acc("INVITE", "a", START, invite_ts="soon"), "invite_ts", Cause.BAD_FIELD),
        ({**acc("INVITE", "a", START, time_hires=0), "time": "soon"}, "time", Cause.BAD_FIELD),
        ({"callid": "a"}, "method", Cause.BAD_FIELD),
        (acc_cdr("a", START, 3.0, duration=1.1e12), "duration", Cause.DURATION),
        (acc_cdr("a", START, 3.0, duration="-1"), "duration", Cause.DURATION),
    ],
    ids=repr,
)
def test_a_row_that_cannot_be_is_refused_alone(row, field, cause):
    rows = read(acc("BYE", "good", START), row)
    assert len(rows.parts) == 1
    (refusal,) = rows.refused
    assert (refusal.index, refusal.field, refusal.cause) == (1, field, cause)


def test_a_duration_that_is_not_from_start_to_end_is_refused():
    """It has been seen corrupt, and nobody may be billed for it."""
    (refusal,) = read(acc_cdr("a", START, 30.0, duration=4_294_967.0)).refused
    assert "it is not 4294967.0 s" in refusal.reason


def test_csv_needs_the_names_of_its_columns():
    raw = b"INVITE,a,200\n"
    (refusal,) = kamailio.read([(0, raw)], Layout()).refused
    assert "no names" in refusal.reason


def test_a_variable_that_kamailio_did_not_have_is_empty():
    (part,) = read(acc("INVITE", "a", START, code=486, src_ip="<null>", auth_user="<null>")).parts
    assert kamailio.failed_call(part).keys().isdisjoint({"source_ip", "auth_user"})


# --- Halves


def deliver(switch, *rows):
    return intake.receive(switch, json.dumps(rows).encode(), CdrFormat.KAMAILIO)


@pytest.fixture
def customer(db):
    customer = make_customer()
    make_ip_auth(customer, host="203.0.113.0/24")
    return customer


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_invite_and_bye_are_one_call_whichever_comes_first_and_however_often(customer, order):
    switch, _token = make_switch()
    start = now() - timedelta(hours=2)
    rows = [
        acc("INVITE", "c", start),
        acc("BYE", "c", start + timedelta(seconds=63.5)),
        acc("INVITE", "c", start),
    ]
    stored = [deliver(switch, rows[place]).stored for place in order]
    assert sum(stored) == 1
    assert deliver(switch, *rows).stored == 0
    cdr = Cdr.objects.get()
    assert (cdr.customer_id, cdr.duration_ms, cdr.sip_code) == (customer.pk, 63_500, 200)
    assert abs(cdr.began_at - start) < timedelta(milliseconds=1)
    assert (cdr.cli, cdr.destination, cdr.destination_received) == (
        "442079460123",
        "4930123456",
        "+4930123456",
    )


def test_a_half_waits_and_is_said_to(customer):
    switch, _token = make_switch()
    receipt = deliver(switch, acc("BYE", "c", now()))
    assert (receipt.stored, receipt.waiting, receipt.as_json()["waiting"]) == (0, 1, 1)
    assert HalfCall.objects.get().state == CallState.WAITING


def test_an_invite_that_failed_is_a_call_at_once(customer):
    switch, _token = make_switch()
    receipt = deliver(switch, acc("INVITE", "c", now() - timedelta(minutes=1), code=486))
    cdr = Cdr.objects.get()
    assert (receipt.stored, receipt.waiting) == (1, 0)
    assert (cdr.sip_code, cdr.sip_reason, cdr.connected) == (486, "Busy Here", False)


def test_acc_missed_calls_and_acc_cdrs_may_all_tell_of_one_failure(customer):
    switch, _token = make_switch()
    start = now() - timedelta(minutes=1)
    rows = [acc("INVITE", "c", start, code=503), acc_cdr("c", start, 0, sip_code="503"),
            acc("INVITE", "c", start + timedelta(seconds=1), code=503)]  # fmt: skip
    for places in itertools.permutations(range(3)):
        for place in places:
            deliver(switch, rows[place])
    assert Cdr.objects.count() == 1


def test_failures_of_one_call_in_the_same_second_are_all_kept(customer):
    switch, _token = make_switch()
    start = now().replace(microsecond=0) - timedelta(minutes=1)
    rows = [acc("INVITE", "c", start, code=503), acc("INVITE", "c", start, code=486)]
    deliver(switch, *rows)
    assert Cdr.objects.count() == 2


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_call_in_acc_and_in_acc_cdrs_is_stored_once(customer, order):
    switch, _token = make_switch()
    start = now() - timedelta(hours=1)
    rows = [
        acc("INVITE", "c", start),
        acc("BYE", "c", start + timedelta(seconds=30)),
        acc_cdr("c", start, 30.0),
    ]
    for place in order:
        deliver(switch, rows[place])
    cdr = Cdr.objects.get()
    assert cdr.duration_ms in (30_000, 29_999)
    assert HalfCall.objects.get().state == CallState.DONE


def test_the_moments_of_invite_and_ringing_give_start_delay_and_ringing(customer):
    switch, _token = make_switch()
    sent = (now() - timedelta(minutes=5)).replace(microsecond=0)
    extras = {"invite_ts": str(sent.timestamp()), "ring_ts": str(sent.timestamp() + 1.5)}
    answer = sent + timedelta(seconds=6)
    deliver(switch, acc("INVITE", "c", answer, **extras), acc("BYE", "c", answer + timedelta(seconds=61.25)))
    cdr = Cdr.objects.get()
    assert (cdr.began_at, cdr.pdd_ms, cdr.ring_ms, cdr.duration_ms) == (sent, 1_500, 4_500, 61_250)


def test_acc_cdrs_knows_the_answer_to_the_second_which_is_too_coarse_for_ringing(customer):
    switch, _token = make_switch()
    sent = (now() - timedelta(minutes=5)).replace(microsecond=0)
    extras = {"invite_ts": str(sent.timestamp()), "ring_ts": str(sent.timestamp() + 1.5)}
    deliver(switch, acc_cdr("c", sent + timedelta(seconds=6), 61.25, **extras))
    cdr = Cdr.objects.get()
    assert (cdr.began_at, cdr.pdd_ms, cdr.ring_ms, cdr.duration_ms) == (sent, 1_500, None, 61_250)


@pytest.mark.parametrize("lasted", [timedelta(hours=12, seconds=1), timedelta(seconds=-1)])
def test_a_call_of_more_than_twelve_hours_or_less_than_none_is_never_stored(customer, lasted):
    switch, _token = make_switch()
    start = now() - timedelta(hours=20)
    deliver(switch, acc("INVITE", "c", start))
    receipt = deliver(switch, acc("BYE", "c", start + lasted))
    assert (receipt.stored, receipt.refused[0].cause) == (0, Cause.DURATION)
    assert not Cdr.objects.exists()
    assert "no call lasts that" in QuarantinedRecord.objects.get().reason


def test_a_half_that_waits_longer_than_a_call_can_last_goes_to_quarantine_and_is_not_billed(customer):
    switch, _token = make_switch()
    start = now() - timedelta(hours=14)
    deliver(switch, acc("INVITE", "c", start), acc("BYE", "d", start), acc("INVITE", "young", start))
    HalfCall.objects.exclude(callid="young").update(received_at=now() - timedelta(hours=13, minutes=1))
    assert halves.give_up(now()) == 2
    assert halves.give_up(now()) == 0
    assert not Cdr.objects.exists()
    reasons = " ".join(QuarantinedRecord.objects.values_list("reason", flat=True))
    assert "nothing tells when it ended" in reasons
    assert "nothing tells when it began" in reasons
    assert deliver(switch, acc("BYE", "c", start + timedelta(seconds=9))).stored == 1


def test_a_joined_call_of_nobody_is_stored_by_a_replay_once_the_customer_is_known(db):
    switch, _token = make_switch()
    start = now() - timedelta(hours=1)
    rows = [acc("INVITE", "c", start, src_ip="198.51.100.1"), acc("BYE", "c", start + timedelta(seconds=5))]
    assert deliver(switch, *rows).refused[0].cause == Cause.UNKNOWN_CUSTOMER
    customer = make_customer()
    make_ip_auth(customer, host="198.51.100.1")
    outcome = replay.replay(QuarantinedRecord.objects.all(), by=None)
    assert (outcome.stored, outcome.refused) == (1, 0)
    assert Cdr.objects.get().customer_id == customer.pk
    assert deliver(switch, *rows).stored == 0


def test_the_user_in_from_is_not_believed(customer):
    """Anybody can write any name there; who signed in, and from where, is known."""
    victim = make_customer()
    make_sip_user(victim, username="442079460123")
    switch, _token = make_switch()
    deliver(switch, acc("INVITE", "c", now(), code=486))
    assert Cdr.objects.get().customer_id == customer.pk


def test_done_calls_are_forgotten_after_a_while_and_waiting_ones_are_not(customer):
    switch, _token = make_switch()
    deliver(switch, acc("INVITE", "c", now(), code=486), acc("BYE", "d", now()))
    HalfCall.objects.filter(callid="c").update(state=CallState.DONE)
    HalfCall.objects.update(changed_at=now() - timedelta(days=8))
    halves.drop_old(now())
    assert HalfCall.objects.get().callid == "d"


# --- The door


def post(raw: bytes, token: str, query: str = ""):
    return Client().post(
        f"/api/switch/v1/kamailio{query}",
        raw,
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "Host": "localhost"},
    )


def csv_of(*rows: dict, header: bool = True) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def test_rows_come_as_an_array_as_lines_and_as_csv_with_or_without_header(customer):
    _switch, token = make_switch()
    at = now() - timedelta(minutes=1)
    rows = [acc("INVITE", f"c{n}", at, code=486) for n in range(5)]
    names = ",".join(rows[0])
    bodies = [
        (json.dumps(rows[:1]).encode(), ""),
        (json.dumps(rows[1]).encode() + b"\n\n" + json.dumps(rows[2]).encode(), ""),
        (csv_of(rows[3]), ""),
        (csv_of(rows[4], header=False), f"?columns={names}"),
    ]
    for body, query in bodies:
        answer = post(body, token, query)
        assert (answer.status_code, answer.json()["refused"]) == (200, [])
    assert Cdr.objects.count() == 5


@pytest.mark.parametrize(("body", "words"), [(b"", "empty"), (b"[{", "no valid JSON"), (b" \n", "empty")])
def test_a_body_of_which_nothing_can_be_read_is_told_why(db, body, words):
    _switch, token = make_switch()
    answer = post(body, token)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_figures_equal_a_recount_of_the_rows(customer):
    _switch, token = make_switch()
    start = now() - timedelta(minutes=50)
    rows = []
    for n in range(30):
        at = start + timedelta(minutes=n)
        if n % 3 == 0:
            rows.append(acc("INVITE", f"c{n}", at, code=486))
        else:
            rows += [acc("INVITE", f"c{n}", at), acc("BYE", f"c{n}", at + timedelta(seconds=n))]
    random.Random(7).shuffle(rows)
    for first in range(0, len(rows), 7):
        post(json.dumps(rows[first : first + 7]).encode(), token)
    Pulse().tick(now())
    listing = Listing.objects.get(pk=customer.pk)
    assert (listing.attempts_24h, listing.connected_24h) == (30, 20)
    assert listing.duration_ms_24h == sum(n * 1000 for n in range(30) if n % 3)


# --- Whatever the order, and two at once


calls = st.lists(
    st.tuples(
        st.sampled_from(["acc", "cdrs", "both", "failed", "invite only", "bye only"]),
        st.integers(0, 600),
        st.integers(1, 3_600),
    ),
    min_size=1,
    max_size=12,
)


def rows_of(told: list, start: datetime) -> list[dict]:
    rows = []
    for n, (kind, after, lasted) in enumerate(told):
        at, callid = start + timedelta(seconds=after), f"call-{n}"
        if kind in ("acc", "both", "invite only"):
            rows.append(acc("INVITE", callid, at))
        if kind in ("acc", "both", "bye only"):
            rows.append(acc("BYE", callid, at + timedelta(seconds=lasted)))
        if kind in ("cdrs", "both"):
            rows.append(acc_cdr(callid, at, float(lasted)))
        if kind == "failed":
            rows.append(acc("INVITE", callid, at, code=503))
    return rows


@pytest.mark.django_db(transaction=True)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=calls, chance=st.randoms(use_true_random=False), size=st.integers(1, 5))
def test_shuffled_split_repeated_and_by_two_at_once_each_call_is_stored_once(
    transactional_db, told, chance, size
):
    customer = make_customer()
    switch, _token = make_switch()
    start = now().replace(microsecond=0) - timedelta(hours=3)
    rows = [{**row, "customer_id": customer.pk} for row in rows_of(told, start)]
    if not rows:
        return
    rows += chance.choices(rows, k=len(rows))
    streams = []
    for _n in range(2):
        chance.shuffle(rows)
        streams.append([rows[first : first + size] for first in range(0, len(rows), size)])

    def send(parts: list) -> int:
        try:
            return sum(deliver(switch, *part).stored for part in parts)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        stored = sum(pool.map(send, streams))
    whole = {n: lasted for n, (kind, _after, lasted) in enumerate(told) if kind in ("acc", "cdrs", "both")}
    failed = sum(kind == "failed" for kind, _after, _lasted in told)
    cdrs = Cdr.objects.filter(switch_id=switch.pk)
    assert stored == cdrs.count() == len(whole) + failed
    for cdr in cdrs.filter(connected=True):
        assert cdr.duration_ms == whole[int(cdr.callid.removeprefix("call-"))] * 1000
    Pulse().tick(now())
    minutes = MinuteBucket.objects.filter(customer_id=customer.pk)
    assert sum(minutes.values_list("attempts", flat=True)) == stored
    waiting = sum(kind.endswith("only") for kind, _after, _lasted in told)
    assert (
        HalfCall.objects.filter(switch=switch, state=CallState.WAITING).exclude(invite=None, bye=None).count()
        == waiting
    )
    assert not QuarantinedRecord.objects.exists()
