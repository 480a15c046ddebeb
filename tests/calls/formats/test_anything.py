"""Whatever a switch of any kind sends, each record is stored, left out or refused: never an error."""

import json
import string
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls import intake
from calls.formats import asterisk
from calls.models import Cdr, CdrFormat
from calls.wire import BadBody
from tests.calls.conversation import now
from tests.calls.formats.freeswitch_bodies import leg
from tests.calls.formats.kamailio_rows import acc, acc_cdr
from tests.calls.formats.test_asterisk import row
from tests.factories import make_customer, make_ip_auth, make_switch

pytestmark = pytest.mark.django_db
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

# Text with what breaks things: NUL, halves of surrogate pairs, quotes, percent signs, very large numbers.
words = st.one_of(
    st.text(st.characters(), max_size=12),
    st.sampled_from(
        ["", "0", "-1", "9" * 30, "1e999", "NaN", "\x00", "\ud800", "%00", "%zz", '"', "::1", "<null>",
         "fe80::1%e", "2026-03-29 02:30:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "1795255200.1",
         "x" * 300]
    ),
)  # fmt: skip
values: st.SearchStrategy[Any] = st.one_of(
    words, st.none(), st.booleans(), st.integers(), st.floats(), st.lists(words, max_size=2),
    st.dictionaries(words, words, max_size=2),
)  # fmt: skip


@pytest.fixture
def switch():
    make_ip_auth(make_customer(), host="203.0.113.0/24")
    return make_switch(time_zone="Europe/Berlin")[0]


def take(switch, body: bytes, cdr_format: CdrFormat, count: int) -> None:
    """Every record of the body is accounted for."""
    try:
        receipt = intake.receive(switch, body, cdr_format)
    except BadBody:
        return
    told = receipt.stored + receipt.known + len(receipt.refused) + len(receipt.skipped)
    assert told + receipt.waiting >= count
    json.dumps(receipt.as_json())


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


@many
@given(
    where=st.sampled_from(["variables", "times", "profile", "channel", "body"]),
    name=words,
    value=values,
    data=st.data(),
)
def test_a_body_of_freeswitch_with_anything_in_it(switch, where, name, value, data):
    said = leg(now() - timedelta(minutes=5), uuid="u", answer_ms=1_000, talk_ms=1_000)
    place = {
        "variables": said["variables"],
        "times": said["callflow"][0]["times"],
        "profile": said["callflow"][0]["caller_profile"],
        "channel": said["channel_data"],
        "body": said,
    }[where]
    place[data.draw(st.sampled_from([*sorted(place), name]))] = value
    take(switch, dumped(said), CdrFormat.FREESWITCH, 1)


@many
@given(body=st.binary(max_size=60))
def test_bytes_that_are_nothing(switch, body):
    for cdr_format in (CdrFormat.FREESWITCH, CdrFormat.ASTERISK, CdrFormat.KAMAILIO):
        take(switch, body, cdr_format, 0)


@many
@given(
    fields=st.dictionaries(st.sampled_from([*asterisk.BASE, "uniqueid", *asterisk.NEW]), words, max_size=3)
)
def test_a_row_of_asterisk_with_anything_in_it(switch, fields):
    start = now() - timedelta(hours=1)
    good = row(start.replace(microsecond=0), channel="SIP/203.0.113.7-1", accountcode="", sequence="1")
    try:
        odd = row(start, **fields)
    except UnicodeEncodeError:
        return
    take(switch, good + odd + good, CdrFormat.ASTERISK, 2)


@many
@given(whole=st.booleans(), method=st.sampled_from(["INVITE", "BYE"]), data=st.data())
def test_a_row_of_kamailio_with_anything_in_it(switch, whole, method, data):
    start = now() - timedelta(hours=1)
    said = acc_cdr("c", start, 3.5) if whole else acc(method, "c", start)
    names = st.sampled_from(
        [*said, "customer_id", "account", "invite_ts", "ring_ts", "time_exten", "carrier", "extra"]
    )
    said |= data.draw(st.dictionaries(names, values, max_size=3))
    take(switch, dumped([said, said, 7, None, "x"]), CdrFormat.KAMAILIO, 4)


@many
@given(text=st.text(string.printable, max_size=80))
def test_text_that_is_no_row(switch, text):
    before = Cdr.objects.count()
    for cdr_format in (CdrFormat.ASTERISK, CdrFormat.KAMAILIO):
        take(switch, text.encode(), cdr_format, 0)
    assert Cdr.objects.count() == before
