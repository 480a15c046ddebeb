"""What a record may hold, value by value."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls import records

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GOOD = {"customer_id": 1, "callid": "a", "started_at": "2026-11-21T11:00:00Z", "sip_code": 200}


def read_one(**fields):
    good, bad = records.read([records.Incoming(0, {**GOOD, **fields})], NOW)
    return (good[0][1], None) if good else (None, bad[0])


@pytest.mark.parametrize(
    ("field", "sent", "stored"),
    [
        (
            "started_at",
            "2026-11-21T13:00:00.123456+02:00",
            datetime(2026, 11, 21, 11, 0, 0, tzinfo=UTC),
        ),
        ("customer_id", "17", 17),
        ("cli", 4930123456, "4930123456"),
        ("customer_charge", "0.01234567", Decimal("0.01234567")),
        ("customer_charge", 0.1, Decimal("0.1")),
        ("customer_charge", None, None),
        ("source_ip", "2001:DB8::0001", "2001:db8::1"),
        ("attempt", 2, 2),
        ("pdd_ms", 0, 0),
        ("meta", {"mos": 4.2}, '{"mos": 4.2}'),
        ("meta", {"text": r"\u0000"}, r'{"text": "\\u0000"}'),
    ],
)
def test_good_values_are_stored_in_one_form(field, sent, stored):
    row, refusal = read_one(**{field: sent})
    assert refusal is None
    assert row[field] == stored


@pytest.mark.parametrize(
    ("field", "sent", "words"),
    [
        ("customer_id", None, "missing"),
        ("customer_id", True, "True is not a whole number"),
        ("customer_id", 0, "0 is not a whole number"),
        ("customer_id", 1.5, "1.5 is not"),
        ("callid", "", "empty"),
        ("callid", "x" * 256, "256 characters"),
        ("callid", "a\ud800", "not valid Unicode"),
        ("started_at", 1732184400, "2026-11-21T10:00:00.123Z"),
        ("started_at", "2026-11-21T11:00:00", "no time zone"),
        ("started_at", "2026-11-21T12:06:00Z", "future"),
        ("started_at", "2025-01-01T00:00:00Z", "older than the"),
        ("started_at", "0001-01-01T00:00:00+14:00", "not a time"),
        ("sip_code", None, "missing"),
        ("sip_code", 700, "from 100 to 699"),
        ("duration_ms", -1, "-1 is not"),
        ("duration_ms", records.LONGEST_CALL_MS + 1, "is not a whole number"),
        ("customer_charge", "1,50", "not the price of a call"),
        ("customer_charge", "NaN", "not the price of a call"),
        ("customer_charge", 10**7, "from 0 to below 10000000"),
        ("customer_charge", "-0.01", "from 0 to below"),
        ("customer_charge", True, "not the price of a call"),
        ("source_ip", "300.1.1.1", "not an IPv4"),
        ("is_last", "yes", "neither true nor false"),
        ("direction", "up", "termination, origination"),
        ("meta", [1], "not an object"),
        ("meta", {"x": ["\x00"]}, "NUL byte"),
        ("meta", {"x": float("nan")}, "NaN"),
        ("meta", {"x": "\ud800"}, "not valid Unicode"),
        ("meta", {"x": "y" * 20_000}, "at most 16384 are kept"),
        ("sip_code", "--5", "not a whole number"),
        ("source_ip", "fe80::1%eth0", "not an IPv4"),
        ("source_ip", 5, "not an IPv4"),
    ],
)
def test_bad_values_are_refused_with_field_value_and_remedy(field, sent, words):
    row, refusal = read_one(**{field: sent})
    assert row is None
    assert refusal.field == field
    assert words in refusal.reason


def test_talk_time_in_a_call_that_did_not_connect_is_refused():
    _row, refusal = read_one(sip_code=486, duration_ms=1)
    assert refusal.field == "duration_ms"


@pytest.mark.parametrize(("code", "connected"), [(200, True), (486, False), (503, False)])
def test_a_call_is_connected_when_its_code_is_200_unless_the_switch_says_so(code, connected):
    assert read_one(sip_code=code)[0]["connected"] is connected
    assert read_one(sip_code=code, connected=not connected)[0]["connected"] is not connected


def test_the_oldest_kept_day_is_taken_whole():
    oldest = records.oldest_kept(NOW)
    assert read_one(started_at=oldest.isoformat())[1] is None
    assert read_one(started_at=(oldest - timedelta(microseconds=1)).isoformat())[0] is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


# How long an example takes says nothing on a machine that does other work too.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*records.CDR_FIELDS, "other"]), json_values))
def test_any_json_object_is_taken_or_refused_but_never_an_error(fields):
    good, bad = records.read([records.Incoming(0, {**GOOD, **fields})], NOW)
    assert len(good) + len(bad) == 1


def test_an_unknown_field_that_cannot_be_kept_refuses_the_record_and_not_the_batch():
    _row, refusal = read_one(extra=float("inf"))
    assert refusal.field == "meta"
