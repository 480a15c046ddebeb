"""What is refused is kept, counted, replayed once and for all, or dismissed; nothing vanishes silently."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from billing.models import Account
from calls import ingest, quarantine
from calls.fields import Cause, Refusal
from calls.models import Cdr, CdrBatch, QuarantinedRecord, QuarantineState, UnreadBody
from calls.records import Incoming
from calls.replay import replay
from customers.models import Customer
from tests.calls.conversation import deliver, now, record, send
from tests.factories import make_customer, make_staff, make_switch
from users.roles import Role

pytestmark = pytest.mark.django_db


def bad(customer: Customer, **fields) -> dict:
    return record(customer, **{"sip_code": 1, "duration_ms": 0, **fields})


def strangers(count: int = 1, **fields) -> list[dict]:
    """Records of a customer that is not there yet: of the next one that is made."""
    last = make_customer()
    return [{**record(last, **fields), "customer_id": last.pk + 1} for _n in range(count)]


def kept() -> list[QuarantinedRecord]:
    return list(QuarantinedRecord.objects.order_by("pk"))


def test_each_refused_record_is_kept_as_it_was_sent_with_its_cause():
    customer = make_customer()
    switch, token = make_switch()
    rows = [
        bad(customer),
        *strangers(),
        record(customer, duration_ms=12 * 3600 * 1000 + 1),
        record(customer, duration_ms=-1),
        record(customer, started_at=now() + timedelta(hours=1)),
        record(customer, started_at=now() - timedelta(days=500)),
        record(customer),
    ]
    receipt = deliver(token, *rows)
    assert receipt["stored"] == 1
    found = QuarantinedRecord.objects.in_bulk(field_name="id").values()
    by_callid = {json.loads(bytes(row.raw))["callid"]: row for row in found}
    assert [by_callid[row["callid"]].cause for row in rows[:-1]] == [
        Cause.BAD_FIELD,
        Cause.UNKNOWN_CUSTOMER,
        Cause.DURATION,
        Cause.DURATION,
        Cause.CLOCK,
        Cause.TOO_OLD,
    ]
    one = by_callid[rows[0]["callid"]]
    assert json.loads(bytes(one.raw)) == rows[0]
    assert (one.switch, one.format, one.field, one.state) == (switch, "connex", "sip_code", "waiting")
    assert one.reason == receipt["refused"][0]["reason"]


def test_lines_that_are_no_json_and_values_that_are_no_object_are_kept_too():
    _switch, token = make_switch()
    good = json.dumps(record(make_customer()))
    send("cdrs", token, f'{good}\n{{"broken": \n"text"\n'.encode())
    assert sorted(bytes(row.raw) for row in kept()) == [b'"text"', b'{"broken": ']
    assert {row.cause for row in kept()} == {Cause.UNREADABLE}


def test_a_repeat_of_a_bad_record_is_counted_and_does_not_pile_up():
    _switch, token = make_switch()
    row = bad(make_customer())
    deliver(token, row, row)
    deliver(token, row)
    assert [one.times for one in kept()] == [3]


def test_the_same_bad_record_of_another_switch_is_another_one():
    row = bad(make_customer())
    for _n in range(2):
        deliver(make_switch()[1], row)
    assert len(kept()) == 2


@pytest.mark.django_db(transaction=True)
def test_a_failing_delivery_leaves_neither_records_nor_quarantine():
    customer = make_customer()
    switch, _token = make_switch()
    rows = [record(customer), bad(customer)]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE calls_cdrbatch ADD CONSTRAINT refuse CHECK (stored = 0)")
    try:
        with pytest.raises(Exception, match="refuse"):
            ingest.store(switch, [Incoming(*one) for one in enumerate(rows)], [])
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE calls_cdrbatch DROP CONSTRAINT refuse")
    assert not Cdr.objects.exists()
    assert not kept()


def test_what_another_format_could_not_read_is_kept_under_that_format():
    switch, _token = make_switch()
    customer = make_customer()
    refused = [Refusal(0, "billsec", "“x” is no number.", raw='"ANSWERED","x"')]
    incoming = [Incoming(1, bad(customer), raw=b"line two\xff")]
    receipt = ingest.store(switch, incoming, refused, cdr_format="asterisk")
    assert [refusal.index for refusal in receipt.refused] == [0, 1]
    assert {(row.format, bytes(row.raw)) for row in kept()} == {
        ("asterisk", b'"ANSWERED","x"'),
        ("asterisk", b"line two\xff"),
    }


def test_of_a_very_long_record_the_beginning_is_kept_and_it_is_not_replayed():
    _switch, token = make_switch()
    deliver(token, bad(make_customer(), cli="9" * 100_000))
    (row,) = kept()
    assert (len(row.raw), row.whole) == (quarantine.RAW_KEPT_BYTES, False)
    assert replay(QuarantinedRecord.objects.all(), by=None).refused == 0
    assert kept()[0].state == QuarantineState.WAITING


def test_records_of_an_unknown_customer_are_stored_counted_and_charged_by_a_replay_once_it_exists():
    switch, token = make_switch()
    deliver(token, *strangers(2, customer_charge="0.25"))
    customer = make_customer()
    outcome = replay(QuarantinedRecord.objects.all(), by=None)
    assert (outcome.stored, outcome.known, outcome.refused) == (2, 0, 0)
    assert Cdr.objects.filter(customer_id=customer.pk, switch_id=switch.pk).count() == 2
    assert Account.objects.get(pk=customer.pk).balance == Decimal("-0.50")
    assert {one.state for one in kept()} == {QuarantineState.REPLAYED}
    again = replay(QuarantinedRecord.objects.all(), by=None)
    assert (again.stored, again.known, again.refused) == (0, 0, 0)


def test_a_replay_of_what_the_switch_has_sent_again_meanwhile_stores_nothing_twice():
    _switch, token = make_switch()
    (row,) = strangers(customer_charge="0.25")
    deliver(token, row)
    customer = make_customer()
    deliver(token, row)
    outcome = replay(QuarantinedRecord.objects.all(), by=None)
    assert (outcome.stored, outcome.known) == (0, 1)
    assert Account.objects.get(pk=customer.pk).balance == Decimal("-0.25")


def test_what_is_still_refused_waits_on_with_its_present_reason():
    _switch, token = make_switch()
    deliver(token, *strangers())
    assert replay(QuarantinedRecord.objects.all(), by=None).refused == 1
    (one,) = kept()
    assert (one.state, one.times) == (QuarantineState.WAITING, 1)
    assert "no customer" in one.reason


def test_what_was_dismissed_stays_dismissed_when_it_comes_again(alice):
    _switch, token = make_switch()
    row = bad(make_customer())
    deliver(token, row)
    assert quarantine.dismiss(QuarantinedRecord.objects.all(), by=alice, reason="test call") == 1
    deliver(token, row)
    (one,) = kept()
    assert (one.state, one.note, one.closed_by, one.times) == ("dismissed", "test call", alice, 2)


def test_what_was_replayed_and_is_refused_again_later_waits_again():
    _switch, token = make_switch()
    row = bad(make_customer())
    deliver(token, row)
    QuarantinedRecord.objects.update(state=QuarantineState.REPLAYED, closed_at=now())
    deliver(token, row)
    (one,) = kept()
    assert (one.state, one.closed_at) == (QuarantineState.WAITING, None)


@pytest.mark.django_db(transaction=True)
def test_two_replays_and_a_delivery_at_once_store_and_charge_everything_once():
    switch, token = make_switch()
    rows = strangers(300, customer_charge="0.01")
    deliver(token, *rows)
    customer = make_customer()
    body = json.dumps(rows[::-1]).encode()

    def work(what: int) -> int:
        try:
            if what % 2:
                return ingest.receive(switch, body).stored
            return replay(QuarantinedRecord.objects.all(), by=None).stored
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        stored = sum(pool.map(work, range(4)))
    assert stored == Cdr.objects.count() == 300
    assert Account.objects.get(pk=customer.pk).balance == Decimal("-3.00")
    replay(QuarantinedRecord.objects.all(), by=None)
    assert not QuarantinedRecord.objects.waiting().exists()


@pytest.mark.django_db(transaction=True)
def test_a_replay_holds_accounts_of_one_switch_at_a_time():
    """Charging for a second switch while the accounts of the first are held is no order of locks."""
    first, token = make_switch()
    _second, other_token = make_switch()
    early = make_customer()
    (late,) = strangers(customer_charge="0.25")
    deliver(token, late)
    deliver(other_token, bad(early, customer_charge="0.50"))
    make_customer()
    QuarantinedRecord.objects.exclude(switch=first).update(
        raw=json.dumps(record(early, customer_charge="0.50")).encode()
    )

    def stored_of_the_first() -> bool:
        for _try in range(100):
            if Cdr.objects.filter(switch_id=first.pk).exists():
                return True
            time.sleep(0.05)
        return False

    def work() -> int:
        try:
            return replay(QuarantinedRecord.objects.all(), by=None).stored
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Account.objects.select_for_update().get(pk=early.pk)
            replayed = pool.submit(work)
            assert stored_of_the_first()
        assert replayed.result() == 2


@pytest.mark.parametrize(
    ("body", "status"), [(b"{not json", 400), (b"\xff\xfe", 400), (b"1\n" * 20_001, 413)]
)
def test_a_body_of_which_nothing_can_be_read_is_kept_nowhere_but_counted(body, status):
    switch, token = make_switch()
    for _n in range(2):
        send("cdrs", token, body)
    one = UnreadBody.objects.get()
    assert (one.switch, one.status, one.times, one.day) == (switch, status, 2, now().date())
    assert one.last_reason
    assert not kept()
    assert not CdrBatch.objects.exists()


def test_what_was_last_received_before_records_are_kept_is_forgotten(settings, caplog):
    _switch, token = make_switch()
    deliver(token, bad(make_customer()), bad(make_customer()))
    send("cdrs", token, b"{no")
    old = kept()[0]
    before = now() - timedelta(days=settings.CDR_KEEP_DAYS + 1)
    QuarantinedRecord.objects.filter(pk=old.pk).update(last_received_at=before)
    UnreadBody.objects.update(day=before.date())
    quarantine.drop_old(now())
    assert len(kept()) == 1
    assert not UnreadBody.objects.exists()
    assert "1 refused records waited longer" in caplog.text


def test_staff_who_see_every_customer_see_it_resellers_and_managers_never(alice, anna, bob, rita):
    _switch, token = make_switch()
    deliver(token, bad(make_customer()))
    for user in (anna, rita):  # not even where somebody gave them the right to read it
        user.user_permissions.add(Permission.objects.get(codename="view_quarantinedrecord"))
    noc = make_staff(role=Role.OPERATIONS)
    seen = {
        user.email: QuarantinedRecord.objects.visible_to(user).count()
        for user in (alice, noc, anna, bob, rita)
    }
    assert seen == {alice.email: 1, noc.email: 1, anna.email: 0, bob.email: 0, rita.email: 0}


# --- The command


def test_the_command_lists_counts_and_shows(capsys):
    _switch, token = make_switch(name="fra-1")
    row = bad(make_customer())
    deliver(token, row, row, *strangers())
    send("cdrs", token, b"{no")
    call_command("quarantine", "list")
    said = capsys.readouterr().out
    assert "1  bad_field: Bad field" in said
    assert "1  unknown_customer: Unknown customer" in said
    assert "fra-1  sip_code: 1 is not a whole number from 100 to 699., 2 times" in said
    assert "fra-1: 1 bodies answered with 400" in said
    one = QuarantinedRecord.objects.get(cause=Cause.BAD_FIELD)
    call_command("quarantine", "show", str(one.pk))
    said = capsys.readouterr().out
    assert row["callid"] in said
    assert "fra-1" in said


def test_the_command_replays_by_cause_and_says_what_became_of_it(capsys):
    _switch, token = make_switch()
    deliver(token, bad(make_customer()), *strangers())
    make_customer()
    call_command("quarantine", "replay", "--cause", "unknown_customer")
    assert "1 stored, 0 known already, 0 refused again" in capsys.readouterr().out
    with pytest.raises(CommandError, match="1 records wait on"):
        call_command("quarantine", "replay", "--all")


def test_the_command_dismisses_the_chosen_ones_only(capsys):
    _switch, token = make_switch()
    deliver(token, bad(make_customer()), bad(make_customer()))
    first, second = kept()
    call_command("quarantine", "dismiss", str(first.pk), "--reason", "a test call")
    assert "1 dismissed" in capsys.readouterr().out
    assert [row.state for row in kept()] == ["dismissed", "waiting"]
    with pytest.raises(CommandError, match="Say why"):
        call_command("quarantine", "dismiss", str(second.pk), "--reason", " ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["replay"], "Say which"),
        (["dismiss", "--reason", "x"], "Say which"),
        (["replay", "999999"], "No such quarantined records: 999999"),
        (["show", "999999"], "There is no quarantined record 999999"),
    ],
)
def test_the_command_refuses_what_it_cannot_do(words, said):
    with pytest.raises(CommandError, match=said):
        call_command("quarantine", *words)
