"""How figures are written. Every case was worked out by hand from design/tokens.md, "Numbers"."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from grids import formats

NOW = datetime(2026, 11, 24, 14, 12, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "digits", "shown"),
    [
        (Decimal("18420.55"), 2, "18,420.55"),
        (Decimal("-1480.12"), 2, "\u22121,480.12"),
        (Decimal("92114.08000000"), 2, "92,114.08"),
        (Decimal("0"), 2, "0.00"),
        (Decimal("-0.004"), 2, "0.00"),
        (Decimal("-0.005"), 2, "\u22120.01"),
        (Decimal("2.345"), 2, "2.35"),
        (Decimal("1234.5"), 0, "1,235"),
        (Decimal("1.23456"), 3, "1.235"),
        (Decimal("123456789012.12345678"), 8, "123,456,789,012.12345678"),
        (None, 2, "\u2014"),
    ],
)
def test_money_has_the_decimals_of_its_currency_and_a_real_minus(amount, digits, shown):
    assert formats.format_money(amount, digits) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0"), (884, "884"), (1_284, "1,284"), (-3, "\u22123"), (3_710_442, "3,710,442"), (None, "\u2014")],
)
def test_counts_in_grids_are_never_shortened(count, shown):
    assert formats.format_count(count) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (1_284, "1,284"),
        (9_999, "9,999"),
        (10_000, "10.0 k"),
        (48_249, "48.2 k"),
        (482_490, "482 k"),
        (999_499, "999 k"),
        (999_999, "1.00 M"),
        (3_710_442, "3.71 M"),
        (-48_249, "\u221248.2 k"),
        (2_500_000_000, "2.50 G"),
        (None, "\u2014"),
    ],
)
def test_counts_in_tiles_keep_three_figures(count, shown):
    assert formats.format_count_short(count) == shown


@pytest.mark.parametrize(
    ("percent", "shown"),
    [
        (Decimal("75"), "75.0"),
        (48.74, "48.7"),
        (Decimal("18.85"), "18.9"),
        (0, "0.0"),
        (100.0, "100.0"),
        (float("nan"), "\u2014"),
        (Decimal("Infinity"), "\u2014"),
        (None, "\u2014"),
    ],
)
def test_percent_has_one_decimal_and_no_figure_is_a_dash(percent, shown):
    assert formats.format_percent(percent) == shown


@pytest.mark.parametrize(
    ("duration_ms", "shown"),
    [
        (0, "0:00"),
        (499, "0:00"),
        (500, "0:01"),
        (41_000, "0:41"),
        (59_600, "1:00"),
        (168_000, "2:48"),
        (Decimal("168499.9"), "2:48"),
        (5_041_000, "84:01"),
        (None, "\u2014"),
    ],
)
def test_a_duration_is_minutes_and_seconds(duration_ms, shown):
    assert formats.format_duration_ms(duration_ms) == shown


@pytest.mark.parametrize(
    ("total_ms", "shown"),
    [(0, "0:00"), (29_999, "0:00"), (30_000, "0:01"), (6_643 * 60_000, "110:43"), (None, "\u2014")],
)
def test_a_total_is_hours_and_minutes(total_ms, shown):
    assert formats.format_total_ms(total_ms) == shown


@pytest.mark.parametrize(
    ("delay_ms", "shown"),
    [
        (1_600, "1.6"),
        (1_650, "1.7"),
        (0, "0.0"),
        (Decimal("4949"), "4.9"),
        (10_000, "10.0"),
        (None, "\u2014"),
    ],
)
def test_post_dial_delay_is_seconds_with_one_decimal(delay_ms, shown):
    assert formats.format_pdd_s(delay_ms) == shown


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (timedelta(seconds=-5), "now"),
        (timedelta(0), "now"),
        (timedelta(milliseconds=999), "now"),
        (timedelta(seconds=1), "1 s"),
        (timedelta(seconds=8, milliseconds=900), "8 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=12, seconds=59), "12 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(hours=24), "1 d"),
        (timedelta(days=29, hours=23), "29 d"),
        (timedelta(days=30), "1 mo"),
        (timedelta(days=60), "1 mo"),
        (timedelta(days=61), "2 mo"),
        (timedelta(days=244), "8 mo"),
        (timedelta(days=3653), "120 mo"),
    ],
)
def test_an_age_has_one_unit_rounded_down(age, shown):
    assert formats.format_age(NOW - age, NOW) == shown


def test_never_is_a_dash():
    assert formats.format_age(None, NOW) == "\u2014"
    assert formats.format_moment(None) == "\u2014"


def test_a_moment_names_its_zone():
    assert formats.format_moment(NOW) == "2026-11-24 14:12:08 UTC"
