"""The query string is the whole state: read without failing, written in one canonical form."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.db.models import Q
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grids.filters import Choice, SetFilter, Viewpoint
from grids.state import Filters, GridState, Rules, SortKey, read_state

STATUS = SetFilter([Choice("on", "On", Q(on=True)), Choice("off", "Off", Q(on=False))])


def column(label: str, *, sortable: bool = True, kind: SetFilter | None = None) -> SimpleNamespace:
    return SimpleNamespace(
        label=label,
        sortable=sortable,
        filter=kind,
        aliases=(),
        hidden=False,
        displayable=True,
        groupable=kind is not None,
        functions=("count",),
    )


VIEW = Viewpoint(datetime(2026, 11, 25, tzinfo=UTC), UTC, lambda: pytest.fail("no rows are needed"))
RULES = Rules(
    columns={"name": column("Name"), "asr": column("ASR"), "state": column("State", kind=STATUS)},
    default_sort=("name",),
    per_page=50,
    max_per_page=200,
    view=VIEW,
)


def read(query: str) -> GridState:
    return read_state(QueryDict(query), RULES)


def test_a_state_is_written_in_one_order_and_read_back_the_same():
    state = read("n=100&page=3&s=-asr,name&f.state=in:on&q=tel")
    assert state.query == "q=tel&f.state=in:on&s=-asr,name&page=3&n=100"
    assert read(state.query) == state
    assert state.notes == ()


def test_every_state_has_an_address_that_is_not_the_bare_one():
    assert read("s=").query == "s="
    assert read("page=1&n=50").query == "s=name"


def test_the_families_change_without_each_other():
    state = read("q=tel&f.state=in:on&s=-asr&page=3&n=100")
    sorted_anew = state.changed(sort=(SortKey("name"),))
    assert sorted_anew.filters == state.filters
    assert sorted_anew.place.page == 1
    assert sorted_anew.place.per_page == 100
    unfiltered = state.changed(filters=Filters())
    assert unfiltered.sort == state.sort
    assert state.changed(page=4).query == "q=tel&f.state=in:on&s=-asr&page=4&n=100"


@pytest.mark.parametrize(
    ("query", "key", "words"),
    [
        ("colour=red", "colour", "unknown"),
        ("f.colour=in:red", "f.colour", "no filter of this name"),
        ("f.name=in:x", "f.name", "no filter of this name"),
        ("f.state=on", "f.state", "Use one of: in:, not-in:"),
        ("f.state=in:", "f.state", "No value"),
        ("f.state=in:up", "f.state", "Choices: on, off"),
        ("s=colour", "s", "no column of this name"),
        ("page=two", "page", "no page number"),
        ("page=0", "page", "no page number"),
        ("n=5000", "n", "At most 200"),
        ("q=" + "x" * 300, "q", "first 200"),
        ("f.state=in:" + "on," * 400, "f.state", "longer than 500"),
    ],
)
def test_what_is_not_understood_becomes_a_note_that_says_why(query: str, key: str, words: str):
    state = read(query)
    assert [note.key for note in state.notes] == [key]
    assert words in state.notes[0].sentence
    assert read(state.query).notes == ()  # the canonical address is the way out of it


def test_the_answer_for_a_column_that_is_hidden_is_that_of_one_that_does_not_exist():
    hidden = read("f.credit=in:1&s=credit").notes
    absent = read("f.no_such=in:1&s=no_such").notes
    assert [note.sentence for note in hidden] == [note.sentence for note in absent]


def test_many_unknown_keys_are_few_chips():
    notes = read("&".join(f"k{n}=1" for n in range(100))).notes
    assert len(notes) == 9
    assert "92 more" in notes[-1].sentence


def test_only_as_many_sort_keys_and_rows_as_a_page_can_bear():
    rules = Rules({f"c{n}": column("C") for n in range(9)}, (), 50, 200, VIEW)
    state = read_state(QueryDict("s=" + ",".join(f"c{n}" for n in range(9)) + "&n=999999"), rules)
    assert len(state.sort) == 4
    assert state.place.per_page == 200


def test_a_nul_byte_never_reaches_the_database():
    state = read("q=a%00b&f.state=in:o%00n&x%00=%00")
    assert state.filters.q == "ab"
    assert "\x00" not in state.query
    assert all("\x00" not in note.key + note.value for note in state.notes)


def test_a_condition_is_said_in_words():
    assert read("f.state=in:on,off").filters.conditions[0].sentence == "State is On, Off"
    assert read("f.state=not-in:on").filters.conditions[0].sentence == "State is not On"


PIECES = st.sampled_from(
    [
        "q=", "any", "panel", "filters.", "state:on", "!", "<", '"', " OR ",
        "q", "s", "page", "n", "f.state", "f.name", "f.", "f.x", "in:", "not-in:", "on", "-", ",", "=", "&",
        "%00", "name", "__", "%", "+", "%F0%9F", "'", ";", "9" * 30, "\x00", "\ud7ff", " ",
    ]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join))
def test_no_query_string_can_make_reading_fail_and_what_is_read_is_stable(query: str):
    state = read(query)
    assert read(state.query).query == state.query
    assert 1 <= state.place.per_page <= 200
    assert state.place.page >= 1
