"""The filters panel as a form, and what its sets offer."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.grids import CustomerGrid
from grids.facets import facets
from grids.panel import read_form
from tests import factories
from users.models import User
from users.roles import Role


def meant(query: str) -> str:
    """The query string that a sent form means."""
    return read_form(QueryDict(query)).params.urlencode(safe=":,~")


@pytest.mark.parametrize(
    ("sent", "means"),
    [
        ("card=credit&o.credit=lt&v.credit=0&w.credit=", "f.credit=lt:0"),
        ("card=credit&o.credit=between&v.credit=1&w.credit=5", "f.credit=between:1,5"),
        ("card=credit&o.credit=lt&v.credit=0&o.credit=gt&v.credit=9&j.credit=any",
         "f.credit=lt:0&f.credit=gt:9&f.credit=any"),
        ("card=country&o.country=in&v.country=US&v.country=~", "f.country=in:US,~"),
        ("card=country&o.country=blank&v.country=US", "f.country=blank:"),
        ("card=portal&o.portal=is&v.portal=", ""),
        ("card=credit&o.credit=lt&v.credit=", ""),
        ("card=credit&o.credit=between&v.credit=1&w.credit=", ""),
        ("card=created&o.created=before&v.created=7d", ""),
        ("card=created&o.created=prev&v.created=2026-01-31", ""),
        ("card=created&o.created=prev&v.created=7d", "f.created=prev:7d"),
        ("o.credit=lt&v.credit=0", ""),
        ("q=nova&s=name&card=name&o.name=has&v.name=a,b", "q=nova&s=name&f.name=has:a,b"),
    ],
)  # fmt: skip
def test_a_form_means_conditions_and_what_is_incomplete_waits(sent: str, means: str):
    assert meant(f"apply=filters&{sent}") == means


def test_without_its_mark_a_form_is_an_address_like_any_other():
    assert meant("card=credit&o.credit=lt&v.credit=0") == "card=credit&o.credit=lt&v.credit=0"


def test_three_hundred_cards_are_forty():
    sent = "apply=filters&" + "&".join(f"card=c{n}&o.c{n}=eq&v.c{n}=1" for n in range(300))
    assert len(read_form(QueryDict(sent)).cards) == 40


@pytest.fixture
def customers(db: None, alice: User) -> None:
    factories.make_customer(name="Ada", country="DE", tags=["vip", "a,b"], account_manager=alice)
    factories.make_customer(name="Bea", country="US", tags=["vip"], status="pending")
    factories.make_customer(name="Cem", country="US", tags=[])
    factories.make_customer(name="Dan", country="")


def offered(user: User, query: str, *names: str, text: str = "") -> dict[str, dict[str, int]]:
    grid = CustomerGrid(user=user, params=QueryDict(query), path="/customers/")
    found = facets(grid, dict.fromkeys(names, text))
    return {name: {one.label: one.count for one in facet.entries} for name, facet in found.items()}


def test_counts_are_those_under_the_other_filters(alice: User, customers: None):
    assert offered(alice, "s=", "country", "tags", "manager") == {
        "country": {"US": 2, "(blank)": 1, "DE": 1},
        "tags": {"(blank)": 2, "vip": 2, "a,b": 1},
        "manager": {"(blank)": 3, alice.name or alice.email: 1},
    }
    narrowed = offered(alice, "f.country=in:US&f.tags=in:vip&f.status=in:active,pending", "country", "tags")
    assert narrowed == {"country": {"DE": 1, "US": 1}, "tags": {"(blank)": 1, "vip": 1}}
    assert offered(alice, "f.status=in:pending&q=bea", "country")["country"] == {"US": 1}


def test_a_picked_value_is_offered_even_where_it_gives_nothing(alice: User, customers: None):
    assert offered(alice, "f.country=in:DE&f.tags=in:nothing", "country")["country"] == {"DE": 0}


def test_values_are_found_by_a_part_of_them(alice: User, customers: None):
    assert offered(alice, "s=", "tags", text="A,")["tags"] == {"a,b": 1}


def test_all_sets_of_a_panel_are_counted_in_one_query(alice: User, customers: None):
    with CaptureQueriesContext(connection) as captured:
        offered(alice, "s=&f.country=in:US", "country", "currency", "tags")
    assert len([one for one in captured if "GROUPING" in one["sql"]]) == 1
    assert len([one for one in captured if 'customers_listing"' in one["sql"]]) == 1


def test_nobody_is_offered_the_values_of_rows_he_may_not_see(reseller_a: Any, customers: None):
    seller = factories.make_staff(role=Role.RESELLER, reseller=reseller_a)
    factories.make_customer(name="Own", country="FR", reseller=reseller_a)
    assert offered(seller, "s=", "country")["country"] == {"FR": 1}


def test_the_box_offers_columns_examples_and_values(client_alice: Client, customers: None):
    def insertions(text: str) -> list[str]:
        page = client_alice.get("/customers/suggest/", {"q": text, "at": len(text), "s": ""}).content.decode()
        return [part.split('"')[0] for part in page.split('data-insert="')[1:]]

    assert insertions("coun")[0] == "country:"
    assert "balance:" in insertions("nova bal")
    assert insertions("country:") == ["US", "blank", "DE"]
    assert insertions("country:US,d") == ["DE"]
    assert insertions("tag:a") == ["&quot;a,b&quot;"]
    assert "created:today" in insertions("created:")
    assert insertions("nosuch:") == []


def test_the_values_of_a_card_answer_alone(client_alice: Client, customers: None):
    page = client_alice.get(
        "/customers/values/", {"column": "country", "apply": "filters", "card": "country", "o.country": "in",
                               "v.country": "DE", "m.country": "d"},
    )  # fmt: skip
    assert 'value="DE" checked' in page.content.decode()
    assert 'value="US"' not in page.content.decode()
    assert client_alice.get("/customers/values/", {"column": "name"}).status_code == 400
