"""Figures by hand-computed cases, and how they move with time."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from calls import dialogs, ingest, selfcheck
from calls.models import Dialog, LiveSample, MinuteBucket, Switch
from calls.pulse import Pulse
from calls.records import Incoming
from customers.models import Customer, FeedState, Listing, Sparkline
from tests.calls.conversation import now, record
from tests.factories import make_customer, make_reseller, make_switch

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> Customer:
    return make_customer()


@pytest.fixture
def switch() -> Switch:
    return make_switch()[0]


def take(switch: Switch, *records: dict) -> None:
    receipt = ingest.store(switch, [Incoming(*one) for one in enumerate(records)], [])
    assert not receipt.refused, receipt.refused


def tell(switch: Switch, *events: dict) -> None:
    receipt = dialogs.receive(switch, json.dumps(events).encode())
    assert not receipt.refused, receipt.refused


def start(customer: Customer, callid: str, at: datetime) -> dict:
    return {"event": "start", "customer_id": customer.pk, "callid": callid, "at": at.isoformat()}


def figures(customer: Customer) -> Listing:
    return Listing.objects.get(pk=customer.pk)


def test_three_of_four_calls_connected_is_75_percent(customer, switch):
    take(switch, *[record(customer) for _n in range(3)], record(customer, sip_code=486))
    Pulse().tick(now())
    assert figures(customer).asr == 75


def test_ratios_come_from_summed_parts_and_match_by_hand(customer, switch):
    """4 attempts, 3 connected: 30 s + 90 s + 61.5 s = 181.5 s; delays 1.0, 2.0, 3.0 s, one unknown."""
    take(
        switch,
        record(customer, duration_ms=30_000, pdd_ms=1_000),
        record(customer, duration_ms=90_000, pdd_ms=2_000),
        record(customer, duration_ms=61_500, pdd_ms=3_000),
        record(customer, sip_code=404, pdd_ms=None),
    )
    Pulse().tick(now())
    row = figures(customer)
    assert row.acd_ms == Decimal(60_500)
    assert row.acd_all_ms == Decimal(45_375)
    assert row.pdd_ms == Decimal(2_000)
    assert row.pdd_max_ms_24h == 3_000


def test_a_customer_without_calls_has_empty_ratios(customer):
    Pulse().tick(now())
    row = figures(customer)
    assert (row.asr, row.acd_ms, row.acd_all_ms, row.pdd_ms, row.last_call_at) == (None,) * 5
    assert (row.cps, row.channels) == (0, 0)


def test_a_call_leaves_the_window_after_1440_whole_minutes_and_the_current_one(customer, switch):
    started = now() - timedelta(hours=2)
    take(switch, record(customer, started_at=started))
    last_in = started.replace(second=59) + timedelta(days=1)
    pulse = Pulse()
    pulse.tick(last_in)
    assert figures(customer).attempts_24h == 1
    pulse.tick(last_in + timedelta(minutes=1))
    assert figures(customer).attempts_24h == 0
    assert figures(customer).asr is None
    assert figures(customer).last_call_at == started.replace(microsecond=0)


def test_the_charge_of_today_starts_again_at_midnight_utc(customer, switch):
    noon = now().replace(hour=0, minute=0, second=5)
    take(switch, record(customer, started_at=min(noon, now()), customer_charge="1.50"))
    pulse = Pulse()
    pulse.tick(max(noon, now()))
    assert figures(customer).charge_today == Decimal("1.50")
    tomorrow = (now() + timedelta(days=1)).replace(hour=0, minute=0, second=1)
    pulse.tick(tomorrow)
    row = figures(customer)
    assert row.charge_today == 0
    assert row.attempts_24h == 1
    assert row.balance == Decimal("-1.50")


def test_late_records_correct_the_minute_they_belong_to(customer, switch):
    early = now() - timedelta(hours=3)
    pulse = Pulse()
    take(switch, record(customer, started_at=early))
    pulse.tick(now())
    take(switch, record(customer, started_at=early, sip_code=486))
    pulse.tick(now())
    bucket = MinuteBucket.objects.get(customer_id=customer.pk)
    assert (bucket.attempts, bucket.connected) == (2, 1)
    assert figures(customer).asr == 50


@pytest.mark.accept("W-03")
def test_channels_follow_live_dialogs_within_a_tick(customer, switch):
    at = now()
    tell(switch, start(customer, "a", at), start(customer, "b", at))
    pulse = Pulse()
    pulse.tick(now())
    assert figures(customer).channels == 2
    tell(switch, {"event": "ended", "customer_id": customer.pk, "callid": "a", "at": now().isoformat()})
    pulse.tick(now())
    assert figures(customer).channels == 1


def test_calls_that_their_switch_no_longer_names_expire_by_its_keepalive(customer, switch):
    tell(switch, start(customer, "a", now()))
    pulse = Pulse()
    pulse.tick(now() + timedelta(seconds=switch.keepalive_s - 1))
    assert figures(customer).channels == 1
    pulse.tick(now() + timedelta(seconds=switch.keepalive_s + 1))
    assert figures(customer).channels == 0


def test_a_snapshot_keeps_the_calls_it_names_alive_and_raises_unknown_ones(customer, switch):
    at = now() - timedelta(minutes=3)
    call = {"customer_id": customer.pk, "callid": "a", "state": "connected", "started_at": at.isoformat()}
    tell(switch, {"event": "snapshot", "at": now().isoformat(), "calls": [call]})
    Pulse().tick(now())
    assert figures(customer).channels == 1
    assert Dialog.objects.get().started_at == at


def test_what_ended_stays_ended_when_an_event_comes_late(customer, switch):
    at = now()
    ended = {"event": "ended", "customer_id": customer.pk, "callid": "a", "at": at.isoformat()}
    tell(switch, ended, start(customer, "a", at - timedelta(seconds=4)))
    Pulse().tick(now())
    assert figures(customer).channels == 0


def test_calls_per_second_are_the_last_settled_second_and_the_mean_of_ten(customer, switch):
    """20 starts in one second: 20 in that second, 2.0 over ten, 0 once ten seconds have passed."""
    second = (now() - timedelta(seconds=30)).replace(microsecond=0)
    tell(switch, *[start(customer, f"c{n}", second + timedelta(milliseconds=40 * n)) for n in range(20)])
    pulse = Pulse()
    seen = []
    for later in (2, 3, 11, 12):
        pulse.tick(second + timedelta(seconds=later))
        row = figures(customer)
        seen.append((row.cps_last, row.cps))
    assert seen == [(20, 2), (0, 2), (0, 2), (0, 0)]
    assert figures(customer).cps_peak_24h == 20


def test_the_peak_falls_when_its_minute_leaves_the_window(customer, switch):
    """5 in one minute, 2 in the next: for whoever looks a day later the second is the busiest, then none."""
    minute = now().replace(second=0, microsecond=0) - timedelta(minutes=5)
    pulse, seen = Pulse(), []
    for calls, later in ((5, timedelta()), (2, timedelta(minutes=1))):
        second = minute + later
        tell(switch, *[start(customer, f"{second} {n}", second) for n in range(calls)])
        pulse.tick(second + timedelta(seconds=2))
        seen.append(figures(customer).cps_peak_24h)
    for later in (timedelta(days=1), timedelta(days=1, minutes=1), timedelta(days=1, minutes=2)):
        pulse.tick(minute + later)
        seen.append(figures(customer).cps_peak_24h)
    assert seen == [5, 5, 5, 2, 0]


def test_a_day_of_calls_leaves_the_window_minute_by_minute(customer, switch):
    """Summed from the minutes of its first hour and whole hours after that, at every edge of an hour."""
    hour = (now() - timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    minutes = [hour - timedelta(minutes=1), hour, hour + timedelta(minutes=59), hour + timedelta(hours=1)]
    take(switch, *[record(customer, callid=f"{at}", started_at=at, duration_ms=1_000) for at in minutes])
    pulse = Pulse()
    pulse.tick(now())
    assert figures(customer).attempts_24h == 4
    seen = []
    for at in minutes:
        for later in (timedelta(), timedelta(minutes=1)):
            pulse.tick(at + timedelta(days=1) + later)
            row = figures(customer)
            assert row.duration_ms_24h == 1_000 * row.attempts_24h
            seen.append(row.attempts_24h)
    assert seen == [4, 3, 3, 2, 2, 1, 1, 0]


def test_a_start_known_from_a_live_call_and_its_record_counts_once(customer, switch):
    second = (now() - timedelta(seconds=30)).replace(microsecond=0)
    tell(switch, start(customer, "both", second))
    take(switch, record(customer, callid="both", started_at=second))
    take(switch, record(customer, callid="failed at once", started_at=second, sip_code=503))
    pulse = Pulse()
    pulse.tick(second + timedelta(seconds=2))
    assert figures(customer).cps_last == 2


def test_what_ended_stays_ended_also_where_the_clock_of_the_switch_is_minutes_behind(customer, switch):
    behind = now() - timedelta(minutes=10)
    ended = {"event": "ended", "customer_id": customer.pk, "callid": "a", "at": behind.isoformat()}
    tell(switch, start(customer, "a", behind), ended)
    dialogs.forget_old(now())
    tell(switch, {**ended, "event": "answered"})
    Pulse().tick(now())
    assert figures(customer).channels == 0


def test_thousands_of_events_of_one_call_are_no_more_work_than_of_many(customer, switch):
    tell(switch, *[start(customer, "same", now()) for _n in range(2_000)])
    assert Dialog.objects.count() == 1


def test_delays_without_sense_stop_nobodys_figures(customer, switch):
    """A switch that sends the longest delay for each call: sums beyond what ratios are made of."""
    other = make_customer()
    take(switch, record(customer, pdd_ms=12 * 3_600_000))
    pulse = Pulse()
    pulse.tick(now())
    MinuteBucket.objects.update(pdd_sum_ms=2 * 10**14, pdd_count=4_700_000, duration_ms=3 * 10**14)
    take(switch, record(customer), record(other))
    pulse.tick(now())
    assert Listing.objects.get(pk=other.pk).attempts_24h == 1
    assert Listing.objects.get(pk=customer.pk).attempts_24h == 2
    assert not [one for one in selfcheck.differences() if one.what == "listing window"]


def test_the_sparkline_has_24_hours_oldest_first(customer, switch):
    at = now().replace(minute=30)
    take(
        switch,
        record(customer, started_at=min(at, now())),
        record(customer, started_at=min(at, now())),
        record(customer, started_at=at - timedelta(hours=23)),
        record(customer, started_at=at - timedelta(hours=26)),
    )
    Pulse().tick(max(at, now()))
    line = Sparkline.objects.get(pk=customer.pk)
    assert line.points == [1, *[0] * 22, 2]


def test_the_live_curve_is_sampled_by_group_and_an_idle_minute_is_a_zero(switch):
    reseller = make_reseller()
    theirs, ours = make_customer(reseller=reseller), make_customer()
    pulse = Pulse()
    pulse.tick(now())
    idle = LiveSample.objects.get()
    assert (idle.reseller_id, idle.channels) == (None, 0)
    tell(switch, start(theirs, "a", now()), start(theirs, "b", now()), start(ours, "c", now()))
    pulse.tick(now())
    pulse.last = None
    pulse.tick(now())
    samples = dict(LiveSample.objects.values_list("reseller_id", "channels"))
    assert samples == {None: 1, reseller.pk: 2}


def test_a_tick_says_that_it_happened_and_when_a_switch_was_heard(customer, switch):
    tell(switch, start(customer, "a", now()))
    at = now()
    Pulse().tick(at)
    state = FeedState.objects.get()
    assert state.ticked_at == at
    assert state.heard_at <= at


def test_a_tick_without_news_writes_no_listing_row(customer, switch):
    take(switch, record(customer))
    pulse = Pulse()
    pulse.tick(now())
    before = figures(customer).revision
    pulse.tick(now())
    assert figures(customer).revision == before


def test_a_new_pulse_takes_over_where_the_last_one_stopped(customer, switch):
    tell(switch, start(customer, "a", now()))
    take(switch, record(customer))
    Pulse().tick(now())
    tell(switch, {"event": "ended", "customer_id": customer.pk, "callid": "a", "at": now().isoformat()})
    Pulse().tick(now())
    row = figures(customer)
    assert (row.channels, row.attempts_24h) == (0, 1)


def test_figures_are_proved_right_and_a_wrong_one_is_named_and_repaired(customer, switch, capsys):
    take(switch, record(customer, customer_charge="0.5"), record(customer, sip_code=486))
    Pulse().tick(now())
    call_command("check_figures")
    assert "All figures are right." in capsys.readouterr().out
    MinuteBucket.objects.filter(customer_id=customer.pk).update(attempts=99)
    Listing.objects.filter(pk=customer.pk).update(
        attempts_24h=7, balance=5, routing_warnings=[], name="spoilt", connected_24h=3
    )
    with pytest.raises(CommandError, match="figures are wrong"):
        call_command("check_figures")
    said = capsys.readouterr().out
    for part in ("minute", "listing window", "listing.balance", "listing.routing_warnings", "listing.name"):
        assert part in said
    call_command("check_figures", repair=True)
    Pulse().tick(datetime.now(UTC))
    call_command("check_figures")
    row = figures(customer)
    assert (row.attempts_24h, row.connected_24h, row.balance) == (2, 1, Decimal("-0.5"))
