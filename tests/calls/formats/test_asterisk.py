"""Rows of Asterisk's cdr_csv: all its layouts, its local time, and calls that leave several rows."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from calls.fields import Cause
from calls.formats import asterisk
from calls.formats.reading import Layout
from calls.models import Cdr
from calls.pulse import Pulse
from customers.models import Listing
from tests.calls.conversation import now
from tests.factories import make_carrier, make_customer, make_sip_user, make_switch

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)
EXTRA = {16: (), 17: ("uniqueid",), 18: ("uniqueid", "userfield"), 19: asterisk.NEW,
         20: ("uniqueid", *asterisk.NEW), 21: ("uniqueid", "userfield", *asterisk.NEW)}  # fmt: skip


def row(start: datetime, /, *, columns: int = 21, zone: ZoneInfo = BERLIN, **fields) -> bytes:
    """One row as cdr_csv writes it: text quoted, empty times and numbers bare, local time."""
    talk, wait = fields.pop("talk", 60), fields.pop("wait", 5)
    disposition = fields.get("disposition", "ANSWERED")
    answered = disposition == "ANSWERED"
    talk = talk if answered else 0

    def local(moment: datetime) -> str:
        return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")

    values = {
        "accountcode": "17", "src": "442079460123", "dst": "+4930123456", "dcontext": "from-customers",
        "clid": '"Ada Ångström" <442079460123>', "channel": "PJSIP/acme-00000012",
        "dstchannel": "PJSIP/nordic-00000013", "lastapp": "Dial", "lastdata": "PJSIP/+4930123456@nordic,60",
        "start": local(start), "answer": local(start + timedelta(seconds=wait)) if answered else "",
        "end": local(start + timedelta(seconds=wait + talk)),
        "duration": str(wait + talk), "billsec": str(talk),
        "disposition": disposition, "amaflags": "DOCUMENTATION",
        "uniqueid": f"{int(start.timestamp())}.18", "userfield": "", "peeraccount": "",
        "linkedid": f"{int(start.timestamp())}.18", "sequence": "21",
        **fields,
    }  # fmt: skip
    bare = {"duration", "billsec", "sequence"} | ({"answer"} if not values["answer"] else set())
    written = [
        values[name] if name in bare else '"' + values[name].replace('"', '""') + '"'
        for name in (*asterisk.BASE, *EXTRA[columns])
    ]
    return ",".join(written).encode() + b"\n"


def read(*rows: bytes, zone=BERLIN, columns=()):
    return asterisk.read(asterisk.split(b"".join(rows)), Layout(zone, columns))


def record(raw: bytes, **layout) -> dict:
    delivery = read(raw, **layout)
    assert not delivery.refused, delivery.refused
    return delivery.records[0].record


# --- The record


@pytest.mark.parametrize("columns", EXTRA)
def test_each_layout_gives_the_same_call_in_utc(columns):
    said = record(row(START, columns=columns))
    assert datetime.fromisoformat(said["started_at"]) == START
    assert (said["sip_code"], said["connected"], said["duration_ms"]) == (200, True, 60_000)
    assert (said["cli"], said["destination"], said["destination_received"]) == (
        "442079460123", "4930123456", "+4930123456",
    )  # fmt: skip
    assert (said["account"], said["auth_user"], said["carrier"]) == ("17", "acme", "nordic")
    assert said["meta"]["asterisk"]["clid"] == '"Ada Ångström" <442079460123>'


def test_a_call_is_named_by_uniqueid_linkedid_and_sequence():
    assert record(row(START, linkedid="1795255200.7"))["callid"] == "1795255200.18:1795255200.7:21"


def test_without_a_uniqueid_the_channels_name_the_call():
    assert record(row(START, columns=16))["callid"] == "PJSIP/acme-00000012:PJSIP/nordic-00000013"


def test_the_seventeenth_column_is_a_userfield_where_it_looks_like_none_of_asterisks_ids():
    said = record(row(START, columns=17, uniqueid="order 4711"))
    assert said["meta"]["asterisk"]["userfield"] == "order 4711"
    assert "uniqueid" not in said["meta"]["asterisk"]


@pytest.mark.parametrize(
    ("disposition", "code"), [("NO ANSWER", 480), ("BUSY", 486), ("FAILED", 500), ("CONGESTION", 503)]
)
def test_a_disposition_stands_for_a_code_and_is_kept_as_the_reason(disposition, code):
    said = record(row(START, disposition=disposition))
    assert (said["sip_code"], said["sip_reason"], said["connected"], said["duration_ms"]) == (
        code, disposition, False, 0,
    )  # fmt: skip


def test_quotes_line_breaks_and_latin_1_are_read_as_they_were_meant():
    good = row(START, columns=18, userfield='said "yes",\nthen "no"', uniqueid=f"{int(START.timestamp())}.1")
    latin = row(START, sequence="22").replace("Å".encode(), b"\xc5").replace("ö".encode(), b"\xf6")
    said = [one.record["meta"]["asterisk"] for one in read(good, latin).records]
    assert said[0]["userfield"] == 'said "yes",\nthen "no"'
    assert said[1]["clid"] == '"Ada Ångström" <442079460123>'


def test_a_peer_without_a_name_is_known_by_its_address():
    said = record(row(START, channel="SIP/203.0.113.7-0000001a", accountcode=""))
    assert said["source_ip"] == "203.0.113.7"
    assert "auth_user" not in said


def test_columns_can_be_named():
    names = ("start", "disposition", "billsec", "channel", "src", "dst", "shift")
    said = record(b'2026-11-21 11:00:00,BUSY,0,PJSIP/acme-01,1,2,"night"\n', columns=names)
    assert datetime.fromisoformat(said["started_at"]) == START
    assert said["sip_code"] == 486


# --- Local time


def test_an_hour_that_comes_twice_is_told_by_the_second_in_which_the_channel_was_made():
    """On 25 October 2026 clocks in Berlin show 02:30 at 00:30 and at 01:30 UTC."""
    for start in (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)):
        said = record(row(start))
        assert datetime.fromisoformat(said["started_at"]) == start


def test_or_by_how_long_the_call_took():
    start = datetime(2026, 10, 25, 0, 59, 30, tzinfo=UTC)  # 02:59:30 for the first time
    said = record(row(start, columns=16, talk=3_600))
    assert datetime.fromisoformat(said["started_at"]) == start


def test_where_nothing_tells_which_it_was_nobody_guesses():
    (refusal,) = read(row(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), columns=16)).refused
    assert (refusal.field, refusal.cause) == ("start", Cause.CLOCK)
    assert "was twice in Europe/Berlin" in refusal.reason
    assert "loguniqueid=yes" in refusal.reason


def test_a_time_in_the_hour_that_clocks_leave_out_is_refused():
    raw = row(datetime(2026, 3, 29, 1, 30, tzinfo=UTC)).replace(
        b'"2026-03-29 03:30:00"', b'"2026-03-29 02:30:00"', 1
    )
    (refusal,) = read(raw).refused
    assert refusal.cause == Cause.CLOCK
    assert "never was in Europe/Berlin" in refusal.reason


def test_a_start_before_its_channel_was_made_says_that_the_zone_is_wrong():
    (refusal,) = read(row(START, zone=ZoneInfo("UTC"))).refused
    assert refusal.cause == Cause.CLOCK
    assert "in Europe/Berlin is before its channel was made" in refusal.reason


@pytest.mark.parametrize(
    ("raw", "field", "words"),
    [
        (b"a,b,c\n", "", "3 columns"),
        (b'"' + b"x," * 15 + b"x\n", "", "no row of CSV"),
        (row(START, disposition="LOST"), "disposition", "'LOST' is not one of"),
        (row(START, start="yesterday"), "start", "no time"),
        (row(START, start="0001-01-01 00:00:00"), "start", "no time"),
        (row(START, billsec="-4"), "billsec", "no count of seconds"),
        (row(START, billsec="9" * 30), "billsec", "no count of seconds"),
        (row(START, billsec="900"), "billsec", "900 s of talk in a call of 65 s"),
        (row(START, duration="4000"), "duration", "it is not 4000 s"),
    ],
    ids=str,
)
def test_a_row_that_cannot_be_is_refused_alone(raw, field, words):
    delivery = read(row(START), raw, row(START, sequence="22"))
    assert len(delivery.records) == 2
    (refusal,) = delivery.refused
    assert (refusal.index, refusal.field) == (1, field)
    assert words in refusal.reason


def test_a_quote_that_nobody_closes_costs_its_own_row_only():
    broken = row(START).replace(b'"Dial"', b'"Dial')
    delivery = read(broken, *[row(START, sequence=str(n)) for n in range(50)])
    assert (len(delivery.records), [refusal.index for refusal in delivery.refused]) == (50, [0])


def test_of_the_rows_of_a_call_those_count_that_were_answered_and_else_the_last():
    failed, answered = row(START, disposition="FAILED", sequence="1"), row(START, sequence="2")
    after_transfer = row(START + timedelta(minutes=2), sequence="3", uniqueid=f"{int(START.timestamp())}.18")
    busy = [
        row(START, disposition="BUSY", sequence=str(n), uniqueid=f"{int(START.timestamp())}.99")
        for n in (4, 5)
    ]
    delivery = read(failed, answered, after_transfer, busy[1], busy[0])
    assert [one.record["is_last"] for one in delivery.records] == [False, True, True, True, False]


# --- The door


def post(raw: bytes, token: str, query: str = ""):
    return Client().post(
        f"/api/switch/v1/asterisk{query}",
        raw,
        content_type="text/csv",
        headers={"Authorization": f"Bearer {token}", "Host": "localhost"},
    )


@pytest.mark.django_db
def test_figures_equal_a_recount_of_the_rows():
    """Answered, not answered, busy, failed over, transferred: five calls in seven rows."""
    customer = make_customer()
    make_sip_user(customer, username="Acme")
    carrier = make_carrier(name="Nordic")
    _switch, token = make_switch(time_zone="America/New_York")
    zone = ZoneInfo("America/New_York")
    start = (now() - timedelta(hours=1)).replace(microsecond=0)

    def at(minute: int, sequence: int, **fields) -> bytes:
        moment = start + timedelta(minutes=minute)
        return row(moment, zone=zone, accountcode="", sequence=str(sequence), **fields)

    one = f"{int(start.timestamp())}.50"
    rows = [
        at(0, 1, talk=61),
        at(1, 2, disposition="NO ANSWER"),
        at(2, 3, disposition="BUSY"),
        at(0, 4, disposition="CONGESTION", uniqueid=one, dstchannel="PJSIP/other-1"),
        at(0, 5, talk=30, uniqueid=one),
        at(4, 6, talk=20, linkedid=one),
        at(5, 7, talk=0, channel="PJSIP/acme-00000099"),
    ]
    for body in (b"".join(rows), b"".join(rows)):
        assert post(body, token).json()["refused"] == []
    Pulse().tick(now())
    listing = Listing.objects.get(pk=customer.pk)
    assert Cdr.objects.count() == 7
    assert (listing.attempts_24h, listing.connected_24h) == (6, 4)
    assert listing.duration_ms_24h == (61 + 30 + 20) * 1000
    assert set(Cdr.objects.values_list("started_at", flat=True)) == {
        start + timedelta(minutes=minute) for minute in (0, 1, 2, 4, 5)
    }
    assert Cdr.objects.filter(carrier_id=carrier.pk).count() == 6


@pytest.mark.django_db
def test_a_switch_with_a_zone_that_does_not_exist_is_told_so():
    _switch, token = make_switch(time_zone="Europe/Berlim")
    answer = post(row(START), token)
    assert answer.status_code == 400
    assert "'Europe/Berlim', which does not exist" in answer.json()["error"]
