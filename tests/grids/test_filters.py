"""Each kind of filter over the customers' rows: what an operator selects, how it is said and written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict

from customers.grids import CustomerGrid
from customers.models import Customer, Listing
from setup.models import Reseller
from tests import factories
from users.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def found(alice: User) -> Any:
    """Names of the customers that a query string leaves, for Alice."""
    return lambda query, user=alice: names(grid(user, query))


def grid(user: User, query: str) -> CustomerGrid:
    return CustomerGrid(user=user, params=QueryDict(query), path="/customers/", now=NOW)


def names(shown: CustomerGrid) -> list[str]:
    assert shown.state.notes == (), shown.state.notes
    assert shown.state.faults == (), shown.state.faults
    return sorted(row["name"] for row in shown.rows)


def make(name: str, **figures: Any) -> Customer:
    customer = factories.make_customer(name=name)
    if figures:
        factories.set_figures(customer, **figures)
    return customer


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("has:nova", ["Casanova", "Nova Tel"]),
        ("not-has:nova", ["Berlin, 100%"]),
        ("is:nova tel", ["Nova Tel"]),
        ("not:nova tel", ["Berlin, 100%", "Casanova"]),
        ("begins:NOVA", ["Nova Tel"]),
        ("ends:nova", ["Casanova"]),
        ("has:, 100%", ["Berlin, 100%"]),
        ("has:_", []),
        ("blank:", []),
        ("not-blank:", ["Berlin, 100%", "Casanova", "Nova Tel"]),
    ],
)
def test_text(found: Any, condition: str, expected: list[str]):
    for name in ("Nova Tel", "Casanova", "Berlin, 100%"):
        make(name)
    assert found(QueryDict(mutable=True).urlencode() + f"f.name={condition.replace('%', '%25')}") == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("eq:0", ["Zero"]),
        ("ne:0", ["Minus", "Plus"]),
        ("lt:0", ["Minus"]),
        ("lte:0", ["Minus", "Zero"]),
        ("gt:0", ["Plus"]),
        ("gte:0", ["Plus", "Zero"]),
        ("gte:1,5", None),
        ("between:-20,0", ["Minus", "Zero"]),
        ("between:0,-20", ["Minus", "Zero"]),
        ("eq:-12.35", ["Minus"]),
        ("lt:−12", ["Minus"]),
        ("eq:-12.3456", ["Minus"]),
        ("eq:-12.3457", []),
    ],
)
def test_money(found: Any, condition: str, expected: list[str] | None):
    make("Minus", balance=Decimal("-12.3456"))
    make("Zero", balance=0)
    make("Plus", balance=7)
    if expected is None:
        return
    assert found(f"f.credit={condition}") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("f.asr=eq:33.3", ["Third"]),
        ("f.asr=lt:50", ["Third"]),
        ("f.asr=gte:50", ["Half"]),
        ("f.asr=ne:50", ["Third"]),
        ("f.asr=blank:", ["Idle"]),
        ("f.asr=not-blank:", ["Half", "Third"]),
        ("f.acd=gt:2:30", ["Half"]),
        ("f.acd=lte:150", ["Third"]),
        ("f.acd=eq:2:30", ["Third"]),
        ("f.pdd=gt:1.5", ["Half"]),
        ("f.pdd=between:0.5,1", ["Third"]),
        ("f.attempts=eq:3", ["Third"]),
        ("f.attempts=lt:1", ["Idle"]),
    ],
)
def test_ratios_are_compared_in_the_unit_that_is_shown(found: Any, query: str, expected: list[str]):
    make("Idle")
    make(
        "Half", attempts_24h=4, connected_24h=2, duration_ms_24h=302_000, pdd_count_24h=1, pdd_sum_ms_24h=2000
    )
    make(
        "Third", attempts_24h=3, connected_24h=1, duration_ms_24h=150_400, pdd_count_24h=1, pdd_sum_ms_24h=900
    )
    assert found(query) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("on:today", ["Today"]),
        ("on:2026-11-25", ["Today"]),
        ("on:yesterday", ["Yesterday"]),
        ("before:2026-11-25", ["Long ago", "Yesterday"]),
        ("until:2026-11-24", ["Long ago", "Yesterday"]),
        ("after:2026-11-24", ["Today"]),
        ("from:2026-11-24", ["Today", "Yesterday"]),
        ("between:2026-11-24,2026-11-25", ["Today", "Yesterday"]),
        ("between:2026-11-25,2026-11-24", ["Today", "Yesterday"]),
        ("prev:1d", ["Today"]),
        ("prev:2d", ["Today", "Yesterday"]),
        ("prev:3h", ["Today"]),
        ("older:2d", ["Long ago"]),
        ("older:2w", ["Long ago"]),
        ("blank:", ["Never"]),
        ("not-blank:", ["Long ago", "Today", "Yesterday"]),
    ],
)
def test_moments_by_whole_days(found: Any, condition: str, expected: list[str]):
    make("Never")
    make("Today", last_call_at=NOW - timedelta(hours=2))
    make("Yesterday", last_call_at=NOW - timedelta(hours=13))
    make("Long ago", last_call_at=NOW - timedelta(days=60))
    assert found(f"f.last_call={condition}") == expected


def test_a_day_begins_where_the_viewer_lives(found: Any, alice: User):
    make("Late", last_call_at=datetime(2026, 11, 24, 23, 30, tzinfo=UTC))
    assert found("f.last_call=on:2026-11-24") == ["Late"]
    alice.time_zone = "Europe/Berlin"
    assert found("f.last_call=on:2026-11-24") == []
    assert found("f.last_call=on:today") == ["Late"]


def test_values_that_the_rows_hold(found: Any):
    for name, country, tags in (("Ada", "US", ["vip", "a,b"]), ("Bea", "DE", ["vip"]), ("Cem", "", [])):
        factories.make_customer(name=name, country=country, tags=tags)
    assert found("f.country=in:US,DE") == ["Ada", "Bea"]
    assert found("f.country=in:us") == ["Ada"]
    assert found("f.country=not-in:US") == ["Bea", "Cem"]
    assert found("f.country=in:US,~") == ["Ada", "Cem"]
    assert found("f.country=blank:") == ["Cem"]
    assert found("f.tags=in:vip") == ["Ada", "Bea"]
    assert found(r"f.tags=in:a\,b") == ["Ada"]
    assert found("f.tags=not-in:vip") == ["Cem"]
    assert found(r"f.tags=in:vip&f.tags=not-in:a\,b") == ["Bea"]
    assert found("f.tags=not-blank:") == ["Ada", "Bea"]
    assert found("f.portal=is:yes") == ["Ada", "Bea", "Cem"]
    assert found("f.portal=is:no") == []


def test_people_and_companies_are_written_by_id_and_read_by_name(
    found: Any, alice: User, reseller_a: Reseller
):
    factories.make_customer(name="Ada", reseller=reseller_a, account_manager=alice)
    factories.make_customer(name="Bea")
    assert found(f"f.reseller=in:{reseller_a.pk}") == ["Ada"]
    assert found("f.reseller=blank:") == ["Bea"]
    assert found(f"f.manager=not-in:{alice.pk}") == ["Bea"]
    assert found(f'q=reseller:"{reseller_a.name.lower()}"') == ["Ada"]


def test_conditions_on_one_column_hold_all_or_any(found: Any):
    make("Deep", balance=-500)
    make("Flat", balance=0)
    make("High", balance=500)
    assert found("f.credit=gt:-600&f.credit=lt:-100") == ["Deep"]
    assert found("f.credit=lt:-100&f.credit=gt:100") == []
    assert found("f.credit=lt:-100&f.credit=gt:100&f.credit=any") == ["Deep", "High"]
    assert found("q=credit<-100 OR credit>100") == ["Deep", "High"]


def test_the_text_box_speaks_the_same_language(found: Any, alice: User):
    nova = factories.make_customer(name="Nova Tel", country="DE")
    factories.set_figures(nova, balance=-5, attempts_24h=2, connected_24h=1, duration_ms_24h=200_000)
    factories.make_customer(name="Nova Two", country="US")
    text = 'balance<0 status:active !country:US name:"nova tel" acd>2:30 created:>-7d nova'
    Listing.objects.update(created_at=NOW - timedelta(days=2))
    state = grid(alice, QueryDict(mutable=True).urlencode() + "q=" + text.replace(" ", "+")).state
    assert state.faults == ()
    assert state.query == (
        "q=nova&f.name=has:nova+tel&f.credit=lt:0&f.status=in:active&f.acd=gt:150"
        "&f.country=not-in:US&f.created=prev:7d&s=name"
    )
    assert found(state.query) == ["Nova Tel"]


def test_what_is_typed_about_a_column_replaces_what_held_before(alice: User):
    state = grid(alice, "f.status=in:active&f.credit=lt:0&q=status:pending").state
    assert state.query == "f.credit=lt:0&f.status=in:pending&s=name"


@pytest.mark.parametrize(
    ("text", "word", "says"),
    [
        ("nova balance<abc", "balance<abc", "“abc” is no number"),
        ("balance:", "balance:", "A value is missing"),
        ("balanse<0", "balanse<0", "Did you mean “balance”"),
        ("foo:bar", "foo:bar", "There is no column “foo”"),
        ("status:nobody", "status:nobody", "active, dialing"),
        ("country:XX", "country:XX", "No row has the value “XX”"),
        ("created:soon", "created:soon", "2026-03-31"),
        ("acd>long", "acd>long", "2:30"),
        ('name:"nova', 'name:"nova', "never closed"),
        ("name>5", "name>5", "contains"),
        ("OR balance<0", "OR", "between two conditions"),
        ("balance<0 OR status:active", "OR", "same column"),
        ("!balance:1..2", "!balance:1..2", "no opposite"),
        ("portal:maybe", "portal:maybe", "neither yes nor no"),
        ("channels:1.5", "channels:1.5", "whole number"),
    ],
)
def test_a_fault_points_at_its_word_and_says_what_would_be_right(
    alice: User, text: str, word: str, says: str
):
    params = QueryDict(mutable=True)
    params["q"] = text
    state = CustomerGrid(user=alice, params=params, path="/customers/", now=NOW).state
    (fault,) = state.faults
    assert text[fault.start : fault.end] == word
    assert says in fault.sentence
    assert state.box == text  # nothing is lost
    assert state.filters.conditions == ()  # and nothing is half done


def test_a_column_that_somebody_may_not_see_is_none_to_type_about_either(bob: User, alice: User):
    def sentence(user: User, text: str) -> str:
        params = QueryDict(mutable=True)
        params["q"] = text
        (fault,) = CustomerGrid(user=user, params=params, path="/customers/", now=NOW).state.faults
        return fault.sentence

    assert sentence(bob, "balance<0").replace("balance", "?") == sentence(bob, "xyzzyq<0").replace(
        "xyzzyq", "?"
    )
    assert "balance" not in sentence(bob, "balanse<0")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("f.credit=lt:0", "Credit < 0"),
        ("f.credit=between:-1000,5.5", "Credit from −1,000 to 5.5"),
        ("f.asr=gt:50", "ASR > 50 %"),
        ("f.acd=gt:150", "ACD > 2:30"),
        ("f.created=prev:7d", "Created in the last 7 days"),
        ("f.created=before:2024-01-01", "Created before 1 Jan 2024"),
        ("f.last_call=blank:", "Last call never"),
        ("f.portal=is:yes", "Portal access is on"),
        ("f.country=in:US,~", "Country is US, (blank)"),
        ("f.name=begins:no", "Name begins with “no”"),
    ],
)
def test_a_condition_is_a_sentence(alice: User, query: str, says: str):
    assert grid(alice, query).state.filters.conditions[0].sentence == says
