"""A customer's days, weeks and months on its page: true ratios, spans, profit, files."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Act, ActKind
from calls.models import CustomerDay
from calls.periods import By, Span, periods, span_of
from tests import factories
from tests.conftest import browser_of
from tests.pages import links, words
from users.models import User
from users.roles import Role

TODAY = date(2026, 11, 24)  # a Tuesday
MINUTE = 60_000


def add_day(customer, day, *, country="DE", cost_currency="EUR", **sums):
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    CustomerDay.objects.create(
        customer_id=customer.pk, day=at, carrier_id=0, country=country, sip_code=200,
        cost_currency=cost_currency, **sums,
    )  # fmt: skip


def shown(customer, by, first=None, last=None):
    span = span_of(by, first, last, TODAY)
    return periods(customer.pk, by, span, currency="EUR", today=TODAY)


def url_of(customer, query):
    return f"{reverse('panels:summary', args=[customer.pk])}?{query}"


@pytest.fixture
def customer(db):
    """Two cells yesterday, one last week, one last month; somebody else has calls too."""
    customer = factories.make_customer(name="Rheinfon", currency="EUR")
    add_day(customer, date(2026, 11, 23), calls=10, attempts=14, connected=9, duration_ms=9 * MINUTE,
            billed_ms=10 * MINUTE, charge=Decimal("1.5"), cost=Decimal("1.2"))  # fmt: skip
    add_day(customer, date(2026, 11, 23), country="FR", calls=90, attempts=90, connected=1,
            duration_ms=21 * MINUTE, billed_ms=21 * MINUTE, charge=Decimal("2.5"),
            cost=Decimal("1.8"))  # fmt: skip
    add_day(customer, date(2026, 11, 22), calls=7, attempts=7, connected=7, duration_ms=7 * MINUTE)
    add_day(customer, date(2026, 10, 31), calls=5, attempts=5, connected=0)
    add_day(factories.make_customer(), date(2026, 11, 23), calls=999)
    return customer


# --- Sums and ratios


def test_a_day_adds_its_cells_up_and_makes_ratios_of_the_sums(customer):
    rows, _total = shown(customer, By.DAY)

    day = rows[1]
    assert (day.begin, day.attempts, day.connected) == (date(2026, 11, 23), 100, 10)
    assert day.asr == 10  # not the mean of 90 % and 1.1 %; a fail-over is one attempt of the customer
    assert day.acd_ms == 3 * MINUTE
    assert (day.billed_ms, day.charge, day.profit, day.profit_percent) == (31 * MINUTE, 4, 1, 25)


def test_days_without_calls_are_there_newest_first_and_today_is_not_over(customer):
    rows, total = shown(customer, By.DAY)

    assert [row.begin for row in rows] == [TODAY - timedelta(days=back) for back in range(31)]
    assert [row.so_far for row in rows] == [True] + [False] * 30
    assert (rows[0].asr, rows[0].acd_ms) == (None, None)
    assert (total.attempts, total.connected) == (112, 17)


def test_weeks_begin_on_monday(customer):
    rows, total = shown(customer, By.WEEK)

    assert (rows[0].begin, rows[0].attempts, rows[0].so_far) == (date(2026, 11, 23), 100, True)
    assert (rows[1].begin, rows[1].attempts) == (date(2026, 11, 16), 7)
    assert (len(rows), total.attempts) == (26, 112)


def test_months_are_those_of_the_calendar(customer):
    rows, _total = shown(customer, By.MONTH)

    assert [(row.begin, row.end, row.attempts) for row in rows[:2]] == [
        (date(2026, 11, 1), date(2026, 12, 1), 107),
        (date(2026, 10, 1), date(2026, 11, 1), 5),
    ]
    assert (len(rows), rows[-1].begin) == (24, date(2024, 12, 1))


def test_costs_in_another_currency_make_no_profit(customer):
    add_day(customer, date(2026, 11, 23), cost_currency="USD", calls=1, charge=1, cost=Decimal("0.5"))

    rows, total = shown(customer, By.DAY)

    assert (rows[1].profit, total.profit) == (None, None)
    assert rows[2].profit == 0


@pytest.mark.parametrize(
    ("by", "first", "last", "span"),
    [
        (By.DAY, date(2026, 11, 1), date(2026, 11, 2), Span(date(2026, 11, 1), date(2026, 11, 2))),
        (By.WEEK, date(2026, 11, 4), date(2026, 11, 4), Span(date(2026, 11, 2), date(2026, 11, 8))),
        (By.MONTH, date(2026, 2, 10), date(2026, 2, 10), Span(date(2026, 2, 1), date(2026, 2, 28))),
        (By.DAY, date(2020, 1, 1), None, Span(TODAY - timedelta(days=399), TODAY)),
        (By.DAY, date(2026, 11, 9), date(2026, 11, 2), Span(date(2026, 10, 3), date(2026, 11, 2))),
        (By.DAY, None, date(2030, 1, 1), Span(date(2026, 10, 25), TODAY)),
    ],
)
def test_a_span_is_of_whole_periods_and_never_endless(by, first, last, span):
    assert span_of(by, first, last, TODAY) == span


# --- On the page


@pytest.mark.accept("C-19")
def test_the_tabs_show_asr_acd_charge_attempts_connected_and_duration(client_alice):
    customer = factories.make_customer(currency="EUR")
    yesterday = timezone.now().astimezone(UTC).date() - timedelta(days=1)
    add_day(customer, yesterday, calls=100, connected=10, duration_ms=30 * MINUTE, billed_ms=31 * MINUTE,
            charge=4, cost=3)  # fmt: skip

    live = client_alice.get(url_of(customer, "by=live"), headers={"HX-Request": "true"})
    assert words(live, "aria-label", "Rows") == "Live (24 h) Daily Weekly Monthly"
    heads = "Attempts Connected ASR % ACD Duration h:mm"
    assert f"Hour {heads} EUR" in words(live, "class", "g")
    for by, head in (("day", "Date"), ("week", "Week"), ("month", "Month")):
        panel = client_alice.get(url_of(customer, f"by={by}"), headers={"HX-Request": "true"})
        assert f"{head} {heads} Billed h:mm EUR" in words(panel, "class", "g")
        assert "100 10 10.0 3:00 0:30 0:31 4.00" in words(panel, "class", "g")


@pytest.mark.accept("C-20")
def test_weeks_billed_duration_and_profit_for_those_with_the_right(client_alice, rita, reseller_a):
    customer = factories.make_customer(currency="EUR", reseller=reseller_a)
    add_day(customer, date(2026, 11, 17), calls=100, connected=10, duration_ms=30 * MINUTE,
            billed_ms=31 * MINUTE, charge=4, cost=3)  # fmt: skip
    asked = "by=week&from=2026-11-16&until=2026-11-22"

    mine = words(client_alice.get(url_of(customer, asked)), "id", "summary")
    assert "2026-W47 2026-11-16 100 10 10.0 3:00 0:30 0:31 4.00 1.00 25.0" in mine
    rita.groups.add(*factories.make_staff(role=Role.ADMINISTRATOR).groups.all())
    hers = browser_of(User.objects.get(pk=rita.pk), factories.STAFF_HOST)
    resellers = words(hers.get(url_of(customer, asked)), "id", "summary")
    assert "0:31 4.00" in resellers
    assert "Profit" not in resellers
    support = browser_of(factories.make_staff(role=Role.SUPPORT), factories.STAFF_HOST)
    told = words(support.get(url_of(customer, asked)), "id", "summary")
    assert "0:31" in told
    assert "4.00" not in told


@pytest.mark.accept("C-21")
def test_times_are_utc_and_of_24_hours_whatever_the_viewer_lives_in(client_alice, alice):
    alice.time_zone = "Asia/Tokyo"
    alice.save()
    customer = factories.make_customer()

    live = words(client_alice.get(url_of(customer, "")), "id", "summary")
    assert "Hours in UTC" in live
    assert f"{timezone.now().astimezone(UTC) - timedelta(hours=3):%H}:00 " in live
    assert ".m." not in live
    daily = words(client_alice.get(url_of(customer, "by=day")), "id", "summary")
    assert f"{timezone.now().astimezone(UTC):%Y-%m-%d} " in daily


@pytest.mark.parametrize(
    "query",
    ["by=year", "by=day&from=x&until=2026-99-99", "by=day&from=0001-01-01", "by=month&until=9999-12-31"],
)
def test_what_makes_no_sense_shows_what_is_usual(client_alice, query):
    assert client_alice.get(url_of(factories.make_customer(), query)).status_code == 200


def test_it_costs_the_same_for_any_span(client_alice, customer):
    def queries(query):
        with CaptureQueriesContext(connection) as asked:
            client_alice.get(url_of(customer, query), headers={"HX-Request": "true"})
        return len(asked)

    assert queries("by=day&from=2026-11-23") == queries("by=day&from=2025-11-23") <= 8


# --- Files


def test_the_file_has_plain_figures_of_what_is_shown_and_is_noted(client_alice, customer):
    query = "by=day&from=2026-11-22&until=2026-11-23"
    page = client_alice.get(url_of(customer, query))
    (link,) = [link for link in links(page) if link.endswith("format=csv")]

    answer = client_alice.get(link)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert list(csv.reader(io.StringIO(answer.content.decode()))) == [
        ["begin_utc", "attempts", "connected", "asr_percent", "acd_s", "duration_min", "billed_min",
         "charge_EUR", "profit_EUR", "profit_percent"],
        ["2026-11-23", "100", "10", "10.00", "180.00", "30.00", "31.00", "4", "1", "25.00"],
        ["2026-11-22", "7", "7", "100.00", "60.00", "7.00", "0.00", "0", "0", ""],
    ]  # fmt: skip
    assert "2 rows" in Act.objects.get(kind=ActKind.EXPORTED).detail


def test_the_file_of_the_last_24_hours_begins_with_the_present_hour(client_alice, customer):
    rows = list(csv.reader(io.StringIO(client_alice.get(url_of(customer, "format=csv")).content.decode())))

    assert len(rows) in (25, 26)
    assert rows[1][0] == f"{timezone.now().astimezone(UTC):%Y-%m-%d %H}:00"


def test_who_may_see_no_money_finds_none_in_the_file(customer):
    support = browser_of(factories.make_staff(role=Role.SUPPORT), factories.STAFF_HOST)

    heads = support.get(url_of(customer, "by=day&format=csv")).content.decode().splitlines()[0]

    assert heads == "begin_utc,attempts,connected,asr_percent,acd_s,duration_min,billed_min"
