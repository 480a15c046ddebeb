"""The query string is the whole state of a grid, in families that are kept apart.

layout  c w pin g a p h d which columns, how wide, grouped how (see grids.layout)
filters q f.<column>      which rows; `f.<column>=any` joins that column's conditions by OR
sort    s                 in which order; `s=-asr,name`, and an empty `s=` is "no order of my own"
place   page n open panel where in them, rows a page, open row groups, and the panel that stands open;
        after before      the row that the page begins behind, or ends before (see grids.paging)
        v                 the saved view that was chosen (see grids.savedviews)

A saved view stores chosen families, and choosing it replaces only those. Nothing here fails on bad input:
what cannot be understood becomes a `Note`, shown as a chip that can be removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from grids.filters import ColumnFilter, Condition, FilterProblem, Viewpoint
from grids.language import searched, shortened
from grids.layout import KEYS as LAYOUT_KEYS
from grids.layout import Layout, read_layout
from grids.paging import split_word
from grids.typed import Fault, read_words

LONGEST_SEARCH = 200  # characters
LONGEST_TEXT = 1000  # characters of the text box, conditions included
MOST_SORT_KEYS = 4
MOST_CONDITIONS = 40
MOST_PER_COLUMN = 6
MOST_OPEN = 60  # row groups that stand open at once
MOST_NOTES = 8  # chips; more would bury the page
MOST_PAGES = 10_000_000
FILTER_PREFIX = "f."
ANY = "any"  # as a condition: one of this column's conditions is enough
FILTERS_PANEL = "filters"
COLUMNS_PANEL = "columns"
ENDS = ("after", "before")  # words of rows beside which a page begins
POLL_KEYS = ("ids", "since")  # what a poll sends beside the state


@dataclass(frozen=True)
class SortKey:
    """One column of the order."""

    column: str
    descending: bool = False

    @property
    def text(self) -> str:
        return f"-{self.column}" if self.descending else self.column


@dataclass(frozen=True)
class Note:
    """Something in the URL that was not understood: the key, its value, and a sentence for people."""

    key: str
    value: str
    sentence: str


@dataclass(frozen=True)
class Filters:
    """Which rows: words to search for and typed conditions.

    All columns with conditions must hold; of a column all of its conditions, or one if it is in `any_of`.
    """

    q: str = ""
    conditions: tuple[Condition, ...] = ()
    any_of: frozenset[str] = frozenset()

    def pairs(self) -> list[tuple[str, str]]:
        found = [("q", self.q)] if self.q else []
        for column in self.columns():
            key = FILTER_PREFIX + column
            found += [(key, one.text) for one in self.all_on(column)]
            found += [(key, ANY)] if self.is_any(column) else []
        return found

    @property
    def words(self) -> str:
        """What is searched for: `q` without its quotation marks."""
        return searched(self.q)

    def columns(self) -> list[str]:
        """The columns with conditions, each once."""
        return list(dict.fromkeys(one.column for one in self.conditions))

    def all_on(self, column: str) -> tuple[Condition, ...]:
        return tuple(one for one in self.conditions if one.column == column)

    def is_any(self, column: str) -> bool:
        return column in self.any_of and len(self.all_on(column)) > 1

    def on(self, column: str) -> Condition | None:
        """The first condition on `column`."""
        return next((one for one in self.conditions if one.column == column), None)

    def without(self, column: str) -> Filters:
        return replace(
            self,
            conditions=tuple(one for one in self.conditions if one.column != column),
            any_of=self.any_of - {column},
        )

    def having(self, conditions: Iterable[Condition], any_of: Iterable[str], order: Iterable[str]) -> Filters:
        """With these conditions in place of the former ones on their columns; columns stand in `order`."""
        fresh = tuple(conditions)
        named = {one.column for one in fresh}
        kept = tuple(one for one in self.conditions if one.column not in named)
        places = {name: place for place, name in enumerate(order)}
        return replace(
            self,
            conditions=tuple(sorted((*kept, *fresh), key=lambda one: places[one.column])),
            any_of=(self.any_of - named) | frozenset(any_of),
        )


@dataclass(frozen=True)
class Place:
    """Where in the rows: page from 1, rows a page, the open panel, and the column whose card stands open.

    opened_groups: paths of the row groups that stand open (see grids.groups), a path again for each time that
    more of its rows were asked for. after, before: the row that a page follows, or precedes, as a word; with
    it `page` is but how far that page was from the first one. view: id of a saved view.
    """

    page: int = 1
    per_page: int = 50
    panel: str = ""
    card: str = ""
    opened_groups: tuple[str, ...] = ()
    after: str = ""
    before: str = ""
    view: str = ""

    @property
    def opened(self) -> str:
        """How panel and card are written: `filters.country`."""
        return f"{self.panel}.{self.card}" if self.card else self.panel


class Columned(Protocol):
    """What the state must know of a column."""

    label: str
    sortable: bool
    filter: ColumnFilter | None
    aliases: tuple[str, ...]
    hidden: bool
    displayable: bool
    groupable: bool
    functions: tuple[str, ...]


@dataclass(frozen=True)
class Rules:
    """What a grid allows: its columns (only those the viewer may see), its caps, and who asks."""

    columns: Mapping[str, Columned]
    default_sort: tuple[str, ...]
    per_page: int
    max_per_page: int
    view: Viewpoint


@dataclass(frozen=True)
class GridState:
    """A parsed query string. Immutable: `changed()` gives another, `query` writes the canonical form.

    box: what the text box holds, if that is more than words to search for. faults: what in it is not
    understood. rewritten: words of the box have become conditions, so the address has to follow.
    """

    layout: Layout = field(default_factory=Layout)
    filters: Filters = field(default_factory=Filters)
    sort: tuple[SortKey, ...] = ()
    place: Place = field(default_factory=Place)
    default_per_page: int = 50
    notes: tuple[Note, ...] = ()
    box: str = ""
    faults: tuple[Fault, ...] = ()
    rewritten: bool = False

    @property
    def query(self) -> str:
        """The canonical query string: families in order, defaults of the place left out, never empty.

        `s` is always written, so that no state of a grid has a bare URL: that one means "my default".
        """
        return urlencode(self.pairs(), safe=":,")

    def pairs(self) -> list[tuple[str, str]]:
        """The query string as keys and values, in their order."""
        pairs = self.layout.pairs() + self.filters.pairs()
        pairs.append(("s", ",".join(key.text for key in self.sort)))
        if self.place.page != 1:
            pairs.append(("page", str(self.place.page)))
        if not self.layout.groups and not self.layout.is_pivot:
            ends = (("after", self.place.after), ("before", self.place.before))
            pairs += [(key, word) for key, word in ends if word]
        if self.place.per_page != self.default_per_page:
            pairs.append(("n", str(self.place.per_page)))
        if self.layout.groups and not self.layout.is_pivot:
            pairs += [("open", path) for path in self.place.opened_groups]
        if self.place.panel:
            pairs.append(("panel", self.place.opened))
        if self.place.view:
            pairs.append(("v", self.place.view))
        return pairs

    def changed(
        self,
        *,
        layout: Layout | None = None,
        filters: Filters | None = None,
        sort: tuple[SortKey, ...] | None = None,
        page: int | None = None,
        panel: str | None = None,
        card: str = "",
        opened: tuple[str, ...] | None = None,
        after: str = "",
        before: str = "",
        view: str | None = None,
    ) -> GridState:
        """Another state without notes; other rows or another order start at page 1.

        after, before: the row beside which another page begins; without either its number counts.
        """
        moved = filters is not None or sort is not None or layout is not None
        place = replace(self.place, page=page or (1 if moved else self.place.page))
        if moved or after or before or place.page != self.place.page:
            place = replace(place, after=after, before=before)
        if panel is not None:
            place = replace(place, panel=panel, card=card)
        if view is not None:
            place = replace(place, view=view)
        if opened is not None:
            place = replace(place, opened_groups=opened)
        return replace(
            self,
            layout=self.layout if layout is None else layout,
            filters=self.filters if filters is None else filters,
            sort=self.sort if sort is None else sort,
            place=place,
            notes=(),
            box="",
            faults=(),
            rewritten=False,
        )

    def from_start(self) -> GridState:
        """The same on its first page."""
        return self.changed(filters=self.filters)

    def sorted_on(self, column: str) -> SortKey | None:
        return next((key for key in self.sort if key.column == column), None)


def read_state(params: QueryDict, rules: Rules) -> GridState:
    """The state that a query string means under `rules`; never raises, whatever the query string is."""
    notes: list[Note] = []
    known = {"q", "s", "page", "n", "open", "panel", "v", *ENDS, *LAYOUT_KEYS, *POLL_KEYS}
    conditions: list[Condition] = []
    any_of: set[str] = set()
    for key, values in params.lists():
        if key.startswith(FILTER_PREFIX):
            conditions += _conditions(key, values, rules, notes, any_of)
        elif key not in known:
            notes.append(_note(key, values[-1] if values else "", _("This part of the address is unknown.")))
    if len(conditions) > MOST_CONDITIONS:
        notes.append(_note("f.", "", _("Only the first %(n)d conditions are used.") % {"n": MOST_CONDITIONS}))
    filters = Filters().having(conditions[:MOST_CONDITIONS], any_of, rules.columns)
    text = re.sub(r"\s", " ", _clean(params.get("q", ""))).strip()[:LONGEST_TEXT]
    reading = read_words(text, rules.columns, rules.view)
    if reading.conditions:
        filters = filters.having(reading.conditions, reading.any_of, rules.columns)
    return GridState(
        layout=read_layout(params, rules.columns, lambda *found: notes.append(_note(*found))),
        filters=replace(filters, q=_search(reading.q, notes)),
        sort=_sort(params, rules, notes),
        place=_place(params, rules, notes),
        default_per_page=rules.per_page,
        notes=tuple(_few(notes)),
        box=text if reading.faults else "",
        faults=reading.faults,
        rewritten=bool(reading.conditions),
    )


def _clean(value: str) -> str:
    """Without NUL, which PostgreSQL cannot store or compare."""
    return value.replace("\x00", "")


def _note(key: str, value: str, sentence: str) -> Note:
    return Note(_clean(key)[:60], _clean(value)[:60], sentence)


def _few(notes: list[Note]) -> list[Note]:
    rest = len(notes) - MOST_NOTES
    if rest <= 0:
        return notes
    return [
        *notes[:MOST_NOTES],
        Note("…", "", _("%(n)d more parts of the address are unknown.") % {"n": rest}),
    ]


def _conditions(
    key: str, values: Iterable[str], rules: Rules, notes: list[Note], any_of: set[str]
) -> list[Condition]:
    name = key.removeprefix(FILTER_PREFIX)
    column = rules.columns.get(name)
    found: list[Condition] = []
    for raw in list(values)[:MOST_CONDITIONS]:
        if column is None or column.filter is None:
            # The same words for "no such column" and "not yours": the answer must not tell them apart.
            notes.append(_note(key, raw, _("There is no filter of this name.")))
            continue
        if raw == ANY:
            any_of.add(name)
            continue
        try:
            one = column.filter.condition(name, str(column.label), _clean(raw))
        except FilterProblem as problem:
            notes.append(_note(key, raw, str(problem)))
            continue
        if one not in found:
            found.append(one)
    if len(found) > MOST_PER_COLUMN:
        notes.append(
            _note(
                key, "", _("Only the first %(n)d conditions of a column are used.") % {"n": MOST_PER_COLUMN}
            )
        )
    return found[:MOST_PER_COLUMN]


def _search(q: str, notes: list[Note]) -> str:
    if len(q) <= LONGEST_SEARCH:
        return q
    notes.append(
        _note("q", q, _("Only the first %(n)d characters are searched for.") % {"n": LONGEST_SEARCH})
    )
    return shortened(q, LONGEST_SEARCH)


def _sort(params: QueryDict, rules: Rules, notes: list[Note]) -> tuple[SortKey, ...]:
    if "s" not in params:
        return sort_keys(rules.default_sort)
    keys: dict[str, SortKey] = {}
    for part in params.get("s", "")[:LONGEST_SEARCH].split(","):
        key = SortKey(part.lstrip("-"), part.startswith("-"))
        column = rules.columns.get(key.column)
        if not part or key.column in keys:
            continue
        if column is None or not column.sortable:
            notes.append(_note("s", part, _("There is no column of this name to sort by.")))
        elif len(keys) == MOST_SORT_KEYS:
            notes.append(
                _note("s", part, _("At most %(n)d columns can be sorted by.") % {"n": MOST_SORT_KEYS})
            )
        else:
            keys[key.column] = key
    return tuple(keys.values())


def sort_keys(names: Iterable[str]) -> tuple[SortKey, ...]:
    """("-asr", "name") as sort keys."""
    return tuple(SortKey(name.lstrip("-"), name.startswith("-")) for name in names)


def _number(raw: str) -> int | None:
    """A plain whole number of at most 9 digits; more digits are no page anybody asked for."""
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None


def _place(params: QueryDict, rules: Rules, notes: list[Note]) -> Place:
    panel, card = _panel(params, rules, notes)
    opened = tuple(
        _clean(path) for path in params.getlist("open")[:MOST_OPEN] if 0 < len(path) <= LONGEST_TEXT
    )
    after, before = (_end(params, key, notes) for key in ENDS)
    return Place(
        _page(params, notes),
        _per_page(params, rules, notes),
        panel,
        card,
        opened,
        after,
        before if not after else "",
        _view(params, notes),
    )


def _view(params: QueryDict, notes: list[Note]) -> str:
    raw = params.get("v", "")
    if raw and _number(raw) is None:
        notes.append(_note("v", raw, _("This names no saved view.")))
        return ""
    return raw


def _end(params: QueryDict, key: str, notes: list[Note]) -> str:
    """The word of a row; whether it fits the order shows when rows are asked for."""
    word = params.get(key, "")
    if word and split_word(word) is None:
        notes.append(_note(key, word, _("This names no row of the list.")))
        return ""
    return word


def _panel(params: QueryDict, rules: Rules, notes: list[Note]) -> tuple[str, str]:
    raw = params.get("panel", "")
    panel, _dot, card = raw.partition(".")
    if not raw:
        return "", ""
    if panel == COLUMNS_PANEL and not card:
        return panel, ""
    if panel != FILTERS_PANEL:
        notes.append(_note("panel", raw, _("There is no panel of this name.")))
        return "", ""
    column = rules.columns.get(card)
    if card and (column is None or column.filter is None):
        notes.append(_note("panel", raw, _("There is no filter of this name.")))
        return panel, ""
    return panel, card


def _page(params: QueryDict, notes: list[Note]) -> int:
    raw = params.get("page", "1")
    page = _number(raw)
    if page is None or page < 1:
        notes.append(_note("page", raw, _("This is no page number. Page 1 is shown.")))
        return 1
    return min(page, MOST_PAGES)


def _per_page(params: QueryDict, rules: Rules, notes: list[Note]) -> int:
    raw = params.get("n")
    if raw is None:
        return rules.per_page
    wanted = _number(raw)
    if wanted is None or wanted < 1:
        notes.append(_note("n", raw, _("This is no number of rows.")))
        return rules.per_page
    if wanted > rules.max_per_page:
        notes.append(_note("n", raw, _("At most %(n)d rows fit on a page.") % {"n": rules.max_per_page}))
    return min(wanted, rules.max_per_page)


def values_of(conditions: Iterable[Condition], column: str) -> list[Any]:
    """Every value that conditions on `column` name; menus mark them as chosen."""
    return [value for one in conditions if one.column == column for value in one.values]
