"""What /metrics says, and to whom."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from calls.signals import delivery_received
from connexcs_admin import checks, health
from connexcs_admin.celery import app
from connexcs_admin.health import doors
from connexcs_admin.models import Heartbeat
from connexcs_admin.tasks import heartbeat
from customers.models import FeedState
from tests import factories
from tests.factories import STAFF_HOST

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "t" * 40


@pytest.fixture
def on(settings, db) -> None:
    settings.METRICS, settings.METRICS_TOKEN = True, TOKEN
    doors._last = None
    app.control.purge()


def scrape(authorization: str | None = f"Bearer {TOKEN}", host: str = "10.0.0.9:8000") -> HttpResponse:
    headers = {"host": host} | ({"authorization": authorization} if authorization else {})
    return Client(headers=headers).get("/metrics")


def figures() -> dict[tuple[str, ...], float]:
    """Value by name and the values of its labels, which stand in the order of their names."""
    families = text_string_to_metric_families(scrape().content.decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_there_is_no_such_page_unless_it_is_switched_on(settings, db):
    settings.METRICS_TOKEN = TOKEN
    assert scrape().status_code == 404
    assert scrape(host=STAFF_HOST).status_code == 404


@pytest.mark.parametrize("given", [None, "", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer ä"])
def test_whoever_has_no_token_is_told_so_and_nothing_else(on, given):
    answer = scrape(given)
    assert (answer.status_code, answer.content, answer["WWW-Authenticate"]) == (401, b"", "Bearer")


def test_an_empty_token_opens_nothing(on, settings):
    settings.METRICS_TOKEN = ""
    assert scrape("Bearer ").status_code == 401
    [found] = checks.metrics_have_a_token()
    assert (found.id, "0 characters" in found.msg) == ("connex.E007", True)


def test_a_scraper_comes_by_address_and_only_reads(on):
    assert scrape().status_code == 200
    assert Client(headers={"authorization": f"Bearer {TOKEN}"}).post("/metrics").status_code == 405


def test_requests_are_counted_by_the_name_of_their_door(on, client_alice):
    customer = factories.make_customer(id=700_000_123)
    address = reverse("customers:detail", args=[customer.pk])
    answer = client_alice.get(address)
    key = ("connex_request_seconds_count", "GET", "customers:detail", str(answer.status_code))
    before = figures()[key]
    client_alice.get(address)
    assert figures()[key] == before + 1
    assert str(customer.pk) not in scrape().content.decode()


def test_addresses_that_strangers_make_up_are_one_figure(on, client):
    client.get("/no/such/page-17")
    client.generic("BREW", "/coffee")
    text = scrape().content.decode()
    assert "page-17" not in text
    assert "BREW" not in text


def test_records_are_counted_by_what_became_of_them(on):
    before = figures()
    delivery_received.send(None, stored=5, known=2, refused=1)
    after = figures()
    grown = {
        result: after[("connex_cdrs_total", result)] - before.get(("connex_cdrs_total", result), 0)
        for result in ("stored", "known", "refused")
    }
    assert grown == {"stored": 5, "known": 2, "refused": 1}


def test_the_state_of_the_installation_is_read_at_each_scrape(on):
    now = timezone.now()
    FeedState.objects.update_or_create(
        pk=1, defaults={"ticked_at": now - timedelta(seconds=70), "heard_at": now - timedelta(seconds=400)}
    )
    Heartbeat.note(sent_at=now, arrived_at=now - timedelta(seconds=30))
    factories.set_figures(factories.make_customer(), channels=17)
    factories.set_figures(factories.make_customer(), channels=5)
    heartbeat.delay()
    read = figures()
    assert read[("connex_live_channels",)] == 22
    assert 70 <= read[("connex_pulse_tick_age_seconds",)] < 100
    assert 400 <= read[("connex_feed_age_seconds",)] < 430
    assert 30 <= read[("connex_heartbeat_age_seconds",)] < 60
    assert read[("connex_queue_tasks",)] == 1
    assert 0 <= read[("connex_queue_oldest_seconds",)] < 30
    assert read[("connex_database_connections", "active")] >= 1
    assert {key[1] for key in read if key[0] == "connex_probe_ok"} == set(health.PROBES)
    assert read[("connex_probe_ok", "database")] == 1
    assert read[("connex_probe_ok", "pulse")] == 0
    app.control.purge()


def test_what_never_happened_has_no_figure(on):
    FeedState.objects.all().delete()
    names = {key[0] for key in figures()}
    assert not {"connex_pulse_tick_age_seconds", "connex_feed_age_seconds"} & names


def test_a_scrape_costs_the_same_few_queries_however_many_customers_there_are(on, django_assert_num_queries):
    factories.make_customer()
    scrape()  # the probes have looked
    doors._last = (10.0**9, doors.recent_findings())
    with django_assert_num_queries(4):
        scrape()
    doors._last = None


def test_alert_rules_ask_for_figures_that_exist(on):
    now = timezone.now()
    Heartbeat.note(sent_at=now, arrived_at=now)
    FeedState.objects.update_or_create(pk=1, defaults={"ticked_at": now, "heard_at": now})
    delivery_received.send(None, stored=0, known=0, refused=0)
    Client(headers={"host": STAFF_HOST}).get("/accounts/login/")
    known = {key[0] for key in figures()}
    (group,) = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]:
        assert set(re.findall(r"\bconnex_\w+", rule["expr"])) <= known, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"].endswith(".")
        for probe in re.findall(r'probe[!=]~"([^"]+)"', rule["expr"]):
            assert set(probe.split("|")) <= set(health.PROBES)
    table = (ROOT / "docs" / "how-to" / "monitor.md").read_text()
    documented = set(re.findall(r"`(connex_\w+)`", table))
    shown = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in known}
    assert shown - documented <= {"connex_cdrs"}
