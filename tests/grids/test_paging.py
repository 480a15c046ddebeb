"""Next and Previous: every row once, the same pages back, and as cheap far away as near."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.grids import CustomerGrid
from customers.models import Listing
from grids.grid import Grid
from grids.paging import split_word, write_word
from grids.testing import seen
from tests import factories
from users.models import User

pytestmark = pytest.mark.django_db

ORDERS = (
    "", "name", "-name", "number", "-number", "status", "-status", "-channels", "last_call", "-last_call",
    "-asr", "asr,-last_call", "-last_call,-asr,name", "-currency,channels,last_call", "-acd",
    "portal,-created",
)  # fmt: skip


def at(user: User, url: str) -> Grid:
    return CustomerGrid(user=user, params=QueryDict(urlsplit(url).query), path="/customers/")


def ids(grid: Grid) -> list[Any]:
    return [row["pk"] for row in grid.rows]


def walk(user: User, url: str, way: str) -> list[Grid]:
    """The pages from `url` on; way: the name of the link that is followed."""
    found = [at(user, url)]
    while onwards := getattr(found[-1], way):
        found.append(at(user, onwards))
        assert len(found) < 100, "the way leads in a circle"
    return found


@pytest.fixture
def blanks(customers: list[Listing]) -> None:
    """Half of the sixty customers have called, so that half of them have blanks in some columns."""
    now = timezone.now().replace(microsecond=0)
    for number, row in enumerate(customers[::2]):
        factories.set_figures(row.customer, last_call_at=now - timedelta(minutes=number // 3))


@pytest.mark.parametrize("order", ORDERS)
def test_each_row_is_on_one_page_and_the_way_back_leads_through_the_same_pages(
    blanks, alice: User, order: str
):
    whole = ids(at(alice, f"?s={order}&n=100"))
    assert len(whole) == 60
    there = walk(alice, f"?s={order}&n=7", "next_url")
    assert [pk for grid in there for pk in ids(grid)] == whole
    assert [grid.page for grid in there] == list(range(1, 10))
    back = walk(alice, there[-1].url, "previous_url")
    assert [ids(grid) for grid in back] == [ids(grid) for grid in reversed(there)]
    assert back[-1].url == there[0].url
    for grid in there[1:]:
        assert parse_qs(urlsplit(grid.url).query)["after"], "the address of a page keeps its place"


@pytest.mark.parametrize("order", ORDERS)
def test_a_page_by_number_and_the_same_one_by_a_row_are_equal(blanks, alice: User, order: str):
    for grid in walk(alice, f"?s={order}&n=11", "next_url"):
        assert ids(at(alice, f"?s={order}&n=11&page={grid.page}")) == ids(grid)


def test_rows_that_come_meanwhile_neither_repeat_nor_hide_others(customers, alice: User):
    first = at(alice, "?s=-number&n=5")
    shown, onwards = ids(first), first.next_url
    for _n in range(3):
        factories.make_customer()
    assert ids(at(alice, onwards)) == [row.pk for row in reversed(customers)][5:10]
    assert shown == [row.pk for row in reversed(customers)][:5]


def reads(url: str, user: User) -> float:
    """Rows that PostgreSQL touches for the keys of a page, as EXPLAIN ANALYZE counts them."""

    def touched(node: dict[str, Any]) -> float:
        own = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        below = sum(touched(child) for child in node.get("Plans", ()))
        return below + own * node["Actual Loops"]

    grid = at(user, url)
    _counted = grid.totals
    with CaptureQueriesContext(connection) as captured:
        assert grid.standing.rows
    found = 0.0
    with connection.cursor() as cursor:
        for query in captured:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql'].replace('%', '%%')}", [])
            answer = cursor.fetchone()[0]
            found += touched((json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"])
    return found


@pytest.mark.parametrize("order", ["name", "-name"])
def test_page_one_thousand_reads_at_most_twice_what_page_one_reads(alice: User, order: str):
    factories.make_customer(name="Everybody")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_customer SELECT (jsonb_populate_record(one, jsonb_build_object("
            "'id', one.id + n, 'name', 'C' || n, 'uuid', gen_random_uuid()))).*"
            " FROM customers_customer AS one, generate_series(1, 5200) AS n"
        )
        cursor.execute("ANALYZE customers_listing")
        cursor.execute("SET LOCAL enable_seqscan = off")
    url = f"/customers/?s={order}&n=5"
    middle = at(alice, f"{url}&page=999")
    far = reads(middle.next_url, alice)
    assert far <= 2 * reads(url, alice)
    assert reads(f"{url}&page=1000", alice) > 1_000, "this test would not notice"


@pytest.mark.parametrize(
    "word",
    ["x", "%00", "AAAA", "eyJhIjoxfQ", "W10", write_word([1]), write_word(["x", "y"]), write_word([None, 1]),
     write_word(["a\x00", 1]), write_word(["a", 2**70]), write_word([["a"], 1]), write_word([True, "NaN"]),
     "a" * 5000, write_word(["a", "1e400"])],
)  # fmt: skip
@pytest.mark.parametrize("key", ["after", "before"])
def test_a_word_that_names_no_row_is_a_chip_and_the_first_page(client_alice: Client, word: str, key: str):
    factories.make_customer(name="Altavox")
    page = client_alice.get(f"/customers/?s=name&n=1&{key}={word}")
    assert page.status_code == 200
    assert seen(page).bad_chips == 1
    assert len(seen(page).ids) == 1


def test_a_word_of_another_order_is_a_chip_too(customers, alice: User, client_alice: Client):
    onwards = at(alice, "?s=-last_call&n=5").next_url
    page = client_alice.get(onwards.replace("s=-last_call", "s=name"))
    assert seen(page).bad_chips == 1


def test_a_sort_a_filter_or_a_group_leads_back_to_the_first_page(customers, alice: User):
    grid = at(alice, at(alice, "?s=name&n=5").next_url)
    assert grid.page == 2
    for url in (grid.sort_url("channels"), grid.choice_url("status", "active")):
        assert not re.search(r"page=|after=|before=", url)
    assert (
        "after=" not in grid.url.replace("s=name", "g=currency&s=name")
        or at(alice, grid.url.replace("s=name", "g=currency&s=name")).url.count("after=") == 0
    )


def test_a_word_is_what_it_was_written_from():
    values = ["Ünïcode, ☎", 3, None, True, "2026-11-25T10:00:00+00:00"]
    assert split_word(write_word(values)) == values
    assert re.fullmatch(r"[\w-]+", write_word(values))
