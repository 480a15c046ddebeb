"""Hours in which a customer may call: how they are read, and what the clock on the wall says."""

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError

from customers import hours
from customers.models import CallWindow
from tests import factories

EVERY_DAY = {day: [(0, 8 * 60)] for day in range(7)}


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("", []),
        ("9-13", [(540, 780)]),
        ("14:00–18:30, 09:00-13:00", [(540, 780), (840, 1110)]),
        ("0900 to 24:00", [(540, 1440)]),
        ("00:00-24:00;", [(0, 1440)]),
        ("9-13,13-14", [(540, 780), (780, 840)]),
    ],
)
def test_hours_are_read_as_people_write_them(text, windows):
    assert hours.read(text) == windows
    assert hours.read(hours.said(windows)) == windows


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("morning", "“morning” is no time"),
        ("9-25", "leaves the day"),
        ("9:70-10", "leaves the day"),
        ("9:10-10", "use quarter hours"),
        ("22-6", "ends before it begins"),
        ("9-9", "ends before it begins"),
        ("9-12, 11-13", "overlap at 11:00"),
        ("1-2,3-4,5-6,7-8,9-10", "at most 4 times; these are 5"),
        ("9-10\x00", "is no time"),
        ("٩-١٠", "no time"),
    ],
)
def test_what_is_no_time_is_named_with_the_way_to_write_it(text, words):
    with pytest.raises(ValidationError) as caught:
        hours.read(text)
    assert words in " ".join(caught.value.messages)


@pytest.mark.accept("F-56", part="the rule; that calls are refused waits for the call decision")
def test_the_end_of_a_window_is_outside_it():
    before, at = datetime(2026, 3, 2, 7, 59, tzinfo=UTC), datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    assert hours.is_open(EVERY_DAY, "UTC", before)
    assert not hours.is_open(EVERY_DAY, "UTC", at)


@pytest.mark.accept("F-57")
@pytest.mark.django_db
def test_the_zone_decides():
    at = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
    for zone, may in (("UTC", True), ("Europe/Berlin", False), ("America/New_York", True)):
        customer = factories.make_customer(time_zone=zone)
        CallWindow.objects.bulk_create(
            CallWindow(customer=customer, weekday=day, opens=0, closes=480) for day in range(7)
        )
        assert customer.may_call_at(at) is may, zone


@pytest.mark.accept("F-59")
@pytest.mark.django_db
def test_without_hours_all_is_open_and_beside_others_a_day_without_is_closed():
    customer = factories.make_customer()
    monday, tuesday = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert customer.may_call_at(monday)
    assert customer.may_call_at(tuesday)
    CallWindow.objects.create(customer=customer, weekday=0, opens=540, closes=1020)
    assert customer.may_call_at(monday)
    assert not customer.may_call_at(tuesday)


def test_when_clocks_go_forward_the_hour_that_is_not_there_is_nobodys():
    week = {6: [(120, 180)]}  # Sundays 02:00–03:00 in Berlin; on 29 March that hour does not exist
    open_at = [
        minute
        for minute in range(0, 240, 15)
        if hours.is_open(week, "Europe/Berlin", datetime(2026, 3, 29, minute // 60, minute % 60, tzinfo=UTC))
    ]
    assert open_at == []


def test_when_clocks_go_back_the_hour_that_comes_twice_counts_twice():
    week = {6: [(120, 180)]}  # on 25 October 02:00–03:00 is 00:00–02:00 UTC
    open_at = [
        minute
        for minute in range(0, 240, 15)
        if hours.is_open(week, "Europe/Berlin", datetime(2026, 10, 25, minute // 60, minute % 60, tzinfo=UTC))
    ]
    assert open_at == list(range(0, 120, 15))


def test_the_next_change_is_told_in_the_customers_zone():
    at = datetime(2026, 3, 2, 7, 7, tzinfo=UTC)
    turn = hours.next_change({0: [(540, 1020)]}, "Europe/Berlin", at)
    assert turn is not None
    assert turn.isoformat() == "2026-03-02T09:00:00+01:00"
    assert hours.next_change({}, "UTC", at) is None
    assert hours.next_change({day: [(0, 1440)] for day in range(7)}, "UTC", at) is None
