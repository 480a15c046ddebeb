"""Row groups: counted and summed by the database, compared with a plain recount of the same rows."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from customers.grids import CustomerGrid
from customers.models import Status
from grids.aggregates import figures_by
from grids.groups import FIRST_LEAVES, narrowed
from grids.layout import Aggregate
from tests.factories import make_customer, make_staff
from tests.grids.cast import OF
from users.roles import Role

pytestmark = pytest.mark.django_db
PATH = "/customers/"


def grid(user: Any, query: str) -> CustomerGrid:
    found = CustomerGrid(user=user, params=QueryDict(query), path=PATH)
    assert found.state.notes == ()
    return found


@pytest.mark.parametrize("levels", [("status",), ("currency", "status"), ("country", "portal", "currency")])
def test_every_level_counts_its_rows_once(customers, alice, levels):
    paths: list[str] = []
    for depth in range(len(levels)):
        found = grid(alice, f"g={','.join(levels)}&s=" + "".join(f"&open={path}" for path in paths)).tree
        groups = [group for group in found.all() if group.level == depth + 1]
        recount: dict[Any, int] = {}
        for row in customers:
            key = tuple(OF[name](row) for name in levels[: depth + 1])
            recount[key] = recount.get(key, 0) + 1
        assert {group.values: group.figures.rows for group in groups} == recount
        paths += [group.key for group in groups]


FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": sum, "min": min, "max": max, "count": len, "distinct": lambda held: len(set(held)),
    "avg": lambda held: Decimal(sum(held)) / len(held), "median": statistics.median,
}  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
def test_amounts_are_worked_out_per_currency_and_never_across(customers, alice, function):
    groups = grid(alice, f"g=status&s=&a={function}:credit").tree.groups
    value = Aggregate(function, "credit")
    for group in groups:
        held: dict[str, list[Decimal]] = {}
        for row in customers:
            if row.status == group.values[0]:
                held.setdefault(row.currency_id, []).append(row.balance)
        right = {code: FUNCTIONS[function](amounts) for code, amounts in held.items()}
        shown = {code: Decimal(amount) for code, amount in group.figures.money[value].items()}
        assert {code: round(amount, 6) for code, amount in shown.items()} == {
            code: round(Decimal(amount), 6) for code, amount in right.items()
        }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_figures_of_all_functions_are_right(customers, alice, function):
    value = Aggregate(function, "attempts")
    for group in grid(alice, f"g=country&s=&a={function}:attempts").tree.groups:
        held = [row.attempts_24h for row in customers if (row.country or None) == group.values[0]]
        assert Decimal(group.figures.plain[value][0]) == pytest.approx(Decimal(FUNCTIONS[function](held)))


def test_ratios_come_from_summed_parts(customers, alice):
    """The mean of each customer's ASR would be another figure."""
    for group in grid(alice, "g=status&s=&a=ratio:asr").tree.groups:
        rows = [row for row in customers if row.status == group.values[0]]
        parts = group.figures.plain[Aggregate("ratio", "asr")]
        assert parts == (sum(row.connected_24h for row in rows), sum(row.attempts_24h for row in rows))


def test_a_row_stands_in_the_group_of_each_of_its_tags(customers, alice):
    found = {group.names[0]: group.figures.rows for group in grid(alice, "g=tags&s=").tree.groups}
    assert found == {
        "vip": sum("vip" in row.tags for row in customers),
        "a,b ~": sum("a,b ~" in row.tags for row in customers),
        "new": sum("new" in row.tags for row in customers),
        "(blank)": sum(not row.tags for row in customers),
    }


@pytest.mark.parametrize(
    "query",
    [
        *("g=currency,status", "g=country", "g=tags,status", "g=portal,tags"),
        *("g=status&f.status=in:active,inactive", "g=tags&f.tags=in:vip"),
    ],
)
def test_the_link_of_a_group_lists_exactly_its_rows(customers, alice, query):
    paths: list[str] = []
    for _depth in range(2):
        grouped = grid(alice, query + "&s=" + "".join(f"&open={quote(path)}" for path in paths))
        groups = list(grouped.tree.all())
        for group in groups:
            flat = grid(alice, narrowed(grouped, group.conditions).query)
            assert not flat.is_grouped
            assert flat.totals.rows == group.figures.rows, group.names
        paths = [group.key for group in groups if group.level == 1]


def test_leaves_are_the_rows_of_their_group_in_the_order_of_the_list(customers, alice):
    found = grid(alice, "g=currency&s=-credit&open=EUR&open=JPY").tree
    for group in found.groups:
        right = [row.pk for row in sorted(customers, key=lambda row: (-row.balance, row.pk))
                 if row.currency_id == group.values[0]]  # fmt: skip
        assert [row["pk"] for row in group.leaves] == (right[:FIRST_LEAVES] if group.opened else [])
    assert {group.names[0] for group in found.groups if group.opened} == {"EUR", "JPY"}


def test_more_leaves_are_asked_for_by_naming_the_group_again(alice):
    for _n in range(FIRST_LEAVES + 5):
        make_customer()
    first = grid(alice, "g=currency&s=&open=EUR").tree.groups[0]
    more = grid(alice, "g=currency&s=&open=EUR&open=EUR").tree.groups[0]
    assert (len(first.leaves), len(more.leaves)) == (FIRST_LEAVES, FIRST_LEAVES + 5)


def test_groups_stand_by_name_or_by_a_figure(customers, alice):
    def names(query: str) -> list[str]:
        return [group.names[0] for group in grid(alice, query).tree.groups]

    assert names("g=currency&s=name") == ["EUR", "JPY", "USD"]
    assert names("g=currency&s=-currency") == ["USD", "JPY", "EUR"]
    channels = {code: sum(row.channels for row in customers if row.currency_id == code)
                for code in ("EUR", "JPY", "USD")}  # fmt: skip
    assert names("g=currency&s=-channels") == sorted(channels, key=lambda code: -channels[code])
    assert names("g=status&s=status") == ["Active", "Inactive", "Pending"]
    assert names("g=country&s=") == ["DE", "US", "(blank)"]


def test_open_groups_that_do_not_exist_are_no_error(customers, alice):
    found = grid(alice, "g=currency&s=&open=XXX&open=%00&open=a,b,c&open=~").tree
    assert not any(group.opened for group in found.groups)


def test_the_number_of_queries_does_not_grow_with_groups(alice):
    def ask() -> int:
        cache.clear()
        found = grid(alice, "g=country,status&s=&open=DE&open=US&open=DE,active&open=US,active")
        found.version()
        with CaptureQueriesContext(connection) as queries:
            assert len(found.tree.leaves) >= 2
        return len(queries)

    def make(count: int) -> None:
        for number in range(count):
            make_customer(country=("DE", "US", "FR", "GB")[number % 4], status=Status.ACTIVE)

    make(4)
    assert ask() == 4  # two levels, ids of leaves, leaves
    make(36)
    assert ask() == 4


def test_amounts_are_not_for_those_who_may_not_see_them(customers, db):
    someone = make_staff(role=Role.SUPPORT)
    if someone.has_perm("customers.view_credit"):
        pytest.skip("this role sees amounts")
    for query in ("g=status&a=sum:credit&s=", "g=status&a=max:available&s="):
        found = CustomerGrid(user=someone, params=QueryDict(query), path=PATH)
        assert found.state.layout.values == ()
        assert len(found.state.notes) == 1
        assert all(not group.figures.money for group in found.tree.groups)


def test_all_rows_can_be_summed_without_a_group(customers, alice):
    one = grid(alice, "s=")
    [(key, figures)] = figures_by(one, one.matching(), [], [Aggregate("sum", "channels")])
    assert key == ()
    assert figures.rows == len(customers)
