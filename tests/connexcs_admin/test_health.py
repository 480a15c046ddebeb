"""What /healthz and /readyz say, and to whom; each probe where all is well and where it is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from calls import partitions
from connexcs_admin import health
from connexcs_admin.celery import app
from connexcs_admin.health import doors, probes, queue
from connexcs_admin.models import Heartbeat
from connexcs_admin.tasks import heartbeat
from customers.models import FeedState
from launcher import ports
from launcher.processes import wait_for
from tests.factories import STAFF_HOST

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LONG = timedelta(hours=3)


@pytest.fixture(autouse=True)
def _nothing_waits() -> Iterator[None]:
    app.control.purge()
    doors._last = None
    yield
    app.control.purge()


@pytest.fixture
def all_is_well(db: None) -> None:
    now = timezone.now()
    Heartbeat.note(sent_at=now, arrived_at=now)
    FeedState.objects.update_or_create(pk=1, defaults={"ticked_at": now})
    partitions.ensure_ahead(now.date())


def asked(path: str, host: str = STAFF_HOST, **headers: str) -> tuple[int, str]:
    answer = Client(headers={"host": host, **headers}).get(path)
    return answer.status_code, answer.content.decode()


# --- The doors


@pytest.mark.parametrize("host", [STAFF_HOST, "10.0.0.7:8000", "somebody.else.example", "not a host"])
def test_a_probe_is_answered_on_whatever_host_it_asks(all_is_well, host):
    assert asked("/healthz", host) == (200, "ok\n")
    assert asked("/readyz", host)[0] == 200


@pytest.mark.parametrize("path", ["/healthz/", "/Healthz", "//healthz", "/readyz/", "/readyz/x", "/x/readyz"])
def test_nothing_else_opens_on_a_foreign_host(db, path):
    assert asked(path, "somebody.else.example")[0] == 404


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_is_not_sent_to_https(all_is_well, settings, path):
    settings.SECURE_SSL_REDIRECT = True
    assert asked(path)[0] == 200
    assert asked("/accounts/login/")[0] == 301


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_asked_and_never_posted_to(all_is_well, path):
    browser = Client(headers={"host": STAFF_HOST})
    assert browser.head(path).status_code == 200
    assert browser.post(path).status_code == 405
    assert browser.get(path)["Cache-Control"] == "no-store"


def test_healthz_touches_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert asked("/healthz") == (200, "ok\n")


def test_readyz_says_of_each_probe_what_it_found_and_nothing_more(all_is_well):
    status, text = asked("/readyz")
    told = json.loads(text)
    assert (status, told["ready"]) == (200, True)
    assert list(told["probes"]) == list(health.PROBES)
    assert all(set(probe) == {"ok", "sentence"} and probe["ok"] for probe in told["probes"].values())


def test_readyz_is_unready_as_soon_as_one_probe_fails(all_is_well):
    FeedState.objects.update(ticked_at=timezone.now() - LONG)
    status, text = asked("/readyz")
    told = json.loads(text)
    assert (status, told["ready"]) == (503, False)
    assert [name for name, probe in told["probes"].items() if not probe["ok"]] == ["pulse"]
    assert told["probes"]["pulse"]["sentence"] == "The pulse was last heard of 3 hours ago."


def test_readyz_looks_once_a_second_however_often_it_is_asked(all_is_well, django_assert_num_queries):
    asked("/readyz")
    with django_assert_num_queries(0):
        assert asked("/readyz")[0] == 200


def test_readyz_costs_few_queries(all_is_well, django_assert_max_num_queries):
    with django_assert_max_num_queries(7):
        assert asked("/readyz")[0] == 200


def test_readyz_answers_without_database_and_redis_and_gives_no_address_away():
    closed = f"somebody:s3cret@127.0.0.1:{ports.any_free()}"
    script = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "answer = Client().get('/readyz', headers={'host': 'x'})\n"
        "print(answer.status_code, answer.content.decode())\n"
    )
    servers = {"DATABASE_URL": f"postgres://{closed}/connex", "REDIS_URL": f"redis://{closed}/0"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, **servers},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    status, _space, text = done.stdout.partition(" ")
    found = json.loads(text)["probes"]
    assert status == "503"
    assert found.pop("disk")["ok"]
    assert not any(probe["ok"] for probe in found.values())
    assert found["database"]["sentence"] == "The database does not answer."
    assert found["redis"]["sentence"] == "Redis does not answer."
    assert not [word for word in ("somebody", "s3cret", "127.0.0.1", "psycopg") if word in text]


# --- The probes


def test_every_probe_that_fails_says_what_to_do(db):
    found = health.findings(timezone.now() + timedelta(days=400))
    failed = [finding for finding in found if not finding.ok]
    assert {"beat", "worker", "pulse", "partitions"} <= {finding.name for finding in failed}
    assert all(finding.remedy and finding.sentence.endswith(".") for finding in failed)
    assert all(finding.remedy == "" for finding in found if finding.ok)


def test_a_migration_that_was_not_run_is_named_to_the_operator_only(db):
    MigrationRecorder(connection).record_unapplied("calls", "0001_initial")
    found = probes.migrations(NOW)
    assert not found.ok
    assert found.sentence == "The database schema is behind this code by 1 migration."
    assert "calls.0001_initial" in found.remedy


def test_a_schema_newer_than_the_code_is_fine(db):
    MigrationRecorder(connection).record_applied("calls", "9999_from_the_next_version")
    assert probes.migrations(NOW).ok


def test_beat_is_overdue_when_three_heartbeats_are_missing(db, settings):
    settings.HEARTBEAT_SECONDS = 15
    Heartbeat.note(sent_at=NOW, arrived_at=NOW)
    assert probes.beat(NOW + timedelta(seconds=60)).ok
    found = probes.beat(NOW + timedelta(seconds=61))
    assert (found.ok, found.sentence) == (False, "The scheduler (beat) was last heard of 61 seconds ago.")


def test_beat_lives_while_its_heartbeats_wait_for_a_worker(db):
    Heartbeat.note(sent_at=NOW, arrived_at=NOW)
    heartbeat.delay()
    assert probes.beat(timezone.now()).ok
    assert not probes.worker(timezone.now()).ok


def test_a_beat_that_never_was(db):
    assert probes.beat(NOW).sentence == "The scheduler (beat) has never been heard of."


def test_the_oldest_task_may_wait_for_so_long(db, settings):
    settings.QUEUE_STALE_SECONDS = 300
    assert probes.oldest_job(timezone.now()).sentence == "No task is waiting."
    before = timezone.now()
    heartbeat.delay()
    time.sleep(0.01)
    middle = timezone.now()
    heartbeat.delay()
    assert queue.depth() == 2
    oldest, newest = queue.oldest_sent_at(), queue.newest_sent_at()
    assert before <= oldest <= middle <= newest
    assert probes.oldest_job(oldest + timedelta(seconds=300)).ok
    assert not probes.oldest_job(oldest + timedelta(seconds=301)).ok


def test_a_message_that_is_none_of_ours_is_passed_over(db):
    queue.server().lpush("celery", json.dumps({"body": "", "headers": {}}))
    assert queue.oldest_sent_at() is None
    assert probes.oldest_job(NOW).ok


def test_partitions_count_without_gap_from_tomorrow_on(db):
    day = (NOW + timedelta(days=3000)).date()
    there = datetime(day.year, day.month, day.day, tzinfo=UTC)
    partitions.ensure([day + timedelta(days=n) for n in (0, 1, 2, 4)])
    assert probes.partitions_ahead(there).sentence == "Partitions for call records are made 2 days ahead."
    assert not probes.partitions_ahead(there + timedelta(days=2)).ok


def test_a_full_disk_and_a_folder_that_is_gone(settings, tmp_path):
    settings.CONNEX_HOME = tmp_path
    assert probes.disk(NOW).ok
    settings.DISK_FREE_MIN_MB = 1_000_000_000
    assert "1,000,000,000 MB are wanted" in probes.disk(NOW).sentence
    settings.CONNEX_HOME = tmp_path / "gone"
    assert not probes.disk(NOW).ok


# --- With a real worker


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A Celery worker on this test's database and queue."""
    server, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    quiet = ["--without-gossip", "--without-mingle", "-l", "WARNING"]
    with subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "connexcs_admin", "worker", "--pool", "solo", *quiet],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        yield
        process.terminate()
        process.wait(30)


def test_a_heartbeat_tells_when_it_was_sent_and_when_a_worker_did_it(worker):
    before = timezone.now()
    heartbeat.delay()
    assert wait_for(lambda: Heartbeat.last() is not None, seconds=60, pause=0.1)
    done = Heartbeat.last()
    assert before < done.sent_at < done.arrived_at
    assert probes.beat(timezone.now()).ok
    assert probes.worker(timezone.now()).sentence == "A worker does its tasks."
    # It is not blamed for a beat that is gone, and found by asking.
    later = probes.worker(timezone.now() + LONG)
    assert (later.ok, later.sentence) == (True, "A worker answers; it has not come to the heartbeat yet.")
