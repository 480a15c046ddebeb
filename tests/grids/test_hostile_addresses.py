"""Whatever stands in an address: an answer, never an error, and nothing of a column not for its reader."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Customer
from tests import factories
from tests.conftest import browser_of
from tests.factories import STAFF_HOST
from users.roles import Role

_KEYS = """
    q s page n c w pin g a p h d z open panel v after before apply ids since format column at card o.name
    v.name j.name zone move to f.name f.credit f.status f.last_call f.asr f.acd f.country f.tags f.pk
"""
_WORDS = """
    name credit status asr acd last_call country currency charge balance pk -asr sum:credit ratio:asr
    count:name lt:0 between:1,2 in:active,~ has:% any blank: on:today prev:7d older:99999999999d eq:NaN
    eq:1e999 name__has before:2026-02-30 -1 0 EUR,active W10
    WyJOb3ZhIiw3XQ credit<0 !country:US filters.credit ((( "
"""
_PHRASES = ("' OR 1=1 --", "\x00", "created:>-7d OR", "é" * 300, "9" * 30, "\N{TELEPHONE RECEIVER}")
KEYS = st.sampled_from(_KEYS.split())
WORDS = st.sampled_from([*_WORDS.split(), *_PHRASES])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUES = st.lists(WORDS | TEXT, min_size=1, max_size=4).map(",".join)
ADDRESSES = st.lists(st.tuples(KEYS, VALUES), max_size=8)
PARTS = st.sampled_from(["", "live/", "suggest/", "values/", "export/", "views/"])
OFTEN = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SECRET = Decimal("731846.25")  # of a balance; nobody writes it by chance


def address(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{quote(key)}={quote(value)}" for key, value in pairs)


@pytest.fixture
def rows(db: None) -> list[Customer]:
    made = []
    for number, name in enumerate(("Nova", "Vega", "Deneb")):
        customer = factories.make_customer(name=name, country="DE", tags=["voip"], debit_limit=SECRET)
        factories.set_figures(customer, balance=SECRET * (number + 1), attempts_24h=9, connected_24h=number)
        made.append(customer)
    return made


@pytest.fixture
def client_support(db: None) -> Client:
    """Somebody who may see customers and no credit."""
    return browser_of(factories.make_staff(role=Role.SUPPORT), STAFF_HOST)


def body(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8", "replace")


@OFTEN
@given(pairs=ADDRESSES, part=PARTS, htmx=st.booleans())
def test_no_address_is_an_error(
    client_alice: Client, rows: list[Customer], pairs: Any, part: str, htmx: bool
):
    headers = {"HX-Request": "true"} if htmx else {}
    answer = client_alice.get(f"/customers/{part}?{address(pairs)}", headers=headers)
    assert answer.status_code in (200, 204, 302, 400), address(pairs)
    body(answer)


@OFTEN
@given(pairs=ADDRESSES, part=PARTS, htmx=st.booleans())
def test_no_address_shows_a_figure_that_is_not_for_its_reader(
    client_support: Client, rows: list[Customer], pairs: Any, part: str, htmx: bool
):
    headers = {"HX-Request": "true"} if htmx else {}
    answer = client_support.get(f"/customers/{part}?{address(pairs)}", headers=headers)
    assert answer.status_code in (200, 204, 302, 400), address(pairs)
    shown = body(answer).replace(",", "").replace("\u202f", "")
    for number in range(1, 4):
        assert f"{SECRET * number:.0f}"[:5] not in shown, address(pairs)


@pytest.mark.parametrize("key", ["credit", "balance", "available", "charge"])
@pytest.mark.parametrize(
    "form", ["s={0}", "s=-{0}", "f.{0}=gt:1000000&s=", "q={0}%3E1000000&s=", "g=status&a=max:{0}&s={0}"]
)
def test_neither_order_nor_number_of_rows_tells_of_a_hidden_figure(
    client_support: Client, rows: list[Customer], key: str, form: str
):
    """Rows are as many, and stand in the same order, whatever the hidden figures are."""

    def ids() -> list[int]:
        page = client_support.get(f"/customers/?{form.format(key)}")
        return [row["pk"] for row in page.context["grid"].rows] if page.status_code == 200 else []

    before = ids()
    for number, customer in enumerate(reversed(rows)):
        factories.set_figures(customer, balance=SECRET * 100 * (number + 1))
    assert ids() == before
