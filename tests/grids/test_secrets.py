"""Whoever may not see a column learns nothing of it: no address and no text tells one figure from another."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.grids import CustomerGrid
from customers.models import Customer, Listing
from grids.testing import sample_conditions
from tests import factories
from tests.test_every_grid import CASES, grant_to
from users.models import User

pytestmark = pytest.mark.django_db
MUCH, LITTLE = Decimal("987654.32"), Decimal("7.65")
PLACES = ("/customers/", "/customers/live/", "/customers/suggest/", "/customers/values/")


def test_what_words_find_is_shared_only_by_those_who_may_search_the_same():
    """Two who see the same rows and the same columns; one may read contacts, the other may not."""
    customer = factories.make_customer(name="Plain")
    factories.make_contact(customer=customer, email="secretive@example.org")
    cache.clear()
    found = []
    for rights in (["contacts.view_contact"], []):
        user = factories.make_staff(role=None)
        grant = grant_to(user)
        for right in ("customers.view_customer", "customers.view_every_customer", *rights):
            grant(right)
        grid = CustomerGrid(
            user=User.objects.get(pk=user.pk), params=QueryDict("q=secretive&s=name"), path="/customers/"
        )
        grid.totals_age_s = 4
        found.append((grid.totals.rows, len(grid.rows)))
    assert found == [(1, 1), (0, 0)]


COLUMNS = st.sampled_from(
    [
        "name",
        "credit",
        "balance",
        "available",
        "charge",
        "debit_limit",
        "daily_limit",
        "status",
        "asr",
        "acd",
        "created",
        "country",
        "tags",
        "manager",
        "reseller",
        "warnings",
        "portal",
        "number",
        "x",
        "pk",
        "__class__",
    ]
)
VALUES = st.sampled_from(
    [
        "lt:1000",
        "gt:987654",
        "eq:987654.32",
        "between:0,9e9",
        "blank:",
        "in:1",
        "in:~",
        "not-in:a\\,b",
        "has:a",
        "any",
        "prev:7d",
        "on:today",
        "is:yes",
        "in:credit_exhausted",
        "lt:" + "9" * 400,
        "on:9999-99-99",
        "1",
        "",
    ]
) | st.text(max_size=8)
SPOKEN = st.sampled_from(
    [
        "<1000",
        ">987654",
        ":1..9",
        "=5",
        ":blank",
        ":*",
        ":never",
        ":>-7d",
        ':"a b"',
        ":a,b",
        ':"',
        " OR ",
        "!",
        ">= 1",
    ]
) | st.text(max_size=6)
PAIRS = st.one_of(
    st.tuples(COLUMNS.map("f.{}".format), VALUES),
    st.tuples(st.just("s"), COLUMNS.map("-{}".format) | COLUMNS),
    st.tuples(st.just("q"), st.lists(st.tuples(COLUMNS, SPOKEN).map("".join), max_size=4).map(" ".join)),
    st.tuples(st.just("panel"), COLUMNS.map("filters.{}".format) | st.text(max_size=5)),
    st.tuples(st.just("column"), COLUMNS),
    st.tuples(st.just("card"), COLUMNS),
    st.tuples(st.just("apply"), st.just("filters")),
    st.tuples(st.tuples(st.sampled_from("ovwjm"), COLUMNS).map(".".join), VALUES),
    st.tuples(st.sampled_from(["ids", "since", "at", "page", "n", "since"]), st.text(max_size=6)),
    st.tuples(st.text(max_size=4), st.text(max_size=4)),
)


@pytest.fixture
def rivals(bob: User) -> tuple[Customer, Customer]:
    """Two customers whom Bob may see, but not what they own or owe."""
    grant_to(bob)("customers.view_customer")
    grant_to(bob)("customers.view_every_customer")
    return factories.make_customer(name="Ada", country="DE"), factories.make_customer(
        name="Bea", country="US"
    )


def give(customer: Customer, amount: Decimal) -> None:
    """Neither side is ever used up: that is a warning, which everybody may see."""
    Listing.objects.filter(pk=customer.pk).update(
        balance=amount, charge_today=amount / 100, debit_limit=amount / 10, daily_spend_limit=10 * amount
    )


def answer(client: Client, place: str, pairs: list[tuple[str, str]]) -> tuple[int, str]:
    cache.clear()
    response = client.get(place, pairs, headers={"HX-Request": "true"})
    assert response.status_code in (200, 204, 302, 400), f"{place} {pairs}: {response.status_code}"
    return response.status_code, re.sub(r'data-now="\d+"', "", response.content.decode())


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.sampled_from(PLACES), st.lists(PAIRS, min_size=1, max_size=6))
def test_no_address_fails_and_none_tells_who_is_rich(
    client_bob: Client, rivals: tuple[Customer, Customer], place: str, pairs: list[tuple[str, str]]
):
    ada, bea = rivals
    give(ada, MUCH), give(bea, LITTLE)
    one = answer(client_bob, place, pairs)
    give(ada, LITTLE), give(bea, MUCH)
    assert answer(client_bob, place, pairs) == one


def test_each_condition_on_a_hidden_column_leaves_the_list_as_it_is(
    client_bob: Client, rivals: tuple[Customer, Customer], alice: User
):
    ada, bea = rivals
    give(ada, MUCH), give(bea, LITTLE)
    case = CASES[0]
    hidden = [
        name for name, column in case.grid_class.declared.items() if column.permission.endswith("credit")
    ]
    assert len(hidden) == 5
    for name, conditions in sample_conditions(case.grid(alice, "s=")).items():
        for raw in conditions if name in hidden else []:
            page = client_bob.get("/customers/", {f"f.{name}": raw, "s": ""}).content.decode()
            assert page.count('<a class="nm clip"') == 2, f"f.{name}={raw} narrows the list"
            assert "There is no filter of this name." in page
