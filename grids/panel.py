"""The filters panel: one card for each column with conditions, and the form it makes of them.

The panel is a plain `<form>` whose fields are read here and become conditions as they stand in a URL:

    card    a column that has a card          o.<column>  operator, one for each condition
    v.<column>  value; of a set, each one     w.<column>  second value of a range
    j.<column>  "any" for OR                  m.<column>  what a list of values is searched for
    apply   marks the form

What is still incomplete is no condition and no fault: its card waits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.http import QueryDict

from grids.facets import Entry, Facet, facets
from grids.filters import ColumnFilter, SetFilter, ValuesFilter
from grids.state import ANY, FILTER_PREFIX, FILTERS_PANEL, MOST_PER_COLUMN, Note
from grids.typed import spoken_names

if TYPE_CHECKING:
    from grids.grid import Grid

MARK = "apply"
MOST_CARDS = 40
SPANS = ("prev", "older")
FORM_KEY = re.compile(r"(?:card|apply|[ovwjm]\.\w+)\Z")
DAY = re.compile(r"\d{4}-\d\d-\d\d|today|yesterday")
SPAN = re.compile(r"-?\d{1,5}[hdw]")
NO_FACET = Facet()


@dataclass(frozen=True)
class Draft:
    """One line of a card as it was sent: operator and values, complete or not."""

    operator: str
    values: tuple[str, ...] = ()

    @property
    def raw(self) -> str:
        """How it would stand in a URL."""
        return f"{self.operator}:{','.join(self.values)}"


@dataclass(frozen=True)
class Form:
    """A panel as sent. params: the query string it means. cards: their lines. sought: their searches."""

    params: QueryDict
    cards: Mapping[str, tuple[Draft, ...]] = field(default_factory=dict)
    sought: Mapping[str, str] = field(default_factory=dict)
    sent: bool = False


def read_form(params: QueryDict) -> Form:
    """The form in a query string; without one the query string itself."""
    if MARK not in params:
        return Form(params)
    plain = QueryDict(mutable=True)
    for key, values in params.lists():
        if not FORM_KEY.match(key):
            plain.setlist(key, values)
    cards: dict[str, tuple[Draft, ...]] = {}
    for name in list(dict.fromkeys(params.getlist("card")))[:MOST_CARDS]:
        cards[name] = drafts = _drafts(params, name)
        for draft in drafts:
            if _complete(draft):
                plain.appendlist(FILTER_PREFIX + name, draft.raw)
        if params.get(f"j.{name}") == ANY:
            plain.appendlist(FILTER_PREFIX + name, ANY)
    sought = {name: params.get(f"m.{name}", "")[:100].replace("\x00", "") for name in cards}
    return Form(plain, cards, sought, sent=True)


def _drafts(params: QueryDict, name: str) -> tuple[Draft, ...]:
    operators = params.getlist(f"o.{name}")[:MOST_PER_COLUMN]
    firsts, seconds = params.getlist(f"v.{name}"), params.getlist(f"w.{name}")
    if len(operators) == 1 and operators[0] in ("in", "not-in"):
        return (Draft(operators[0], tuple(firsts)),)
    found = []
    for i, operator in enumerate(operators):
        first = firsts[i].strip() if i < len(firsts) else ""
        second = seconds[i].strip() if i < len(seconds) else ""
        if operator in ("blank", "not-blank"):
            values: tuple[str, ...] = ()
        elif operator == "between":
            values = (_fits(operator, first), _fits(operator, second))
        else:
            values = (_fits(operator, first),)
        found.append(Draft(operator, values))
    return tuple(found)


def _fits(operator: str, value: str) -> str:
    """Nothing where the operator was changed from days to spans of time, or back, over the value."""
    other = DAY if operator in SPANS else SPAN
    if operator in (*SPANS, "on", "before", "until", "after", "from", "between") and other.fullmatch(value):
        return ""
    return value


def _complete(draft: Draft) -> bool:
    return draft.operator in ("blank", "not-blank") or bool(draft.values and all(draft.values))


# -- what is drawn ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One condition on a card. type: of its inputs. problem: why it is not understood."""

    operator: str
    first: str
    second: str
    takes: int
    type: str
    problem: str = ""


@dataclass(frozen=True)
class Card:
    """One column of the panel. open: unfolded. summary: its conditions in words."""

    name: str
    label: str
    kind: str
    open: bool
    summary: str
    operators: tuple[tuple[str, Any], ...]
    lines: tuple[Line, ...]
    is_any: bool
    remove_url: str
    unit: str = ""
    hint: str = ""
    sought: str = ""
    facet: Facet = NO_FACET
    picked: frozenset[str] = frozenset()
    further: tuple[str, ...] = ()


@dataclass(frozen=True)
class Panel:
    """cards: in the order of the columns. folds: the columns without one. kept: the rest of the address."""

    cards: tuple[Card, ...]
    folds: tuple[dict[str, Any], ...]
    kept: tuple[tuple[str, str], ...]
    close_url: str
    clear_url: str


def panel_of(grid: Grid, form: Form) -> Panel | None:
    """The open panel, or None."""
    place = grid.state.place
    if place.panel != FILTERS_PANEL:
        return None
    columns = {name: column for name, column in grid.filterable.items() if column.filter is not None}
    wanted = {*grid.state.filters.columns(), *form.cards, place.card}
    names = [name for name in columns if name in wanted]
    kinds = {name: columns[name].filter for name in names}
    sets = {
        name: form.sought.get(name, "")
        for name, kind in kinds.items()
        if isinstance(kind, ValuesFilter | SetFilter)
    }
    found = facets(grid, sets) if sets else {}
    cards = tuple(_card(grid, name, form, found.get(name, Facet())) for name in names)
    shown = set(names)
    kept = tuple(
        (key, value)
        for key, value in _pairs(grid)
        if not (key.startswith(FILTER_PREFIX) and key.removeprefix(FILTER_PREFIX) in shown)
    )
    folds = tuple(
        {"name": name, "label": column.label, "url": card_url(grid, name)}
        for name, column in columns.items()
        if name not in shown
    )
    without = grid.state.changed(filters=type(grid.state.filters)(q=grid.state.filters.q))
    return Panel(
        cards, folds, kept, grid.url_of(grid.state.changed(panel="")),
        grid.url_of(without.changed(panel=FILTERS_PANEL)),
    )  # fmt: skip


def _pairs(grid: Grid) -> list[tuple[str, str]]:
    params = QueryDict(grid.state.from_start().query)
    return [(key, value) for key, values in params.lists() for value in values]


def card_url(grid: Grid, name: str) -> str:
    """Where the panel stands open with the card of one column unfolded."""
    return grid.url_of(grid.state.changed(panel=FILTERS_PANEL, card=name))


def faults_of(grid: Grid, form: Form, name: str) -> list[Note]:
    """What in a card is not understood; it is said there instead of by a chip."""
    return [note for note in grid.state.notes if form.sent and note.key == FILTER_PREFIX + name]


def _card(grid: Grid, name: str, form: Form, facet: Facet) -> Card:
    column = grid.filterable[name]
    kind = column.filter
    assert kind is not None, "only columns with a filter have a card"
    state = grid.state
    conditions = state.filters.all_on(name)
    problems = {note.value: note.sentence for note in faults_of(grid, form, name)}
    lines = [_line(kind, one.operator, kind.inputs(one.operator, one.values)) for one in conditions]
    lines += [
        _line(kind, draft.operator, draft.values, problems.get(draft.raw[:60], ""))
        for draft in form.cards.get(name, ())
        if not _complete(draft) or draft.raw[:60] in problems
    ]
    is_set = kind.kind == "set"
    if is_set:
        lines = lines[:1]
    if not lines or (not is_set and kind.kind != "choice" and conditions and len(lines) < 2):
        usual = next(iter(kind.operators))
        lines.append(_line(kind, usual, ()))  # an empty line invites the next condition
    filters = state.filters.without(name)
    first = conditions[0] if conditions else None
    return Card(
        name=name,
        label=str(column.label),
        kind=kind.kind,
        open=not state.place.card or state.place.card == name or bool(problems),
        summary=grid.sentence(name)[0] if conditions else "",
        operators=tuple((key, operator.words) for key, operator in kind.operators.items()),
        lines=tuple(lines),
        is_any=state.filters.is_any(name),
        remove_url=grid.url_of(state.changed(filters=filters).changed(panel=FILTERS_PANEL)),
        unit=str(getattr(kind, "unit", "")),
        hint=str(kind.hint),
        sought=form.sought.get(name, ""),
        facet=facet,
        picked=frozenset(kind.plain(value) for value in first.values) if is_set and first else frozenset(),
        further=tuple(one.text for one in conditions[1:]) if is_set else (),
    )


def picked_card(grid: Grid, name: str, facet: Facet) -> dict[str, Any]:
    """What the list of values of one card needs, without the card."""
    kind, first = grid.filterable[name].filter, grid.state.filters.on(name)
    picked = {kind.plain(value) for value in first.values} if kind and first else set()
    return {"name": name, "label": grid.filterable[name].label, "facet": facet, "picked": picked}


def _line(kind: ColumnFilter, operator: str, values: tuple[str, ...], problem: str = "") -> Line:
    if operator not in kind.operators:
        operator = next(iter(kind.operators))
    takes = min(2, kind.operators[operator].takes)
    first, second = (*values, "", "")[:2]
    input_type = "text"
    if kind.kind == "moment" and operator not in SPANS and first not in ("today", "yesterday"):
        input_type = "date"
    return Line(operator, first, second, takes, input_type, problem)


# -- what the text box is offered ----------------------------------------------------------------------------


def columns_named(grid: Grid, text: str) -> list[tuple[str, str]]:
    """Columns whose name or label holds `text`, as (what to write, label); those that begin so first."""
    found: dict[str, tuple[bool, str, str]] = {}
    sought = text.lower().replace("-", "_")
    for spoken, name in spoken_names(grid.filterable).items():
        if sought in spoken and name not in found:
            found[name] = (not spoken.startswith(sought), spoken if spoken.startswith(sought) else name,
                           str(grid.filterable[name].label))  # fmt: skip
    return [(written, label) for _late, written, label in sorted(found.values(), key=lambda one: one[0])]


def entries_of(grid: Grid, name: str, text: str) -> tuple[Entry, ...]:
    """Values of one set filter whose label holds `text`."""
    return facets(grid, {name: text})[name].entries
