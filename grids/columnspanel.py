"""The columns panel: which columns, their order and width, row groups, values and column labels.

A plain `<form>`, and links for what a header menu or a drag asks for; both end at the canonical address.

    cols    marks a list of columns: `col`, repeated, in order     show, hide, up, down, topin   of one column
    move    a column that goes before another (`before`; "": last)  width   `name:pixels`
    addg, addp, adda    what a zone gains: a column, or `function:column`
    drop    `g:name`, `p:name` or `a:function:name`                 fn      `old>new`, another function
    reset   back to how the grid is declared
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from grids.aggregates import NAMES, values_of
from grids.layout import Aggregate, Layout, read_layout
from grids.state import COLUMNS_PANEL, FILTERS_PANEL

if TYPE_CHECKING:
    from grids.columns import Column
    from grids.grid import Grid

MARK, APPLY = "apply", "columns"
COMMANDS = ("cols", "col", "show", "hide", "up", "down", "topin", "move", "before", "width", "addg", "addp",
            "adda", "drop", "fn", "reset")  # fmt: skip


def is_sent(params: QueryDict) -> bool:
    """Whether a query string is this form, or a link that stands for it."""
    return params.get(MARK) == APPLY


def plain(params: QueryDict) -> QueryDict:
    """The state that the form was sent from: the query string without commands."""
    found = QueryDict(mutable=True)
    for key, values in params.lists():
        if key not in COMMANDS and key != MARK:
            found.setlist(key, values)
    return found


def commanded(grid: Grid, params: QueryDict) -> QueryDict:
    """The query string that the commands in `params` make of the state of `grid`.

    What a command names and this viewer does not have changes nothing; the canonical address says so by what
    it shows.
    """
    layout = _Commands(grid, params).obey()
    return QueryDict(grid.state.changed(layout=layout, page=1).query)


class _Commands:
    def __init__(self, grid: Grid, params: QueryDict) -> None:
        self.columns: Mapping[str, Column] = grid.filterable
        self.layout = grid.state.layout
        self.shown = list(grid.columns)
        self.values = list(values_of(grid))
        self.params = params

    def obey(self) -> Layout:
        if self.params.get("reset"):
            return Layout()
        if "cols" in self.params:
            self.shown = self._known(self.params.getlist("col")) or self.shown
        for command, act in self._acts().items():
            if value := self.params.get(command, ""):
                act(value)
        return self._checked()

    def _acts(self) -> dict[str, Callable[[str], None]]:
        return {
            "show": lambda name: self.shown.append(name),
            "hide": self._hide,
            "up": lambda name: self._shift(name, -1),
            "down": lambda name: self._shift(name, 1),
            "move": lambda name: self._move(name, self.params.get("before", "")),
            "topin": self._pin,
            "width": lambda text: self._change(widths=(*self._other_widths(text), tuple(text.split(":", 1)))),
            "addg": lambda name: self._change(groups=(*self.layout.groups, name)),
            "addp": lambda name: self._change(labels=(*self.layout.labels, name)),
            "adda": lambda text: self._set_values([*self.values, Aggregate(*text.partition(":")[::2])]),
            "drop": self._drop,
            "fn": self._another_function,
        }

    def _known(self, names: list[str]) -> list[str]:
        return [
            name for name in dict.fromkeys(names) if name in self.columns and self.columns[name].displayable
        ]

    def _change(self, **fields: Any) -> None:
        self.layout = self.layout.changed(**fields)

    def _hide(self, name: str) -> None:
        if len(self.shown) > 1:  # a list of nothing is no list
            self.shown = [one for one in self.shown if one != name]

    def _shift(self, name: str, step: int) -> None:
        if name in self.shown:
            at = self.shown.index(name)
            to = min(max(at + step, 0), len(self.shown) - 1)
            self.shown.insert(to, self.shown.pop(at))

    def _move(self, name: str, before: str) -> None:
        others = [one for one in self.shown if one != name]
        at = others.index(before) if before in others else len(others)
        self.shown = [*others[:at], name, *others[at:]]

    def _pin(self, name: str) -> None:
        """A pinned column stands before all that are not."""
        pinned = [one for one in self.layout.pinned or () if one in self.shown]
        pinned = [one for one in pinned if one != name] if name in pinned else [*pinned, name]
        self.shown = [*pinned, *(one for one in self.shown if one not in pinned)]
        self._change(pinned=tuple(pinned) or None)

    def _other_widths(self, text: str) -> list[tuple[str, int]]:
        name = text.partition(":")[0]
        return [pair for pair in self.layout.widths if pair[0] != name]

    def _set_values(self, values: list[Aggregate]) -> None:
        self.values = values
        self._change(values=tuple(values))

    def _drop(self, text: str) -> None:
        zone, _colon, what = text.partition(":")
        if zone == "g":
            self._change(groups=tuple(name for name in self.layout.groups if name != what))
        elif zone == "p":
            self._change(labels=tuple(name for name in self.layout.labels if name != what))
        elif zone == "a":
            self._set_values([value for value in self.values if value.text != what])

    def _another_function(self, text: str) -> None:
        """Each select sends its own; only one of them names another function than it had."""
        for one in self.params.getlist("fn"):
            old, _sign, new = one.partition(">")
            if old != new:
                fresh = Aggregate(*new.partition(":")[::2])
                self._set_values([fresh if value.text == old else value for value in self.values])

    def _checked(self) -> Layout:
        """Through the same door as an address, so that nothing gets in that an address could not say."""
        wanted = self.layout.changed(columns=tuple(self.shown))
        written = [(key, text if isinstance(text, str) else str(text)) for key, text in wanted.pairs()]
        return read_layout(QueryDict(urlencode(written)), self.columns, lambda *_refused: None)


# -- what is drawn ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One column in the list."""

    name: str
    label: str
    shown: bool
    pinned: bool


@dataclass(frozen=True)
class Zone:
    """Row groups, values or column labels. items: what stands in it; options: what can be added."""

    key: str
    title: Any
    items: tuple[dict[str, Any], ...]
    options: tuple[tuple[str, str], ...]
    hint: Any = ""


@dataclass(frozen=True)
class ColumnsPanel:
    """The whole panel. kept: the rest of the address, as hidden fields."""

    lines: tuple[Line, ...]
    zones: tuple[Zone, ...]
    kept: tuple[tuple[str, str], ...]
    close_url: str
    filters_url: str
    reset_url: str
    pivot_url: str
    is_pivot: bool


def panel_of(grid: Grid) -> ColumnsPanel | None:
    """The open panel, or None."""
    if grid.state.place.panel != COLUMNS_PANEL:
        return None
    layout = grid.state.layout
    pinned = layout.pinned or ()
    rest = [
        name for name, column in grid.filterable.items() if column.displayable and name not in grid.columns
    ]
    lines = [
        Line(name, str(grid.filterable[name].label), name in grid.columns, name in pinned)
        for name in (*grid.columns, *rest)
    ]
    state = grid.state.from_start()
    kept = tuple(
        (key, value) for key, values in QueryDict(state.query).lists() if key != "c" for value in values
    )
    return ColumnsPanel(
        lines=tuple(lines),
        zones=zones(grid),
        kept=kept,
        close_url=grid.url_of(grid.state.changed(panel="")),
        filters_url=grid.url_of(grid.state.changed(panel=FILTERS_PANEL)),
        reset_url=command_url(grid, reset="1"),
        pivot_url=pivot_url(grid),
        is_pivot=layout.is_pivot,
    )


def zones(grid: Grid) -> tuple[Zone, ...]:
    """The three zones under the list."""
    layout, columns = grid.state.layout, grid.filterable
    groupable = [(name, str(column.label)) for name, column in columns.items() if column.groupable]

    def named(names: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
        return tuple({"key": name, "label": columns[name].label} for name in names)

    def free(taken: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        return tuple(pair for pair in groupable if pair[0] not in taken)

    values = layout.values if layout.is_pivot else values_of(grid) if layout.groups else layout.values
    taken = {value.text for value in values}
    options = [
        (f"{column.functions[0]}:{name}", str(column.label))
        for name, column in columns.items()
        if column.sums_by_itself and f"{column.functions[0]}:{name}" not in taken
    ]
    items = tuple(
        {
            "key": value.text,
            "label": columns[value.column].label,
            "functions": [
                (f"{value.text}>{function}:{value.column}", NAMES[function], function == value.function)
                for function in columns[value.column].functions
            ],
        }
        for value in values
    )
    return (
        Zone("g", _("Row groups"), named(layout.groups), free(layout.groups)),
        Zone("a", _("Values"), items, tuple(options), _("Number of rows") if layout.is_pivot else ""),
        Zone("p", _("Column labels (pivot)"), named(layout.labels), free(layout.labels)),
    )


def pivot_url(grid: Grid) -> str:
    """Into a pivot, by the first column that can give labels; or out of it, to the flat list."""
    layout = grid.state.layout
    if layout.is_pivot:
        return grid.url_of(grid.state.changed(layout=layout.flat()))
    free = [
        name for name, column in grid.filterable.items() if column.groupable and name not in layout.groups
    ]
    return grid.url_of(grid.state.changed(layout=layout.changed(labels=tuple(free[:1]))))


def command_url(grid: Grid, **commands: str) -> str:
    """Where a link leads that changes the layout."""
    pairs = [(MARK, APPLY), *commands.items()]
    return f"{grid.path}?{urlencode(pairs)}&{grid.state.from_start().query}"
