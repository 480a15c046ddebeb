"""/metrics: figures for Prometheus. What happens in a web process is counted there and summed over all of
them; what is true of the whole installation is read when somebody scrapes, by a handful of small queries.
"""

import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotFound
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric

from calls.signals import delivery_received
from connexcs_admin.health import doors, probes, queue
from connexcs_admin.models import Heartbeat
from customers.models import FeedState, Listing

log = logging.getLogger(__name__)

PATH = "/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # where the processes of one web server meet; set by gunicorn.py
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

HERE = CollectorRegistry()
REQUESTS = Histogram(
    "connex_request_seconds",
    "Requests by name of their door, with the time until the answer began.",
    ["route", "method", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=HERE,
)
CDRS = Counter(
    "connex_cdrs",
    "Call records that switches delivered over HTTP, by what became of them: stored, known, refused.",
    ["result"],
    registry=HERE,
)


@receiver(delivery_received, dispatch_uid="connex_metrics")
def count_delivery(sender: object, stored: int, known: int, refused: int, **_: object) -> None:
    if settings.METRICS:
        for result, number in (("stored", stored), ("known", known), ("refused", refused)):
            CDRS.labels(result).inc(number)


class MetricsMiddleware:
    """Times every request, and answers PATH to whoever has the token; 404 while METRICS is off.

    Stands before SiteMiddleware, since a scraper comes by address.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == PATH:
            return _door(request)
        if not settings.METRICS:
            return self.get_response(request)
        begun = time.monotonic()
        response = self.get_response(request)
        method = request.method if request.method in METHODS else "other"
        labels = (_route(request), method, str(response.status_code))
        REQUESTS.labels(*labels).observe(time.monotonic() - begun)
        return response


def _route(request: HttpRequest) -> str:
    """The name of a door, never an address: there are few names, and they say nothing of customers."""
    if request.path in doors.DOORS:
        return request.path
    match = request.resolver_match
    return match.view_name or match.route if match else "none"


def _door(request: HttpRequest) -> HttpResponse:
    if not settings.METRICS:
        return HttpResponseNotFound()
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    known = secrets.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    if scheme.lower() != "bearer" or not settings.METRICS_TOKEN or not known:
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(exposition(), content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def exposition() -> bytes:
    """All figures as text."""
    installation = CollectorRegistry()
    installation.register(Installation())
    return generate_latest(_of_all_processes()) + generate_latest(installation)


def _of_all_processes() -> CollectorRegistry:
    if not os.environ.get(FOLDER):
        return HERE
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return registry


class Installation:
    """What is the same whichever process is asked. While a server is away, what it knows is left out."""

    def collect(self) -> Iterator[Metric]:
        found = doors.recent_findings() or []
        ok = GaugeMetricFamily("connex_probe_ok", "1 when the probe of /readyz is ok.", labels=["probe"])
        for finding in found:
            ok.add_metric([finding.name], float(finding.ok))
        yield ok
        for part in (_of_the_database, _of_the_queue):
            try:
                yield from part(timezone.now())
            except (*probes.NO_DATABASE, *probes.NO_QUEUE) as error:
                log.warning("Some figures cannot be read: %s", str(error).strip())

    def describe(self) -> Iterator[Metric]:
        """Nothing: to ask would be to read."""
        return iter(())


def _of_the_database(now: datetime) -> list[Metric]:
    feed = FeedState.objects.filter(pk=1).first() or FeedState()
    heartbeat = Heartbeat.last()
    channels = Listing.objects.filter(deleted_at=None).aggregate(sum=Sum("channels"))["sum"] or 0
    sessions = GaugeMetricFamily(
        "connex_database_connections", "Sessions at this database, by state.", labels=["state"]
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(state, 'none'), count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() GROUP BY 1 ORDER BY 1"
        )
        for state, number in cursor.fetchall():
            sessions.add_metric([state], number)
    return [
        sessions,
        GaugeMetricFamily("connex_live_channels", "Calls that are up now.", value=channels),
        *_age("connex_pulse_tick_age_seconds", "Since the last tick of the pulse.", feed.ticked_at, now),
        *_age("connex_feed_age_seconds", "Since a switch spoke, as of the last tick.", feed.heard_at, now),
        *_age(
            "connex_heartbeat_age_seconds",
            "Since a worker did what beat sent.",
            heartbeat.arrived_at if heartbeat else None,
            now,
        ),
    ]


def _of_the_queue(now: datetime) -> list[Metric]:
    oldest = queue.oldest_sent_at()
    waited = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return [
        GaugeMetricFamily("connex_queue_tasks", "Tasks that no worker has taken yet.", value=queue.depth()),
        GaugeMetricFamily("connex_queue_oldest_seconds", "How long the oldest of them waits.", value=waited),
    ]


def _age(name: str, words: str, at: datetime | None, now: datetime) -> list[Metric]:
    """Nothing where it never happened: a figure would be invented."""
    return [] if at is None else [GaugeMetricFamily(name, words, value=max(0.0, (now - at).total_seconds()))]
