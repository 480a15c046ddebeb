"""Pivots: every cell and total recounted from the rows, and every link followed to the rows it promises."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import QueryDict
from django.test import Client

from customers.grids import CustomerGrid
from grids import pivot as pivots
from grids.groups import narrowed
from grids.layout import Aggregate
from tests.factories import make_customer, set_figures
from tests.grids.cast import OF

pytestmark = pytest.mark.django_db
PATH = "/customers/"


def grid(user: Any, query: str) -> CustomerGrid:
    found = CustomerGrid(user=user, params=QueryDict(query), path=PATH)
    assert found.state.notes == ()
    return found


@pytest.mark.parametrize(
    ("by", "across"),
    [(("country",), ("status",)), (("currency", "portal"), ("status",)), ((), ("status",)),
     (("status",), ("currency", "portal")), (("status",), ("status",))],
)  # fmt: skip
def test_cells_and_totals_count_the_rows_in_them(customers, alice, by, across):
    found = grid(alice, f"g={','.join(by)}&p={','.join(across)}&s=").pivot
    recount: dict[Any, int] = {}
    for row in customers:
        key = tuple(OF[name](row) for name in by), tuple(OF[name](row) for name in across)
        recount[key] = recount.get(key, 0) + 1
    assert {key: figures.rows for key, figures in found.cells.items()} == recount
    for parts, place in ((found.rows, 0), (found.labels, 1)):
        for part in parts:
            assert part.figures.rows == sum(n for key, n in recount.items() if key[place] == part.values)
    assert found.whole.rows == len(customers)


def test_amounts_of_one_currency_and_ratios_are_right_in_each_cell(customers, alice):
    found = grid(alice, "g=country&p=status&a=sum:credit,ratio:asr&f.currency=in:EUR&s=").pivot
    credit, asr = found.values
    for (by, across), figures in found.cells.items():
        rows = [row for row in customers if row.currency_id == "EUR"
                and (OF["country"](row),) == by and (row.status,) == across]  # fmt: skip
        assert figures.money[credit] == {"EUR": sum(row.balance for row in rows)}
        assert figures.plain[asr] == (
            sum(row.connected_24h for row in rows),
            sum(row.attempts_24h for row in rows),
        )


@pytest.mark.parametrize("query", ["g=country&p=status", "g=tags&p=currency&f.status=in:active,pending",
                                   "g=portal,country&p=status,currency", "p=tags"])  # fmt: skip
def test_each_link_lists_exactly_the_rows_of_its_cell(customers, alice, query):
    turned = grid(alice, query + "&s=")
    found = turned.pivot

    def count(*parts: pivots.Part) -> int:
        conditions = [one for part in parts for one in part.conditions or ()]
        return grid(alice, narrowed(turned, conditions).query).totals.rows

    for row in found.rows:
        assert count(row) == row.figures.rows
        for label in found.labels:
            cell = found.cells.get((row.values, label.values))
            assert count(row, label) == (cell.rows if cell else 0), (row.names, label.names)
    assert all(count(label) == label.figures.rows for label in found.labels)


def test_labels_beyond_the_cap_are_added_up_as_one(alice, monkeypatch):
    monkeypatch.setattr(pivots, "MOST_COLUMNS", 2)
    for country, number in (("DE", 4), ("US", 3), ("FR", 2), ("GB", 1), ("", 1)):
        for n in range(number):
            make_customer(country=country, status="active" if n else "inactive")
    turned = grid(alice, "g=status&p=country&s=")
    found = turned.pivot
    assert [(label.names, label.figures.rows) for label in found.labels] == [
        (("DE",), 4),
        (("US",), 3),
        ((), 4),
    ]
    assert found.others == 3
    other = found.labels[-1]
    assert {key[0]: figures.rows for key, figures in found.cells.items() if key[1] == pivots.OTHER} == {
        ("active",): 1, ("inactive",): 3,
    }  # fmt: skip
    assert other.conditions
    assert grid(alice, narrowed(turned, other.conditions).query).totals.rows == 4


def test_rows_stand_by_name_by_value_or_without_an_order_by_their_total(customers, alice):
    def names(query: str) -> list[str]:
        return [row.names[0] for row in grid(alice, f"g=currency&p=status&{query}").pivot.rows]

    assert names("s=currency") == ["EUR", "JPY", "USD"]
    assert names("s=-currency") == ["USD", "JPY", "EUR"]
    rows = {code: sum(row.currency_id == code for row in customers) for code in ("EUR", "JPY", "USD")}
    assert names("s=") == sorted(rows, key=lambda code: (-rows[code], code))
    channels = {code: sum(row.channels for row in customers if row.currency_id == code) for code in rows}
    assert names("a=sum:channels&s=channels") == sorted(channels, key=lambda code: channels[code])


def test_amounts_of_several_currencies_lead_to_the_commonest_one(customers, client_alice: Client):
    answer = client_alice.get(PATH, {"g": "country", "p": "status", "a": "sum:credit", "s": ""})
    assert answer.status_code == 302
    rows = {code: sum(row.currency_id == code for row in customers) for code in ("EUR", "JPY", "USD")}
    assert parse_qs(urlsplit(answer["Location"]).query)["f.currency"] == [
        f"in:{max(rows, key=rows.__getitem__)}"
    ]
    assert client_alice.get(answer["Location"]).status_code == 200


def test_a_cell_without_rows_differs_from_one_that_adds_up_to_nothing(alice, client_alice: Client):
    make_customer(country="DE", status="active")
    make_customer(country="US", status="inactive")
    page = client_alice.get(f"{PATH}?g=country&p=status&a=sum:credit&f.currency=in:EUR&s=").content.decode()
    table = page[page.index("<table") : page.index("</table>")]
    assert table.count("·</span>") == 2
    assert table.count("0.00") == 7  # two cells, two rows, two labels, the whole


def test_without_labels_the_flat_list_is_back_in_its_columns(customers, alice):
    turned = grid(alice, "c=name,currency&g=country&p=status&a=sum:channels&s=")
    flat = grid(alice, turned.state.changed(layout=turned.state.layout.flat()).query)
    assert list(flat.columns) == ["name", "currency"]
    assert len(flat.rows) == 50


def test_one_query_counts_everything(customers, alice, django_assert_num_queries):
    turned = grid(alice, "g=country&p=status&a=sum:channels,ratio:asr&s=")
    turned.version()
    with django_assert_num_queries(1):
        assert turned.pivot.values == (Aggregate("sum", "channels"), Aggregate("ratio", "asr"))


def test_a_poll_says_when_figures_of_a_pivot_or_of_groups_have_moved(client_alice: Client):
    customer = make_customer(country="DE")
    for layout in ("g=country&p=status&a=sum:channels", "g=country"):
        set_figures(customer, channels=1)
        page = client_alice.get(f"{PATH}?{layout}&s=").content.decode()
        revision = re.search(r'data-revision="([^"]*)"', page)
        poll = f"{PATH}live/?{layout}&s=&ids="
        assert revision
        assert client_alice.get(poll, headers={"X-Since": revision[1]}).status_code == 204
        set_figures(customer, channels=7)
        assert client_alice.get(poll, headers={"X-Since": revision[1]}).json()["sums_changed"] is True
