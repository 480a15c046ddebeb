"""The probes: each looks at one thing and says what it found. None raises, none changes anything.

Whoever asks for all of them (`findings`) gets the same order each time. They cost a handful of small queries
and reads; only where the heartbeat is overdue is a worker asked directly, which may take a second.
"""

import logging
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, ProgrammingError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from calls import partitions
from connexcs_admin.celery import app
from connexcs_admin.health import queue
from connexcs_admin.health.finding import Finding
from connexcs_admin.models import Heartbeat
from customers.models import FeedState

log = logging.getLogger(__name__)

PARTITIONS_AHEAD = 1  # days; fewer are left only when the task that makes them has not run for days
MEGABYTE = 1024 * 1024
ASK_WORKER_S = 1.0
NO_DATABASE = (DatabaseError, InterfaceError)
NO_QUEUE = (redis.RedisError, BrokerError, OSError)


def findings(now: datetime | None = None) -> list[Finding]:
    """What every probe finds at `now`."""
    now = now or timezone.now()
    found = []
    for name, probe in PROBES.items():
        try:
            found.append(probe(now))
        except ProgrammingError:
            found.append(_unknown(name, "its table is missing, since the schema is behind"))
        except NO_DATABASE as error:
            connection.close()  # a broken session would fail every later probe too
            log.warning("Probe %s: the database does not answer: %s", name, str(error).strip())
            found.append(_unknown(name, "the database does not answer"))
        except NO_QUEUE as error:
            log.warning("Probe %s: the queue does not answer: %s", name, error)
            found.append(_unknown(name, "Redis does not answer"))
    return found


def _unknown(name: str, reason: str) -> Finding:
    return Finding(name, False, f"Not known: {reason}.", f"Start with what fails: {reason}.")


def database(now: datetime) -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except NO_DATABASE as error:
        connection.close()
        log.warning("The database does not answer: %s", str(error).strip())
        return Finding(
            "database",
            False,
            "The database does not answer.",
            "Start PostgreSQL; check host, port, user and password in DATABASE_URL.",
        )
    return Finding("database", True, "The database answers.")


def migrations(now: datetime) -> Finding:
    """Whether the schema is at least as new as this code. One that is newer is fine."""
    missing = sorted(known_migrations() - set(MigrationRecorder(connection).applied_migrations()))
    if not missing:
        return Finding("migrations", True, "The database schema is up to date.")
    return Finding(
        "migrations",
        False,
        f"The database schema is behind this code by {_count(len(missing), 'migration')}.",
        f"Run `python manage.py migrate`. The first that is missing: {'.'.join(missing[0])}.",
    )


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """The migrations that this code brings. They cannot change while the process runs."""
    return frozenset(MigrationLoader(None).graph.nodes)


def redis_server(now: datetime) -> Finding:
    try:
        queue.server().ping()
    except NO_QUEUE as error:
        log.warning("Redis does not answer: %s", error)
        return Finding(
            "redis",
            False,
            "Redis does not answer.",
            "Start Valkey or Redis; check host, port and password in REDIS_URL.",
        )
    return Finding("redis", True, "Redis answers.")


def beat(now: datetime) -> Finding:
    """Beat lives as long as heartbeats are sent, whether or not a worker gets to them."""
    heartbeat = Heartbeat.last()
    signs = [heartbeat.sent_at if heartbeat else None, queue.newest_sent_at()]
    sent = max((sign for sign in signs if sign), default=None)
    remedy = "Start the process `celery -A connexcs_admin beat`, once per installation; see its log."
    return _recent("beat", "The scheduler (beat)", sent, now, heartbeat_limit(), remedy)


def worker(now: datetime) -> Finding:
    """A worker has done a heartbeat lately; if none has, one that answers is busy, not gone."""
    heartbeat = Heartbeat.last()
    if heartbeat and now - heartbeat.arrived_at <= heartbeat_limit():
        return Finding("worker", True, "A worker does its tasks.")
    queue.server().ping()  # the next line would wait for a Redis that is away
    if app.control.broadcast("ping", reply=True, timeout=ASK_WORKER_S, limit=1):
        return Finding("worker", True, "A worker answers; it has not come to the heartbeat yet.")
    return Finding(
        "worker",
        False,
        "No worker answers.",
        "Start the process `celery -A connexcs_admin worker`; see its log.",
    )


def pulse(now: datetime) -> Finding:
    ticked = FeedState.objects.filter(pk=1).values_list("ticked_at", flat=True).first()
    remedy = (
        "Start the process `python manage.py pulse`; see its log. Nothing is lost meanwhile: deltas wait."
    )
    return _recent("pulse", "The pulse", ticked, now, timedelta(seconds=settings.FEED_STALE_SECONDS), remedy)


def oldest_job(now: datetime) -> Finding:
    """How long the task that is next has been waiting."""
    sent = queue.oldest_sent_at()
    if sent is None:
        return Finding("queue", True, "No task is waiting.")
    waited = now - sent
    sentence = f"The oldest task has been waiting for {in_words(waited)}."
    if waited <= timedelta(seconds=settings.QUEUE_STALE_SECONDS):
        return Finding("queue", True, sentence)
    return Finding(
        "queue",
        False,
        sentence,
        "See whether the worker runs and what it is busy with; start more of them (--concurrency).",
    )


def partitions_ahead(now: datetime) -> Finding:
    """Days after today (UTC) that have a partition for call records, without a gap."""
    days, existing = 0, partitions.existing()
    while now.date() + timedelta(days=days + 1) in existing:
        days += 1
    sentence = f"Partitions for call records are made {_count(days, 'day')} ahead."
    if days >= PARTITIONS_AHEAD:
        return Finding("partitions", True, sentence)
    return Finding(
        "partitions",
        False,
        sentence,
        "They are made each hour by beat and a worker, and at each start of beat: see to these two.",
    )


def disk(now: datetime) -> Finding:
    """Free space where the data folder lies."""
    try:
        free = shutil.disk_usage(settings.CONNEX_HOME).free // MEGABYTE
    except OSError:
        return Finding(
            "disk",
            False,
            "The data folder cannot be read.",
            "Make the folder that CONNEX_HOME names and let this user write to it.",
        )
    sentence = f"The data folder has {free:,} MB free."
    if free >= settings.DISK_FREE_MIN_MB:
        return Finding("disk", True, sentence)
    return Finding(
        "disk",
        False,
        f"{sentence} At least {settings.DISK_FREE_MIN_MB:,} MB are wanted.",
        "Make room, put CONNEX_HOME on a bigger disk, or lower DISK_FREE_MIN_MB.",
    )


# In the order in which a person mends: what stands first makes much of the rest fail.
PROBES: dict[str, Callable[[datetime], Finding]] = {
    "database": database,
    "migrations": migrations,
    "redis": redis_server,
    "beat": beat,
    "worker": worker,
    "pulse": pulse,
    "queue": oldest_job,
    "partitions": partitions_ahead,
    "disk": disk,
}


def heartbeat_limit() -> timedelta:
    """A heartbeat is overdue when three in a row are missing."""
    return timedelta(seconds=4 * settings.HEARTBEAT_SECONDS)


def _recent(
    name: str, who: str, seen: datetime | None, now: datetime, limit: timedelta, remedy: str
) -> Finding:
    if seen is None:
        return Finding(name, False, f"{who} has never been heard of.", remedy)
    age = now - seen
    if age <= limit:
        return Finding(name, True, f"{who} is at work.")
    return Finding(name, False, f"{who} was last heard of {in_words(age)} ago.", remedy)


def in_words(span: timedelta) -> str:
    """To the second below two minutes, then to the minute, from two hours on to the hour."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 120:
        return _count(seconds, "second")
    return _count(seconds // 60, "minute") if seconds < 7200 else _count(seconds // 3600, "hour")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
