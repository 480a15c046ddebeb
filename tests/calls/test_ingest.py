"""Each attempt stored once; what it adds noted once; money posted once."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from billing.models import Account, LedgerEntry
from calls import ingest, partitions
from calls.models import Cdr, CdrBatch
from calls.pulse import Pulse
from customers.models import Listing
from tests.calls.conversation import deliver, now, record
from tests.factories import make_customer, make_switch


@pytest.mark.django_db
@pytest.mark.accept("W-05")
def test_a_record_delivered_twice_is_stored_counted_and_charged_once():
    customer = make_customer()
    _switch, token = make_switch()
    row = record(customer, customer_charge="0.25")
    first = deliver(token, row)
    again = deliver(token, row, row)
    assert (first["stored"], first["known"]) == (1, 0)
    assert (again["stored"], again["known"]) == (0, 2)
    Pulse().tick(now())
    listing = Listing.objects.get(pk=customer.pk)
    assert Cdr.objects.count() == 1
    assert listing.attempts_24h == 1
    assert listing.balance == Decimal("-0.25")


@pytest.mark.django_db
def test_the_same_call_at_another_switch_or_attempt_is_another_record():
    customer = make_customer()
    _one, token = make_switch()
    _two, other = make_switch()
    row = record(customer)
    deliver(token, row, {**row, "attempt": 2})
    deliver(other, row)
    assert Cdr.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.accept("W-02")
def test_every_attempt_feeds_asr_acd_pdd_and_last_call():
    customer = make_customer()
    _switch, token = make_switch()
    start = now() - timedelta(minutes=10)
    deliver(
        token,
        record(customer, started_at=start, duration_ms=90_000, pdd_ms=1_000),
        record(customer, started_at=start + timedelta(minutes=1), sip_code=486, pdd_ms=3_000),
    )
    Pulse().tick(now())
    listing = Listing.objects.get(pk=customer.pk)
    assert listing.asr == 50
    assert listing.acd_ms == 90_000
    assert listing.acd_all_ms == 45_000
    assert listing.pdd_ms == 2_000
    assert listing.last_call_at == start.replace(microsecond=0) + timedelta(minutes=1)


@pytest.mark.django_db
def test_attempts_that_were_not_the_last_do_not_count_for_the_customer():
    customer = make_customer()
    _switch, token = make_switch()
    first = record(customer, sip_code=503, is_last=False, pdd_ms=11_000)
    deliver(token, first, {**first, "attempt": 2, "is_last": True, "sip_code": 200, "pdd_ms": 1_000})
    Pulse().tick(now())
    listing = Listing.objects.get(pk=customer.pk)
    assert (listing.attempts_24h, listing.asr, listing.pdd_ms) == (1, 100, 1_000)


@pytest.mark.django_db
def test_each_batch_posts_one_entry_per_customer_and_unrated_calls_post_none():
    rated, unrated = make_customer(), make_customer()
    _switch, token = make_switch()
    receipt = deliver(
        token,
        record(rated, customer_charge="0.10"),
        record(rated, customer_charge="0.20"),
        record(unrated),
        record(unrated, customer_charge=0),
    )
    entry = LedgerEntry.objects.get()
    assert (entry.customer_id, entry.amount) == (rated.pk, Decimal("-0.30"))
    assert entry.reference == f"batch {receipt['batch']}"
    assert Account.objects.get(pk=rated.pk).balance == Decimal("-0.30")


@pytest.mark.django_db
def test_records_of_days_without_a_partition_make_one():
    customer = make_customer()
    _switch, token = make_switch()
    day = now() - timedelta(days=40)
    deliver(token, record(customer, started_at=day))
    assert day.date() in partitions.existing()
    assert Cdr.objects.get().began_at == day


@pytest.mark.django_db
def test_old_partitions_are_dropped_and_young_ones_kept(settings):
    today = datetime(2026, 11, 21, tzinfo=UTC).date()
    settings.CDR_KEEP_DAYS = 10
    limit = today - timedelta(days=10)
    partitions.ensure([limit - timedelta(days=1), limit, today])
    assert partitions.drop_old(today) == [limit - timedelta(days=1)]
    assert partitions.existing() >= {limit, today}


@pytest.mark.django_db(transaction=True)
def test_two_deliveries_of_the_same_records_at_once_store_and_charge_them_once():
    customers = [make_customer() for _n in range(5)]
    switch, _token = make_switch()
    rows = [record(customer, customer_charge="0.01") for customer in customers for _n in range(100)]
    bodies = [json.dumps(rows).encode(), json.dumps(rows[::-1]).encode()] * 3

    def take(body: bytes) -> int:
        try:
            return ingest.receive(switch, body).stored
        finally:
            connection.close()

    with ThreadPoolExecutor(len(bodies)) as pool:
        stored = sum(pool.map(take, bodies))
    assert stored == Cdr.objects.count() == 500
    assert sum(CdrBatch.objects.filter(unfolded=True).values_list("stored", flat=True)) == 500
    assert set(Account.objects.values_list("balance", flat=True)) == {Decimal("-1.00")}


@pytest.mark.django_db
def test_a_file_is_ingested_like_a_delivery_and_refusals_name_their_line(tmp_path, capsys):
    customer = make_customer()
    switch, _token = make_switch()
    good, bad = record(customer), record(customer, sip_code=1)
    path = tmp_path / "calls.ndjson"
    path.write_text("\n".join(map(json.dumps, [good, bad])))
    with pytest.raises(CommandError, match="1 record was refused"):
        call_command("ingest_cdrs", path, switch=switch.name)
    said = capsys.readouterr()
    assert "1 stored, 0 known already, 1 refused" in said.out
    assert "record 2: sip_code: 1 is not" in said.err
    path.write_text(json.dumps([good]))
    call_command("ingest_cdrs", path, switch=switch.name)
    assert "0 stored, 1 known already" in capsys.readouterr().out


@pytest.mark.django_db
def test_a_file_for_a_switch_that_does_not_exist_names_those_that_do(tmp_path):
    make_switch(name="fra-1")
    with pytest.raises(CommandError, match=r"no switch “fra-2”\. Switches: fra-1"):
        call_command("ingest_cdrs", tmp_path / "x", switch="fra-2")
