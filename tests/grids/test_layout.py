"""The layout family of the address: read, refused in words, written back canonically."""

import pytest
from django.http import QueryDict

from customers.grids import CustomerGrid
from grids.layout import Aggregate, Layout, read_layout

COLUMNS = CustomerGrid.declared


def read(query: str) -> tuple[Layout, list[tuple[str, str, str]]]:
    refused: list[tuple[str, str, str]] = []
    layout = read_layout(QueryDict(query), COLUMNS, lambda *found: refused.append(found))
    return layout, refused


def test_everything_is_read_and_written_back():
    query = (
        "c=name,currency,credit&w=name:220,credit:90&pin=name"
        "&g=currency,status&a=sum:credit,ratio:asr&p=country&d=compact"
    )
    layout, refused = read(query)
    assert refused == []
    assert layout.columns == ("name", "currency", "credit")
    assert layout.groups == ("currency", "status")
    assert layout.values == (Aggregate("sum", "credit"), Aggregate("ratio", "asr"))
    assert layout.is_pivot
    assert "&".join(f"{key}={text}" for key, text in layout.pairs()) == query


def test_the_declared_layout_has_no_keys():
    shown = ",".join(name for name, one in COLUMNS.items() if one.displayable and not one.hidden)
    assert read(f"c={shown}")[0].pairs() == []
    assert read("")[0] == Layout()


def test_nothing_pinned_differs_from_pinned_as_declared():
    assert read("pin=")[0].pairs() == [("pin", "")]
    assert read("")[0].pinned is None


@pytest.mark.parametrize(
    ("query", "key", "value", "word"),
    [
        ("c=name,nonsense", "c", "nonsense", "no such column"),
        ("c=warnings", "c", "warnings", "no such column"),
        ("w=name:wide", "w", "name:wide", "no width"),
        ("w=name:-5", "w", "name:-5", "no width"),
        ("w=name:٣٣", "w", "name:٣٣", "no width"),
        ("g=name", "g", "name", "no such column"),
        ("a=sum:name", "a", "sum:name", "Values: count, distinct"),
        ("a=__class__:credit", "a", "__class__:credit", "no such value"),
        ("a=credit", "a", "credit", "no such column"),
        ("p=balance__gt", "p", "balance__gt", "no such column"),
        ("d=tiny", "d", "tiny", "compact"),
    ],
)
def test_what_cannot_be_is_said_and_left_out(query, key, value, word):
    _layout, refused = read(query)
    [(found_key, found_value, sentence)] = refused
    assert (found_key, found_value) == (key, value)
    assert word in sentence


def test_widths_stay_within_reason():
    assert read("w=name:1,credit:99999")[0].widths == (("name", 40), ("credit", 800))


def test_a_column_stands_once_and_levels_are_few():
    layout, refused = read("c=name,name&g=currency,status,country,portal,manager")
    assert layout.columns == ("name",)
    assert layout.groups == ("currency", "status", "country", "portal")
    assert [(key, value) for key, value, _why in refused] == [("g", "manager")]
