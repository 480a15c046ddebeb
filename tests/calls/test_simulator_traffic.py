"""What the simulated switch makes up: rates, limits, endings, and words the door understands."""

import json
import random
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from statistics import mean

import pytest
from django.utils.dateparse import parse_datetime

from calls import records
from calls.simulator.plan import PlanError, load
from calls.simulator.traffic import Happened, Traffic
from tests.calls.conversation import send
from tests.calls.traffic_plans import customer, plan
from tests.factories import make_customer, make_switch

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC).timestamp()


def make_traffic(tmp_path, *, cps=5.0, seed=1, now=NOON, **fields) -> Traffic:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan(**fields)))
    return Traffic(load(path), cps=cps, rng=random.Random(seed), now=now)


def advance(traffic: Traffic, seconds: float) -> Happened:
    return traffic.advance(traffic.clock + seconds)


def test_the_same_seed_makes_the_same_calls(tmp_path):
    first = advance(make_traffic(tmp_path), 120)
    second = advance(make_traffic(tmp_path), 120)
    other = advance(make_traffic(tmp_path, seed=2), 120)
    assert first == second
    assert first.records != other.records


def test_calls_come_as_often_as_asked_for_over_a_day(tmp_path):
    traffic = make_traffic(tmp_path, cps=0.4, acd_s=5.0)
    starts = sum(1 for event in advance(traffic, 86_400).events if event["event"] == "start")
    assert starts == pytest.approx(0.4 * 86_400, rel=0.06)


def test_the_night_is_quieter_than_the_day(tmp_path):
    def calls_from(hour: int) -> int:
        traffic = make_traffic(tmp_path, cps=2, now=NOON - 43_200 + hour * 3600)
        return sum(1 for event in advance(traffic, 1800).events if event["event"] == "start")

    assert calls_from(3) * 2 < calls_from(11)


def test_a_burst_makes_one_customer_call_several_times_in_a_second(tmp_path):
    starts = [event for event in advance(make_traffic(tmp_path), 900).events if event["event"] == "start"]
    by_second = Counter((event["customer_id"], event["started_at"][:19]) for event in starts)
    assert max(by_second.values()) >= 5


def test_calls_are_up_from_the_first_moment_and_some_for_minutes(tmp_path):
    calls = list(make_traffic(tmp_path).snapshot())
    started = [parse_datetime(call["started_at"]).timestamp() for call in calls]
    assert len(calls) > 150  # 5 a second, half answered, two minutes each: about 300
    assert min(started) < NOON - 240
    assert {call["state"] for call in calls} == {"setup", "ringing", "connected"}
    assert all(("answered_at" in call) == (call["state"] == "connected") for call in calls)


def test_endings_are_mixed_and_the_asr_is_the_customers(tmp_path):
    happened = advance(make_traffic(tmp_path, asr=40.0), 3000)
    last = [record for record in happened.records if record["is_last"]]
    codes = Counter(record["sip_code"] for record in last)
    assert codes[200] / len(last) == pytest.approx(0.40, abs=0.03)
    assert {404, 480, 486, 487, 503} < codes.keys()


def test_talk_lasts_as_long_as_the_customer_talks_on_average(tmp_path):
    happened = advance(make_traffic(tmp_path, acd_s=60.0), 6000)
    talked = [record["duration_ms"] for record in happened.records if record["connected"]]
    assert mean(talked) / 1000 == pytest.approx(60, rel=0.08)


def test_the_failing_carrier_rings_late_and_loses_calls_to_others(tmp_path):
    happened = advance(make_traffic(tmp_path), 3000)
    lost = [record for record in happened.records if not record["is_last"]]
    assert Counter(record["carrier_id"] for record in lost).most_common(1)[0][0] == 9
    lost_calls = {record["callid"] for record in lost}
    noon = "2026-11-18T12:00:00"
    second = [r for r in happened.records if r["attempt"] == 2 and r["started_at"] > noon]
    assert lost_calls >= {record["callid"] for record in second}
    assert all(record["is_last"] and record["carrier_id"] != 9 for record in second)
    first_carrier = {record["callid"]: record["carrier_id"] for record in lost}
    assert all(record["carrier_id"] != first_carrier[record["callid"]] for record in second)
    slow = [r["pdd_ms"] for r in happened.records if r["carrier_id"] == 9 and r.get("pdd_ms")]
    quick = [
        r["pdd_ms"]
        for r in happened.records
        if r["carrier_id"] == 7 and r["attempt"] == 1 and r.get("pdd_ms")
    ]
    assert mean(slow) > 10_000
    assert min(quick) >= 800
    assert mean(quick) < 2500


def test_a_charge_is_the_rate_per_second_rounded_to_four_decimals(tmp_path):
    happened = advance(make_traffic(tmp_path), 600)
    connected = [record for record in happened.records if record["connected"]]
    assert connected
    for record in connected:
        rate = Decimal("0.0120") if record["destination"].startswith("4930") else Decimal("0.0090")
        seconds = -(-record["duration_ms"] // 1000)
        assert Decimal(record["customer_charge"]) == round(rate * seconds / 60 + Decimal("1e-12"), 4)
        assert record["customer_billed_ms"] == seconds * 1000
    assert all(r["customer_charge"] == "0.0000" for r in happened.records if not r["connected"])


def test_no_customer_has_more_channels_than_its_limit(tmp_path):
    traffic = make_traffic(tmp_path, channels_limit=4)
    refused = []
    for _ in range(300):
        refused += [r for r in advance(traffic, 1).records if r["release_reason"] == "channel limit"]
        up = Counter(call["customer_id"] for call in traffic.snapshot())
        assert max(up.values()) <= 4
    assert refused
    assert all(record["sip_code"] == 503 and not record["connected"] for record in refused)


def test_no_customer_starts_more_calls_in_a_second_than_its_limit(tmp_path):
    happened = advance(make_traffic(tmp_path, cps=20, cps_limit=2), 120)
    starts = Counter(
        (event["customer_id"], event["started_at"][:19])
        for event in happened.events
        if event["event"] == "start"
    )
    assert max(starts.values()) == 2


def test_every_call_that_started_ends_once_with_a_record(tmp_path):
    traffic = make_traffic(tmp_path, acd_s=20.0)
    happened = advance(traffic, 1200)
    started = {event["callid"] for event in happened.events if event["event"] == "start"}
    ended = Counter(event["callid"] for event in happened.events if event["event"] == "ended")
    up = {call["callid"] for call in traffic.snapshot()}
    assert started - up <= ended.keys()
    assert set(ended.values()) == {1}
    keys = Counter((record["callid"], record["attempt"]) for record in happened.records)
    assert set(keys.values()) == {1}


@pytest.mark.django_db
def test_the_door_takes_all_that_is_sent_and_refuses_nothing(tmp_path):
    _switch, token = make_switch()
    ids = [make_customer().pk for _ in range(3)]
    content = plan()
    reseller = {"id": 5, "currency": "USD", "rates": {"4930": "0.0100", "1212": "0.0080"}}
    content["customers"] = [
        customer(number, reseller=reseller) | {"id": pk} for number, pk in enumerate(ids, 1)
    ]
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(content))
    now = datetime.now(UTC).timestamp()
    traffic = Traffic(load(path), cps=5, rng=random.Random(1), now=now - 120)
    happened = traffic.advance(now)

    answer = send("cdrs", token, happened.records).json()
    assert answer == {**answer, "stored": len(happened.records), "known": 0, "refused": []}
    assert send("dialogs", token, happened.events).json() == {"accepted": len(happened.events), "refused": []}
    snapshot = {"event": "snapshot", "at": datetime.now(UTC).isoformat(), "calls": list(traffic.snapshot())}
    assert send("dialogs", token, [snapshot]).json()["refused"] == []
    read, refused = records.read(
        [records.Incoming(*one) for one in enumerate(happened.records)], datetime.now(UTC)
    )
    assert not refused
    assert all(row["meta"] is None for _index, row in read)  # every field is one the door knows by name


def test_the_simulator_stands_alone_without_django_or_any_room():
    code = (
        "import sys, calls.simulator.feed, calls.simulator.traffic\n"
        "rooms = {'django', 'customers', 'billing', 'routing', 'carriers', 'setup', 'users'}\n"
        "names = sorted(sys.modules)\n"
        "print(sorted(rooms & {name.partition('.')[0] for name in names}),"
        " [name for name in names if name.startswith('calls.') and 'simulator' not in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] []\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        ("{", "not understood"),
        ("[]", "not understood"),
        (json.dumps({**plan(), "customers": []}), "no customer may call"),
        (json.dumps({**plan(), "carriers": []}), "no carrier works"),
    ],
)
def test_a_plan_that_cannot_be_used_says_what_to_do(tmp_path, content, words):
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(PlanError, match=words) as error:
        load(path)
    assert "manage.py demo" in str(error.value)
