"""The curve of live channels: exact sums of samples, for the customers one may see."""

from datetime import UTC, datetime, timedelta

import pytest

from calls.curve import curve_of
from calls.models import LiveSample
from tests import factories

NOW = datetime(2026, 11, 24, 14, 12, 30, tzinfo=UTC)
MINUTE = NOW.replace(second=0)
WEEK = timedelta(days=7)


def sample(minute, channels, *, reseller=None, manager=None, cps=0):
    LiveSample.objects.create(
        minute=minute,
        reseller_id=reseller and reseller.pk,
        account_manager_id=manager and manager.pk,
        channels=channels,
        cps=cps,
    )


def test_samples_of_one_minute_are_summed_over_all_groups(alice, reseller_a, anna):
    sample(MINUTE, 100, cps="4.5")
    sample(MINUTE, 20, reseller=reseller_a, cps="1.5")
    sample(MINUTE, 3, manager=anna)
    sample(MINUTE - timedelta(minutes=1), 50)

    curve = curve_of(alice, NOW)

    assert (curve.highest.channels, curve.highest.minute) == (123, MINUTE)
    assert curve.cps_peak == 6.0


@pytest.mark.parametrize(("who", "channels"), [("alice", 123), ("rita", 20), ("rolf", None), ("anna", 3)])
def test_each_sees_the_curve_of_its_own_customers(request, reseller_a, anna, who, channels):
    user = request.getfixturevalue(who)
    sample(MINUTE, 100)
    sample(MINUTE, 20, reseller=reseller_a)
    sample(MINUTE, 3, manager=anna)

    highest = curve_of(user, NOW).highest

    assert (highest and highest.channels) == channels


def test_who_may_see_no_customer_sees_no_curve(bob):
    sample(MINUTE, 100)

    assert curve_of(bob, NOW).empty


def test_the_same_weekday_last_week_is_drawn_whole_and_nothing_in_between(alice):
    midnight = NOW.replace(hour=0, minute=0, second=0)
    sample(midnight - timedelta(days=1), 999)
    sample(midnight - WEEK, 10)
    sample(MINUTE - WEEK - timedelta(minutes=2), 40)
    sample(midnight - WEEK + timedelta(hours=23, minutes=59), 30)
    sample(midnight - WEEK + timedelta(days=1), 999)

    curve = curve_of(alice, NOW)

    assert curve.before.path.count("M") == 3  # three samples, hours apart
    assert curve.week_ago == 40
    assert curve.grid[-1].value == 40
    assert curve.today.path == ""


def test_five_minutes_are_drawn_as_their_mean_and_the_last_point_stands_at_now(alice):
    start = NOW.replace(minute=10, second=0)
    sample(start, 100)
    sample(start + timedelta(minutes=1), 300)
    sample(start + timedelta(minutes=2), 200)

    curve = curve_of(alice, NOW)

    x, y = curve.today.end
    assert x == pytest.approx(40 + 644 * (14 * 60 + 12) / 1440, abs=0.1)
    assert y == pytest.approx(214 - 204 * 200 / 320, abs=0.1)  # the axis ends at 320


def test_a_day_without_samples_is_empty(alice):
    curve = curve_of(alice, NOW)

    assert curve.empty
    assert curve.highest is None


def test_one_query_gives_both_days(alice, django_assert_num_queries):
    factories.make_customer()
    for minutes in range(30):
        sample(MINUTE - timedelta(minutes=minutes), 5)
        sample(MINUTE - WEEK - timedelta(minutes=minutes), 5)
    alice.has_perm("customers.view_customer")  # rights are read once per request

    with django_assert_num_queries(1):
        curve_of(alice, NOW)
