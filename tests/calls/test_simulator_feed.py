"""How the simulated switch talks to a server that is away, forgetful, slow or unwilling."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils.dateparse import parse_datetime

from calls.simulator.feed import Feed
from calls.simulator.link import Link, Rejected
from calls.simulator.outbox import Outbox
from calls.simulator.plan import load
from calls.simulator.traffic import Traffic
from tests.calls import fake_server
from tests.calls.fake_server import (
    ELSEWHERE,
    FAIL,
    REFUSE_TOKEN,
    SILENCE,
    TAKE,
    TAKE_BUT_FAIL,
    TAKE_BUT_HANG_UP,
    TOO_LARGE,
)
from tests.calls.traffic_plans import plan

CDRS = "/api/switch/cdrs"
NOW = 1_795_000_000.0


@pytest.fixture
def server():
    with fake_server.running() as running:
        yield running


@pytest.fixture
def simulate():
    """Simulated(...), with its connection closed in the end."""
    made: list[Simulated] = []

    def make(*arguments, **options) -> Simulated:
        made.append(Simulated(*arguments, **options))
        return made[-1]

    yield make
    for one in made:
        one.feed.link.close()


@pytest.fixture
def plan_path(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan(acd_s=20.0)))
    return path


class Simulated:
    """A feed whose clock we turn; `made` are all records its calls made."""

    def __init__(self, plan_path: Path, url: str, *, in_memory: int = 20_000, now: float = NOW) -> None:
        self.now = now
        self.said: list[str] = []
        content = load(plan_path)
        self.traffic = Traffic(content, cps=5, rng=random.Random(1), now=self.now)
        self.outbox = Outbox(plan_path.with_suffix(".unsent"), in_memory=in_memory)
        self.feed = Feed(self.traffic, Link(url, content.token), self.outbox, self.said.append)
        self.made: list[dict] = []
        add = self.outbox.add
        self.outbox.add = lambda records: (self.made.extend(records), add(records))[1]

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.25)):
            self.now += 0.25
            self.feed.tick(self.now)


def keys(records: list[dict]) -> Counter:
    return Counter((record["callid"], record["attempt"]) for record in records)


def test_every_record_arrives_once_while_the_server_is_well(server, plan_path, simulate):
    simulated = simulate(plan_path, server.url)
    simulated.run(30)
    arrived = keys(server.records())
    assert set(arrived.values()) == {1}
    assert arrived.keys() == keys(simulated.made).keys() - {
        (json.loads(line)["callid"], json.loads(line)["attempt"]) for line in simulated.outbox.waiting
    }
    assert {delivery.token for delivery in server.taken} == {"a-token"}


@pytest.mark.parametrize("trouble", [FAIL, TAKE_BUT_FAIL, TAKE_BUT_HANG_UP])
def test_no_record_is_lost_and_none_gets_another_name_when_the_server_fails(
    server, plan_path, simulate, trouble
):
    turns = iter(range(1_000_000))
    server.behave = lambda path, _objects: trouble if next(turns) % 3 else TAKE
    simulated = simulate(plan_path, server.url)
    simulated.run(60)
    server.behave = lambda _path, _objects: TAKE
    simulated.run(10)
    simulated.feed.next_records = 0
    simulated.feed._send(simulated.now)
    assert not len(simulated.outbox)
    assert keys(server.records()).keys() == keys(simulated.made).keys()


def test_records_outlive_a_server_that_is_away_and_a_stop_of_the_switch(server, plan_path, simulate):
    gone = simulate(plan_path, "http://127.0.0.1:9", in_memory=10)
    gone.run(40)
    assert len(gone.outbox) == len(gone.made) > 50
    assert len(gone.outbox.waiting) <= 10
    assert any("Waiting for" in line for line in gone.said)
    gone.outbox.close()

    back = simulate(plan_path, server.url, now=gone.now)
    assert len(back.outbox) == len(gone.made)
    back.run(3)
    assert keys(gone.made) <= keys(server.records())
    assert not plan_path.with_suffix(".unsent").exists()


def test_a_server_that_comes_back_hears_of_all_live_calls_within_seconds(server, plan_path, simulate):
    server.behave = lambda _path, _objects: FAIL
    simulated = simulate(plan_path, server.url)
    simulated.run(30)
    assert not server.taken
    server.behave = lambda _path, _objects: TAKE
    simulated.run(5.25)
    snapshots = server.events("snapshot")
    assert snapshots
    assert len(snapshots[-1]["calls"]) > 20
    assert any("answers again" in line for line in simulated.said)


def test_a_snapshot_of_all_live_calls_comes_every_three_seconds(server, plan_path, simulate):
    simulated = simulate(plan_path, server.url)
    simulated.run(30)
    times = [parse_datetime(snapshot["at"]) for snapshot in server.events("snapshot")]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(times) == 10
    assert max(gaps) <= timedelta(seconds=3.25)
    last = server.events("snapshot")[-1]
    simulated.feed.next_snapshot = 0
    simulated.feed._send(simulated.now)
    assert [call["callid"] for call in server.events("snapshot")[-1]["calls"]] == list(simulated.traffic.live)
    assert last["calls"]


def test_many_live_calls_are_named_in_several_snapshots(server, plan_path, simulate, monkeypatch):
    monkeypatch.setattr("calls.simulator.feed.MOST_CALLS", 10)
    simulated = simulate(plan_path, server.url)
    simulated.run(0.25)
    snapshots = server.events("snapshot")
    assert max(len(snapshot["calls"]) for snapshot in snapshots) == 10
    assert [c["callid"] for snapshot in snapshots for c in snapshot["calls"]] == list(simulated.traffic.live)


def test_a_batch_that_is_too_large_is_cut_until_it_fits(server, plan_path, simulate):
    gone = simulate(plan_path, "http://127.0.0.1:9")
    gone.run(40)
    gone.outbox.close()
    server.behave = lambda path, objects: TOO_LARGE if path == CDRS and len(objects) > 30 else TAKE
    back = simulate(plan_path, server.url, now=gone.now)
    back.run(5)
    arrived = keys(server.records())
    assert keys(gone.made) <= arrived
    assert set(arrived.values()) == {1}


def test_a_refused_token_ends_the_feed_with_a_clear_message(server, plan_path):
    server.behave = lambda _path, _objects: REFUSE_TOKEN
    with pytest.raises(CommandError, match=r"refuses the switch's token \(401\).*manage.py demo"):
        call_command("simulate_traffic", url=server.url, plan=plan_path, cps=50.0, seconds=20)


def test_an_address_that_is_not_connex_is_told_from_one_that_is_away(server):
    with closing(Link(server.url, "a-token")) as link:
        assert link.post(CDRS, b"{}") == {"refused": []}
    server.behave = lambda _path, _objects: ELSEWHERE
    with (
        closing(Link(server.url, "a-token")) as link,
        pytest.raises(Rejected, match="Is --url the address of Connex"),
    ):
        link.post(CDRS, b"{}")
    with pytest.raises(ValueError, match="--url 'localhost:8000' is no address"):
        Link("localhost:8000", "a-token")


@pytest.mark.parametrize("cps", [0.0, -1.0, 5000.0])
def test_a_rate_out_of_range_is_refused_with_the_range(plan_path, cps):
    with pytest.raises(CommandError, match=r"--cps .* is out of range. Use 0.1 to 1000"):
        call_command("simulate_traffic", url="http://127.0.0.1:9", plan=plan_path, cps=cps)


@pytest.mark.parametrize("mood", [TAKE, SILENCE])
def test_sigterm_ends_the_process_within_two_seconds_whatever_the_server_does(
    server, plan_path, simulate, mood
):
    process = subprocess.Popen(
        [
            *(sys.executable, "manage.py", "simulate_traffic"),
            *("--url", server.url, "--plan", str(plan_path), "--cps", "40", "--seed", "1"),
        ],
        cwd=settings.BASE_DIR,
        env=os.environ.copy(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 30
        while not server.events("snapshot") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert server.events("snapshot")
        server.behave = lambda _path, _objects: mood
        time.sleep(2.5)
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
        took = time.monotonic() - asked
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, output
    assert took < 2
    if mood == SILENCE:
        assert plan_path.with_suffix(".unsent").read_text().startswith("{")


def test_the_feed_rejects_nothing_silently(server, plan_path, simulate):
    server.behave = lambda _path, _objects: REFUSE_TOKEN
    with pytest.raises(Rejected):
        simulate(plan_path, server.url).run(1)
