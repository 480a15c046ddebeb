"""Hours and days: what they add up to, whatever comes late, and their proof and repair under way."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Sum

from calls import ingest, partitions, rollups, selfcheck
from calls.models import (
    Cdr,
    CdrBatch,
    CustomerDay,
    CustomerHour,
    FigureDelta,
    MinuteBucket,
    Switch,
    TrafficDay,
    TrafficHour,
)
from calls.pulse import Pulse
from calls.records import Incoming
from customers.models import Customer, Listing
from tests.calls import recount
from tests.calls.conversation import deliver, now, record
from tests.factories import make_customer, make_switch

pytestmark = pytest.mark.django_db

LASTING = (CustomerHour, CustomerDay, TrafficHour, TrafficDay)
NOON = now().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=3)


@pytest.fixture
def customer() -> Customer:
    return make_customer()


@pytest.fixture
def switch() -> Switch:
    return make_switch()[0]


def take(switch: Switch, *records: dict) -> ingest.Receipt:
    receipt = ingest.store(switch, [Incoming(*one) for one in enumerate(records)], [])
    assert not receipt.refused, receipt.refused
    return receipt


def test_an_hour_and_a_day_of_calls_by_hand(customer, switch):
    """Four calls by carrier 7 (3 answered: 30, 90 and 60 s), one failed over, one never sent anywhere."""
    call = {"started_at": NOON, "carrier_id": 7, "destination_country": "DE", "carrier_currency": "USD"}
    money = {"customer_charge": "0.10", "carrier_charge": "0.04", "customer_billed_ms": 60_000}
    failed = record(customer, **call, sip_code=503, is_last=False, pdd_ms=None, pdd_out_ms=9_000)
    take(
        switch,
        record(customer, **call, **money, duration_ms=30_000, pdd_ms=1_000, carrier_billed_ms=30_000),
        record(customer, **call, **money, duration_ms=90_000, pdd_ms=3_000, pdd_out_ms=2_000),
        record(customer, **call, sip_code=486, pdd_ms=None),
        failed,
        {**failed, "attempt": 2, "is_last": True, "sip_code": 200, "duration_ms": 60_000, "carrier_id": 8},
        record(customer, started_at=NOON, sip_code=403, pdd_ms=None, destination_country="DE"),
    )
    Pulse().tick(now())
    hour = CustomerHour.objects.get(customer_id=customer.pk, hour=NOON, cost_currency="USD")
    assert (hour.attempts, hour.calls, hour.connected, hour.refused) == (5, 4, 3, 0)
    assert (hour.duration_ms, hour.billed_ms, hour.carrier_billed_ms) == (180_000, 120_000, 30_000)
    assert (hour.charge, hour.cost) == (Decimal("0.20"), Decimal("0.08"))
    assert (hour.pdd_sum_ms, hour.pdd_count, hour.pdd_max_ms) == (4_000, 2, 3_000)
    assert (hour.pdd_out_sum_ms, hour.pdd_out_count, hour.pdd_out_max_ms) == (20_000, 3, 9_000)
    refused = CustomerHour.objects.get(cost_currency="")
    assert (refused.attempts, refused.calls, refused.refused) == (1, 1, 1)
    day = NOON.replace(hour=0)
    by_code = CustomerDay.objects.filter(customer_id=customer.pk, day=day, country="DE")
    assert dict(by_code.values_list("sip_code").annotate(n=Sum("attempts"))) == {
        200: 3,
        486: 1,
        503: 1,
        403: 1,
    }
    carrier = TrafficDay.objects.filter(carrier_id=7, day=day).aggregate(
        attempts=Sum("attempts"), connected=Sum("connected")
    )
    assert carrier == {"attempts": 4, "connected": 2}
    assert recount.wrong() == []


def test_costs_of_two_currencies_and_charges_of_two_are_kept_apart(switch):
    euro, dollar = make_customer(currency="EUR"), make_customer(currency="USD")
    call = {"started_at": NOON, "carrier_id": 7, "customer_charge": "1", "carrier_charge": "0.5"}
    take(
        switch,
        record(euro, **call, carrier_currency="EUR"),
        record(euro, **call, carrier_currency="GBP"),
        record(dollar, **call, carrier_currency="EUR"),
    )
    Pulse().tick(now())
    kept = TrafficHour.objects.values_list("charge_currency", "cost_currency", "charge", "cost")
    assert sorted(kept) == [
        ("EUR", "EUR", 1, Decimal("0.5")),
        ("EUR", "GBP", 1, Decimal("0.5")),
        ("USD", "EUR", 1, Decimal("0.5")),
    ]


def test_late_and_unordered_records_correct_the_minute_hour_and_day_of_their_own_start(customer, switch):
    pulse = Pulse()
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [midnight - timedelta(seconds=1), midnight, midnight - timedelta(days=20), NOON]
    for start in [*starts, starts[0]]:
        take(switch, record(customer, started_at=start, customer_charge="0.01"))
        pulse.tick(now())
    days = dict(CustomerDay.objects.values_list("day").annotate(n=Sum("attempts")))
    yesterday = midnight - timedelta(days=1)
    assert days == {
        yesterday: 2,
        midnight: 1,
        midnight - timedelta(days=20): 1,
        NOON.replace(hour=0): 1,
    }
    assert recount.wrong() == []


def test_a_fold_takes_some_batches_and_leaves_the_others_for_the_next(customer, switch):
    for _n in range(3):
        take(switch, record(customer, started_at=NOON), record(customer, started_at=NOON))
    assert rollups.fold(now(), most=3)
    assert CdrBatch.objects.filter(unfolded=True).count() == 1
    assert rollups.fold(now(), most=3)
    assert not rollups.fold(now(), most=3)
    assert CustomerHour.objects.get().attempts == 6


def test_a_batch_is_not_forgotten_before_it_is_folded_however_long_the_pulse_stood_still(
    customer, switch, settings
):
    take(switch, record(customer))
    take(switch, record(customer))
    CdrBatch.objects.update(received_at=now() - timedelta(days=settings.CDR_KEEP_DAYS + 2))
    CdrBatch.objects.filter(pk=CdrBatch.objects.latest("pk").pk).update(unfolded=False)
    rollups.drop_old(now())
    assert CdrBatch.objects.get().unfolded


def test_what_waits_to_be_folded_is_no_difference(customer, switch):
    take(switch, record(customer, customer_charge="1"))
    Pulse().tick(now())
    take(switch, record(customer, customer_charge="1"))
    assert list(selfcheck.differences()) == []


def test_deltas_that_an_older_version_left_are_folded_into_minutes_and_no_difference(customer, switch):
    """An older version stored a record with its delta, and its batch is no batch to fold."""
    take(switch, record(customer))
    CdrBatch.objects.update(unfolded=False)
    cdr = Cdr.objects.get()
    FigureDelta.objects.create(
        customer_id=customer.pk, minute=cdr.started_at.replace(second=0), attempts=1, connected=1,
        duration_ms=60_000, pdd_sum_ms=1_500, pdd_count=1, pdd_max_ms=1_500, last_call_at=cdr.started_at,
    )  # fmt: skip
    minutes = [one for one in selfcheck.differences() if one.what.startswith("minute")]
    assert minutes == []
    Pulse().tick(now())
    assert MinuteBucket.objects.get().attempts == 1
    selfcheck.repair()
    assert recount.wrong() == []
    assert Listing.objects.get(pk=customer.pk).attempts_24h == 1


def test_an_upgrade_leaves_a_day_alone_of_which_only_late_records_are_left(customer, switch):
    """Its records were dropped with their partition; then records were to be kept for longer."""
    take(switch, record(customer, started_at=NOON), record(customer, started_at=NOON))
    Pulse().tick(now())
    Cdr.objects.all().delete()
    take(switch, record(customer, started_at=NOON))
    Pulse().tick(now())
    rollups.fill([NOON.date()])
    assert CustomerDay.objects.get().attempts == 3
    CustomerDay.objects.all().delete()
    TrafficDay.objects.all().delete()
    rollups.fill([NOON.date()])
    assert CustomerDay.objects.get().attempts == 1


@pytest.mark.parametrize("model", LASTING)
def test_a_wrong_a_missing_and_a_stray_cell_are_named_and_repaired(customer, switch, model, capsys):
    take(switch, record(customer, started_at=NOON), record(customer, started_at=NOON - timedelta(days=1)))
    Pulse().tick(now())
    first, second = model.objects.order_by(model._meta.pk.field_names[0])
    values = {field.attname: getattr(first, field.attname) for field in model._meta.concrete_fields}
    model.objects.filter(pk=first.pk).update(attempts=9, pdd_max_ms=5)
    model.objects.filter(pk=second.pk).delete()
    key = "carrier_id" if "carrier_id" in values else "cost_currency"
    model.objects.create(**{**values, key: 99 if key == "carrier_id" else "XXX"})
    assert len(list(selfcheck.differences())) == 3
    with pytest.raises(CommandError, match="3 figures are wrong"):
        call_command("check_figures")
    assert model._meta.db_table.removeprefix("calls_") in capsys.readouterr().out
    call_command("check_figures", repair=True)
    assert recount.wrong() == []
    assert list(selfcheck.differences()) == []


def test_a_lost_table_is_named_in_part_and_repaired_whole(customer, switch, monkeypatch):
    monkeypatch.setattr(selfcheck, "NAMED_PER_DAY", 3)
    take(switch, *[record(customer, started_at=NOON, sip_code=400 + n) for n in range(10)])
    Pulse().tick(now())
    CustomerDay.objects.all().delete()
    assert len(list(selfcheck.differences())) == 3
    selfcheck.repair()
    assert recount.wrong() == []


def test_hours_stay_as_long_as_records_and_days_longer(customer, switch, settings):
    settings.CDR_KEEP_DAYS, settings.FIGURES_KEEP_DAYS = 10, 20
    take(switch, record(customer, started_at=now() - timedelta(days=9)))
    Pulse().tick(now())
    rollups.drop_old(now() + timedelta(days=5))
    assert [model.objects.count() for model in LASTING] == [0, 1, 0, 1]
    rollups.drop_old(now() + timedelta(days=15))
    assert [model.objects.count() for model in LASTING] == [0, 0, 0, 0]


# --- Starts


@pytest.mark.parametrize("first", ["10:00:00", "10:00:00.123", "10:00:00.999999"])
@pytest.mark.parametrize("second", ["10:00:00", "10:00:00.123", "10:00:00.9"])
def test_a_start_told_to_the_second_and_to_the_microsecond_is_one_attempt(customer, first, second):
    _switch, token = make_switch()
    row = record(customer, customer_charge="1")
    day = f"{now() - timedelta(days=1):%Y-%m-%d}"
    deliver(token, {**row, "started_at": f"{day}T{first}Z"})
    receipt = deliver(token, {**row, "started_at": f"{day}T{second}Z"})
    assert (receipt["stored"], receipt["known"]) == (0, 1)
    assert Cdr.objects.get().began_at == datetime.fromisoformat(f"{day}T{first}+00:00")


def test_both_resolutions_in_one_delivery_are_one_attempt_also_at_the_end_of_a_day(customer):
    _switch, token = make_switch()
    row = record(customer)
    day = f"{now() - timedelta(days=1):%Y-%m-%d}"
    starts = (f"{day}T23:59:59.999999Z", f"{day}T23:59:59Z")
    assert deliver(token, *[{**row, "started_at": start} for start in starts])["stored"] == 1
    assert Cdr.objects.get().started_at.second == 59


def test_the_next_second_and_the_next_attempt_are_other_records(customer):
    _switch, token = make_switch()
    row = record(customer, started_at=NOON)
    later = {**row, "started_at": (NOON + timedelta(seconds=1)).isoformat()}
    assert deliver(token, row, later, {**row, "attempt": 2})["stored"] == 3


def test_whoever_writes_a_record_its_start_is_cut_by_the_database(customer, switch):
    exact = NOON + timedelta(microseconds=123_456)
    take(switch, record(customer, started_at=NOON))
    values = {field.attname: getattr(Cdr.objects.get(), field.attname) for field in Cdr._meta.concrete_fields}
    Cdr.objects.bulk_create([Cdr(**{**values, "callid": "other", "started_at": exact, "start_us": 0})])
    other = Cdr.objects.get(callid="other")
    assert (other.started_at, other.start_us, other.began_at) == (NOON, 123_456, exact)
    ignored = Cdr(**{**values, "started_at": exact})
    Cdr.objects.bulk_create([ignored], ignore_conflicts=True)
    assert Cdr.objects.count() == 2


def test_starts_that_an_older_version_stored_are_cut_by_the_upgrade_and_twins_left_alone(customer, switch):
    exact = NOON + timedelta(microseconds=123_456)
    take(switch, record(customer, started_at=NOON))
    values = {field.attname: getattr(Cdr.objects.get(), field.attname) for field in Cdr._meta.concrete_fields}
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE calls_cdr DISABLE TRIGGER USER")
        Cdr.objects.bulk_create([Cdr(**{**values, "started_at": exact})])  # the twin of the one that is there
        Cdr.objects.bulk_create([Cdr(**{**values, "callid": "alone", "started_at": exact})])
        cursor.execute("ALTER TABLE calls_cdr ENABLE TRIGGER USER")
    assert partitions.cut_starts() == 1
    assert partitions.cut_starts() == 0
    assert Cdr.objects.get(callid="alone").started_at == NOON
    assert Cdr.objects.get(callid="alone").began_at == exact
    assert Cdr.objects.count() == 3


def test_days_that_lack_records_are_filled_by_the_upgrade(customer, switch):
    take(switch, record(customer, started_at=NOON), record(customer, started_at=NOON - timedelta(days=1)))
    Pulse().tick(now())
    for model in LASTING:
        model.objects.all().delete()
    take(switch, record(customer, started_at=NOON))
    Pulse().tick(now())
    rollups.fill(partitions.existing())
    assert recount.wrong() == []
