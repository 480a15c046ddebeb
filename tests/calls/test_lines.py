"""The quick way of records into the database takes and changes nothing that the long way would not."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from benchmarks.wire import lines as typical_lines
from calls import fields, ingest, lines, records, wire
from calls.models import Cdr
from calls.records import Incoming
from tests.calls.conversation import record
from tests.factories import make_customer, make_switch

NOW = datetime(2026, 11, 21, 12, 0, 0, 500_000, tzinfo=UTC)
GOOD = {"customer_id": 1, "callid": "a", "started_at": "2026-11-21T11:00:00Z", "sip_code": 200}
AMOUNTS = [name for name, (reader, _default) in records.CDR_FIELDS.items() if reader is fields.amount]


def quickly(record):
    """The line that the plan for such records makes, or None."""
    plan = lines._plan(tuple(record), tuple(map(type, record.values())))
    earliest, latest = records.span(NOW)
    return plan and plan.line(0, record, (earliest, latest - lines.SECOND))


def at_length(record):
    """The line of the long way, or None where the record is refused."""
    good, _bad = records.read([Incoming(0, record)], NOW)
    return lines.of_row(*good[0]) if good else None


def said_by(line):
    """What a line says, prices as numbers."""
    values = dict(zip(lines.COLUMNS, line.text.split("\t"), strict=True))
    for name in AMOUNTS:
        values[name] = values[name] if values[name] == "\\N" else Decimal(values[name])
    return line[:5], values


edges = [0, 1, -1, 99, 100, 200, 486, 699, 700, 127, 128, 32_767, 32_768, 2**31, 2**63 - 1, 2**63, 10**7]
numbers = st.sampled_from(edges) | st.integers(0, 1_000)
texts = (
    st.sampled_from(
        ["", "a", "DE", "USD", "EURO", "x" * 32, "x" * 33, "x" * 255, "x" * 256, "\\", "\t", "\n", "\x00",
         "ü", "\u2028", "\ud800", "a\\N", "termination", "%s", "7", "termination "]
    )
    | st.text(max_size=5)
)  # fmt: skip
moments = st.sampled_from(
    ["2026-11-21T11:00:00.123456+00:00", "2026-11-21T11:00:00.1Z", "2026-11-21T13:00:00.123+02:00",
     "2026-11-21T11:00:00", "2026-11-21 11:00:00Z", "20261121T110000Z", "2026-W47-6T11:00:00.500Z",
     "2026-11-21T12:05:00.400Z", "2026-11-21T12:05:00.900Z", "2026-11-21T12:04:59.999999Z",
     "2026-02-30T11:00:00Z",
     "2026-11-21T11:00:00.123Z\n", "2026-11-21T11:00:60Z", "２026-11-21T11:00:00Z",
     "0001-01-01T00:00:00+14:00",
     "2024-11-21T11:00:00Z", "2026-11-21T11:00Z", "2026-11-21T11:00:00,123Z", "2026-11-21T11:00:00.1234567Z"]
)  # fmt: skip
moments |= st.integers(-(10**11), 10**9).map(lambda us: (NOW + timedelta(microseconds=us)).isoformat())
amounts = st.sampled_from(
    ["0", "0.0125", "1.123456789", "1e3", "10000000", "9999999.99999999", "09", "-1", " 1", "1_0", "NaN", "",
     "١", "+1", ".5", "1.", 0, 3, -1, 10**7, 0.5, 1e-9, 1e22, float("nan"), True, "1\n"]
)  # fmt: skip
addresses = st.sampled_from(["203.0.113.7", "2001:DB8::0001", "300.1.1.1", "fe80::1%eth0", "1.2.3", ""])
others = st.none() | st.booleans() | st.floats() | st.just({"mos": 4.2}) | st.just([1])
BY_READER = {
    fields.instant: moments,
    fields.amount: amounts,
    fields.address: addresses,
    fields.Whole: numbers,
}


def values_for(name):
    reader = records.CDR_FIELDS[name][0]
    usual = BY_READER.get(reader, BY_READER.get(type(reader), st.booleans() | texts))
    return st.one_of(usual, usual, usual, others, numbers, texts)


some_fields = st.fixed_dictionaries({}, optional={name: values_for(name) for name in records.CDR_FIELDS})


# How long an example takes says nothing on a machine that does other work too.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(some_fields, st.sets(st.sampled_from(list(records.CDR_FIELDS)), max_size=36))
def test_whatever_is_taken_quickly_is_taken_at_length_as_the_same(sent, left_out):
    sent = {**GOOD, **{name: value for name, value in sent.items() if name not in left_out}}
    quick = quickly(sent)
    if quick is not None:
        slow = at_length(sent)
        assert slow is not None
        assert said_by(quick) == said_by(slow)


@pytest.mark.parametrize("name", records.CDR_FIELDS)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=20)
@given(data=st.data())
def test_each_field_by_itself_is_taken_quickly_only_as_at_length(name, data):
    sent = {**GOOD, name: data.draw(values_for(name))}
    quick = quickly(sent)
    if quick is not None:
        assert said_by(quick) == said_by(at_length(sent))


def test_typical_records_go_the_quick_way_also_where_empty_fields_are_named():
    for text in typical_lines(count=50, customers=[1, 2], first=0, hours=0.1):
        sent = {**json.loads(text), "started_at": "2026-11-21T11:00:00.123Z"}
        assert quickly(sent) is not None
        assert said_by(quickly({**sent, "reseller_id": None, "is_last": True})) == said_by(quickly(sent))


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"extra": None},
        {"account": "7"},
        {"meta": {"mos": 4.2}},
        {"duration_ms": 5, "sip_code": 486},
        {"callid": ""},
    ],
)
def test_what_needs_a_closer_look_gets_it(change):
    assert quickly({**GOOD, **change}) is None


lines_of_json = st.lists(
    st.sampled_from(
        ['{"a":1}', '{"a":1},{"b":2}', "[1", "2]", '{"a":[{}', '{}]}', '"', '","', "", " ", "1", "null",
         "{}\r",
         '{"a":1,"a":2}', "NaN", "1" * 5_000, "[" * 5_000, '{"a":', "1}", "]", "[", '{"n":1e999}', ","]
    ),
    max_size=6,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(lines_of_json)
@example(['{"a":1},{"b":2}', "[1", "2]"])
@example(['{"a":1},0,{"b":2}', '{"a":[{}', "{}]}"])
@example(["{}", "[", "]"])
def test_lines_read_at_once_are_what_each_says_by_itself(sent):
    values = wire._at_once(sent)
    if values is not None:
        assert repr(values) == repr([json.loads(line) for line in sent])


def test_good_lines_are_read_at_once():
    assert wire._at_once(['{"a": 1}', "[2]", ' {"a": 3}\r']) == [{"a": 1}, [2], {"a": 3}]


@pytest.mark.django_db
def test_of_two_records_of_one_attempt_in_a_delivery_the_first_is_stored_whichever_way_each_goes():
    customer, (switch, _token) = make_customer(), make_switch()
    for quick_first in (True, False):
        callid = f"twice-{quick_first}"
        plain = record(customer, callid=callid, codec="Z")
        strange = {**plain, "codec": "A", "extra": 1}
        both = [plain, strange] if quick_first else [strange, plain]
        receipt = ingest.store(switch, [Incoming(*one) for one in enumerate(both)], [])
        assert (receipt.stored, receipt.known) == (1, 1)
        assert Cdr.objects.get(callid=callid).codec == ("Z" if quick_first else "A")


@pytest.mark.django_db
def test_values_reach_the_database_as_they_were_sent_whichever_way_they_go():
    customer, (switch, _token) = make_customer(), make_switch()
    start = datetime.now(UTC).replace(microsecond=123_000) - timedelta(minutes=1)
    sent = record(
        customer, started_at=start, destination_country="DE", source_ip="2001:DB8::1",
        customer_charge="0.0125", carrier_id=7, is_last=True, release_reason="50 % off",
    )  # fmt: skip
    strange = {**sent, "callid": "strange", "release_reason": "a\\b\tc\nü", "rating": {"x": "\\N"}}
    ingest.store(switch, [Incoming(0, sent), Incoming(1, strange)], [])
    stored = {cdr.callid: cdr for cdr in Cdr.objects.all()}
    for one in (sent, strange):
        cdr = stored[one["callid"]]
        assert (cdr.began_at, cdr.source_ip, cdr.customer_charge) == (start, "2001:db8::1", Decimal("0.0125"))
        assert (cdr.destination_country, cdr.carrier_id, cdr.is_last) == ("DE", 7, True)
        assert cdr.release_reason == one["release_reason"]
    assert stored["strange"].rating == {"x": "\\N"}
    assert len(stored) == 2
