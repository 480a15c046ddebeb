"""The query string is the whole state of a grid, in families that are kept apart.

layout  c w pin g a p d   which columns, how wide, grouped how (arrives with the columns panel)
filters q f.<column>      which rows
sort    s                 in which order; `s=-asr,name`, and an empty `s=` is "no order of my own"
place   page n            where in them, and how many rows a page

A saved view will store chosen families and applying it replaces only those. Nothing here fails on bad input:
what cannot be understood becomes a `Note`, shown as a chip that can be removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from grids.filters import ColumnFilter, Condition, FilterProblem

LONGEST_SEARCH = 200  # characters
MOST_SORT_KEYS = 4
MOST_CONDITIONS = 40
MOST_NOTES = 8  # chips; more would bury the page
MOST_PAGES = 10_000_000
FILTER_PREFIX = "f."
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
class Layout:
    """Which columns, and how they stand. Empty until the columns panel brings its keys."""

    def pairs(self) -> list[tuple[str, str]]:
        return []


@dataclass(frozen=True)
class Filters:
    """Which rows: free text and typed conditions, all of which must hold."""

    q: str = ""
    conditions: tuple[Condition, ...] = ()

    def pairs(self) -> list[tuple[str, str]]:
        searched = [("q", self.q)] if self.q else []
        return searched + [(FILTER_PREFIX + one.column, one.text) for one in self.conditions]

    def on(self, column: str) -> Condition | None:
        """The first condition on `column`."""
        return next((one for one in self.conditions if one.column == column), None)

    def without(self, column: str) -> Filters:
        return replace(self, conditions=tuple(one for one in self.conditions if one.column != column))


@dataclass(frozen=True)
class Place:
    """Where in the rows: page from 1, and rows a page."""

    page: int = 1
    per_page: int = 50


class Columned(Protocol):
    """What the state must know of a column."""

    label: str
    sortable: bool
    filter: ColumnFilter | None


@dataclass(frozen=True)
class Rules:
    """What a grid allows: its columns (only those the viewer may see), and its caps."""

    columns: Mapping[str, Columned]
    default_sort: tuple[str, ...]
    per_page: int
    max_per_page: int


@dataclass(frozen=True)
class GridState:
    """A parsed query string. Immutable: `changed()` gives another, `query` writes the canonical form."""

    layout: Layout = field(default_factory=Layout)
    filters: Filters = field(default_factory=Filters)
    sort: tuple[SortKey, ...] = ()
    place: Place = field(default_factory=Place)
    default_per_page: int = 50
    notes: tuple[Note, ...] = ()

    @property
    def query(self) -> str:
        """The canonical query string: families in order, defaults of the place left out, never empty.

        `s` is always written, so that no state of a grid has a bare URL: that one means "my default".
        """
        pairs = self.layout.pairs() + self.filters.pairs()
        pairs.append(("s", ",".join(key.text for key in self.sort)))
        if self.place.page != 1:
            pairs.append(("page", str(self.place.page)))
        if self.place.per_page != self.default_per_page:
            pairs.append(("n", str(self.place.per_page)))
        return urlencode(pairs, safe=":,")

    def changed(
        self,
        *,
        filters: Filters | None = None,
        sort: tuple[SortKey, ...] | None = None,
        page: int | None = None,
    ) -> GridState:
        """Another state without notes; other rows or another order start at page 1."""
        moved = filters is not None or sort is not None
        place = replace(self.place, page=page or (1 if moved else self.place.page))
        return replace(
            self,
            filters=self.filters if filters is None else filters,
            sort=self.sort if sort is None else sort,
            place=place,
            notes=(),
        )

    def sorted_on(self, column: str) -> SortKey | None:
        return next((key for key in self.sort if key.column == column), None)


def read_state(params: QueryDict, rules: Rules) -> GridState:
    """The state that a query string means under `rules`; never raises, whatever the query string is."""
    notes: list[Note] = []
    known = {"q", "s", "page", "n", *POLL_KEYS}
    conditions: list[Condition] = []
    for key, values in params.lists():
        if key.startswith(FILTER_PREFIX):
            conditions += _conditions(key, values, rules, notes)
        elif key not in known:
            notes.append(_note(key, values[-1] if values else "", _("This part of the address is unknown.")))
    if len(conditions) > MOST_CONDITIONS:
        notes.append(_note("f.", "", _("Only the first %(n)d conditions are used.") % {"n": MOST_CONDITIONS}))
    order = {name: place for place, name in enumerate(rules.columns)}
    conditions = sorted(conditions[:MOST_CONDITIONS], key=lambda one: order[one.column])
    return GridState(
        filters=Filters(q=_search(params, notes), conditions=tuple(conditions)),
        sort=_sort(params, rules, notes),
        place=Place(page=_page(params, notes), per_page=_per_page(params, rules, notes)),
        default_per_page=rules.per_page,
        notes=tuple(_few(notes)),
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


def _conditions(key: str, values: Iterable[str], rules: Rules, notes: list[Note]) -> list[Condition]:
    name = key.removeprefix(FILTER_PREFIX)
    column = rules.columns.get(name)
    found = []
    for raw in list(values)[:MOST_CONDITIONS]:
        if column is None or column.filter is None:
            # The same words for "no such column" and "not yours": the answer must not tell them apart.
            notes.append(_note(key, raw, _("There is no filter of this name.")))
            continue
        try:
            found.append(column.filter.condition(name, str(column.label), _clean(raw)))
        except FilterProblem as problem:
            notes.append(_note(key, raw, str(problem)))
    return found


def _search(params: QueryDict, notes: list[Note]) -> str:
    q = " ".join(_clean(params.get("q", "")).split())
    if len(q) > LONGEST_SEARCH:
        notes.append(
            _note("q", q, _("Only the first %(n)d characters are searched for.") % {"n": LONGEST_SEARCH})
        )
    return q[:LONGEST_SEARCH].strip()


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
