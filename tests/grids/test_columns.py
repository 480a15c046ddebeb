"""Each kind of cell shows what its value means: nothing, zero, too little, too much, and hostile text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from grids.columns import (
    AgeColumn,
    Column,
    DurationColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    RatioColumn,
    Sight,
    SparkColumn,
    StatusColumn,
    UsageColumn,
    Warning,
)

NOW = datetime(2026, 11, 24, 14, 12, 8, tzinfo=UTC)
SIGHT = Sight(
    now=NOW,
    may=lambda permission: permission == "allowed",
    digits=lambda code: {"JPY": 0, "KWD": 3}.get(code, 2),
    limits={"low": 35, "lowest": 25},
)


def named(column: Column, name: str = "figure") -> Column:
    column.__set_name__(object, name)
    return column


def cell(column: Column, **row: Any) -> str:
    return named(column).td({"pk": 7, **row}, SIGHT)


def test_text_is_escaped_in_the_cell_and_in_its_raw_value():
    shown = cell(Column("Note"), figure='<b a="1">&')
    assert "&lt;b a=&quot;1&quot;&gt;&amp;</td>" in shown
    assert 'data-v="&lt;b a=&quot;1&quot;&gt;&amp;"' in shown


def test_nothing_is_a_dash_and_zero_is_a_grey_zero():
    assert '<span class="none">—</span>' in cell(NumberColumn("N"), figure=None)
    assert '<span class="zero">0</span>' in cell(NumberColumn("N"), figure=0)


@pytest.mark.parametrize(
    ("amount", "code", "shown", "raw"),
    [
        ("18420.55000000", "USD", "18,420.55", "18420.55"),
        ("-212.4", "USD", "−212.40", "-212.4"),
        ("1500", "JPY", "1,500", "1500"),
        ("0.1255", "KWD", "0.126", "0.1255"),
        ("0E-8", "EUR", "0.00", "0"),
    ],
)
def test_money_has_its_own_decimals_and_its_code(amount: str, code: str, shown: str, raw: str):
    html = cell(MoneyColumn("Credit", currency="code"), figure=Decimal(amount), code=code)
    assert f">{shown}</span>" in html
    assert f'<span class="cur">{code}</span>' in html
    assert f'data-v="{raw}" data-cur="{code}"' in html


def test_debt_is_red_and_a_healthy_amount_is_not():
    column = MoneyColumn("Credit", currency="code")
    assert 'class="bad"' in cell(column, figure=Decimal(-1), code="EUR")
    assert 'class="bad"' not in cell(column, figure=Decimal(1), code="EUR")


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(3, 4, ">75.0</"), (0, 5, ">0.0<"), (0, 0, "—"), (1, 3, "33.3"), (24, 100, ">24.0<")],
)
def test_a_ratio_comes_from_summed_parts_and_of_nothing_is_a_dash(part: int, whole: int, shown: str):
    html = cell(RatioColumn("ASR", part="part", whole="whole", scale=100), part=part, whole=whole)
    assert shown.strip("></") in html
    assert "NaN" not in html


@pytest.mark.parametrize(("percent", "tone"), [(24, "bad"), (25, "warn"), (34, "warn"), (35, ""), (90, "")])
def test_a_ratio_is_coloured_below_the_installations_thresholds(percent: int, tone: str):
    column = RatioColumn("ASR", part="part", whole="whole", scale=100, warn="low", bad="lowest")
    html = cell(column, part=percent, whole=100)
    assert (f'class="{tone}"' in html) if tone else ('class="bad"' not in html and 'class="warn"' not in html)


def test_a_high_delay_is_marked_with_more_than_a_colour():
    column = RatioColumn(
        "PDD", part="part", whole="whole", scale=Decimal("0.001"), warn=4, bad=10, high_is_bad=True,
        bad_title="High. Ask the carrier.",
    )  # fmt: skip
    assert 'class="bad"' not in cell(column, part=9990, whole=1)
    high = cell(column, part=20000, whole=2)
    assert 'title="High. Ask the carrier."' in high
    assert "#warn" in high
    assert "10.0" in high


def test_a_mean_duration_is_minutes_and_seconds():
    column = DurationColumn("ACD", part="ms", whole="calls")
    assert "2:48" in cell(column, ms=336_000, calls=2)
    assert "—" in cell(column, ms=0, calls=0)


def test_an_age_says_how_long_ago_and_keeps_the_exact_time():
    html = cell(AgeColumn("Last"), figure=NOW - timedelta(hours=3))
    assert ">3 h</time>" in html
    assert 'title="2026-11-24 11:12:08 UTC"' in html
    assert "—" in cell(AgeColumn("Last"), figure=None)


@pytest.mark.parametrize(
    ("used", "limit", "bar"),
    [(50, 100, '"bar"'), (80, 100, '"bar w"'), (95, 100, '"bar b"'), (300, 100, '"bar b"'), (1, 600, '"w1"')],
)
def test_use_of_a_limit_has_a_bar_that_warns(used: int, limit: int, bar: str):
    assert bar in cell(UsageColumn("Channels", limit="limit"), figure=used, limit=limit)


@pytest.mark.parametrize("limit", [0, None])
def test_an_empty_or_zero_limit_is_none_at_all(limit: int | None):
    html = cell(UsageColumn("Channels", limit="limit"), figure=5, limit=limit)
    assert "<b>5</b>" in html
    assert "bar" not in html
    assert "No limit" in html


def test_a_status_is_a_link_only_for_who_may_change_it():
    options: dict[str, Any] = {"labels": {"on": "On"}, "change_url": "customers:status"}
    assert "<a " in cell(StatusColumn("S", change_permission="allowed", **options), figure="on")
    assert "<a " not in cell(StatusColumn("S", change_permission="forbidden", **options), figure="on")
    assert "Strange" in cell(StatusColumn("S", labels={}), figure="Strange")


@pytest.mark.parametrize("points", [None, [], [5], [0] * 24])
def test_a_line_of_nothing_is_flat(points: list[int] | None):
    assert 'class="spark off"' in cell(SparkColumn("CPS", points="points"), figure=0, points=points)


def test_a_line_stays_inside_its_box():
    html = cell(SparkColumn("CPS", points="points"), figure=1, points=[0, 10, 5])
    assert "M0 17L34 2L68 10" in html.replace(".0", "")


def test_warnings_stand_beside_the_name_and_all_of_it_is_escaped():
    def warnings(row: Any, sight: Sight) -> list[Warning]:
        return [Warning("warn", "<i>", "<u>", "<s>", 'x"y'), Warning("bad", "Worse", "", "Do", "/y")]

    html = cell(LinkColumn("Name", url="customers:status", warnings=warnings), figure="<Evil>")
    assert "<i>" not in html
    assert "<Evil>" not in html
    assert "2 warnings" in html
    assert 'class="wn b"' in html  # one that refuses calls makes the sign red
    assert 'href="/customers/7/status/"' in html
