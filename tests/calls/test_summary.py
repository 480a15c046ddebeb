"""The last 24 hours by hour, on a customer's page."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone

from calls.models import MinuteBucket
from calls.summary import calls_since, last_24_hours
from tests import factories
from tests.conftest import browser_of
from tests.pages import words
from users.roles import Role

NOW = datetime(2026, 11, 24, 14, 12, 30, tzinfo=UTC)


def bucket(customer, minute, **sums):
    return MinuteBucket.objects.create(
        customer_id=customer.pk, minute=minute.replace(second=0, microsecond=0), **sums
    )


def summary_of(customer):
    return reverse("panels:summary", args=[customer.pk])


def test_hours_are_summed_and_ratios_come_from_the_sums(db):
    customer = factories.make_customer()
    bucket(customer, datetime(2026, 11, 24, 13, 5, tzinfo=UTC), attempts=10, connected=9, duration_ms=90_000)
    bucket(
        customer, datetime(2026, 11, 24, 13, 59, tzinfo=UTC), attempts=90, connected=1, duration_ms=210_000
    )
    bucket(factories.make_customer(), datetime(2026, 11, 24, 13, 5, tzinfo=UTC), attempts=999)

    hours, total = last_24_hours(customer.pk, NOW)

    one = hours[1]
    assert (one.starts.hour, one.attempts, one.connected, one.duration_ms) == (13, 100, 10, 300_000)
    assert one.asr == 10  # not the mean of 90 % and 1.1 %
    assert one.acd_ms == 30_000  # 300 s ÷ 10 answered calls
    assert (total.attempts, total.connected) == (100, 10)


def test_the_window_is_that_of_the_head_1440_whole_minutes_and_the_current_one(db):
    customer = factories.make_customer()
    bucket(customer, NOW, attempts=1)
    bucket(customer, NOW - timedelta(minutes=1440), attempts=10)
    bucket(customer, NOW - timedelta(minutes=1441), attempts=100)

    hours, total = last_24_hours(customer.pk, NOW)

    assert total.attempts == 11
    assert hours[0].so_far
    assert not hours[0].is_cut
    assert (hours[-1].starts, hours[-1].counted_from.minute) == (datetime(2026, 11, 23, 14, tzinfo=UTC), 12)
    assert len(hours) == 25


def test_hours_without_calls_are_there_with_zeros_and_no_ratio(db):
    hours, total = last_24_hours(factories.make_customer().pk, NOW)

    assert {hour.attempts for hour in hours} == {0}
    assert hours[3].asr is None
    assert hours[3].acd_ms is None
    assert total.asr is None


def test_the_panel_shows_the_hours_newest_first_and_their_total(client_alice):
    customer = factories.make_customer(currency="EUR")
    bucket(customer, timezone.now(), attempts=40, connected=10, duration_ms=600_000, charge=Decimal("12.345"))

    panel = client_alice.get(summary_of(customer), headers={"HX-Request": "true"})

    assert "so far 40 10 25.0 1:00 0:10 12.35" in words(panel, "class", "g")
    footer = words(panel, "class", "status")
    assert footer == "24 hours Attempts 40 Connected 10 ASR 25.0 % ACD 1:00 Charge 12.35 EUR"
    assert "<html" not in panel.content.decode()


def test_without_a_script_the_same_panel_is_a_page(client_alice):
    customer = factories.make_customer(name="Rheinfon GmbH")

    page = client_alice.get(summary_of(customer))

    assert "Rheinfon GmbH" in words(page, "id", "customer-head")
    assert "Hours in UTC" in words(page, "id", "summary")


def test_who_may_see_no_money_sees_no_charge(db):
    customer = factories.make_customer()
    bucket(customer, timezone.now(), attempts=40, charge=Decimal("12.345"))
    support = browser_of(factories.make_staff(role=Role.SUPPORT), factories.STAFF_HOST)

    panel = words(support.get(summary_of(customer)), "id", "summary")

    assert "40" in panel
    assert "12.35" not in panel
    assert "EUR" not in panel


def test_who_may_read_no_calls_gets_no_panel_and_is_not_offered_it(db):
    customer = factories.make_customer()
    staff = factories.make_staff(role=Role.SUPPORT)
    group = staff.groups.get()
    group.permissions.remove(*group.permissions.filter(codename="view_cdr"))
    browser = browser_of(staff, factories.STAFF_HOST)

    assert browser.get(summary_of(customer)).status_code == 403
    assert summary_of(customer) not in browser.get(f"/customers/{customer.pk}/").content.decode()


def test_strangers_wrong_roles_other_resellers_and_wrong_methods_get_nothing(
    client, client_bob, client_rita, client_alice, reseller_b
):
    foreign = factories.make_customer(reseller=reseller_b)

    assert client.get(summary_of(foreign)).status_code == 302
    assert client_bob.get(summary_of(foreign)).status_code == 403
    assert client_rita.get(summary_of(foreign)).status_code == 404
    assert client_alice.post(summary_of(foreign)).status_code == 405


def test_calls_since_midnight_count_visible_customers_only(rita, alice, reseller_a, reseller_b):
    midnight = NOW.replace(hour=0, minute=0, second=0)
    own, foreign = factories.make_customer(reseller=reseller_a), factories.make_customer(reseller=reseller_b)
    bucket(own, midnight, attempts=4, connected=1)
    bucket(own, midnight - timedelta(minutes=1), attempts=100)
    bucket(foreign, midnight, attempts=16, connected=3)

    assert calls_since(rita, midnight).attempts == 4
    assert calls_since(alice, midnight).attempts == 20
    assert calls_since(alice, midnight).asr == 20
