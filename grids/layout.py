"""How the columns of a grid stand: which, in what order, how wide, pinned, grouped, summed up, pivoted.

One family of the query string (see grids.state): c w pin g a p h d z. Only what differs from the
declaration is written, so that a grid which gains a column shows it in old links too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from django.http import QueryDict
from django.utils.translation import gettext as _

KEYS = ("c", "w", "pin", "g", "a", "p", "h", "d", "z")
MOST_GROUPS = 4  # levels
MOST_LABELS = 2  # columns whose values become column labels of a pivot
MOST_VALUES = 12
NARROWEST, WIDEST = 40, 800  # pixels
COMPACT = "compact"
DENSITIES = ("", COMPACT)  # "" is the usual one
UTC_ZONE = "utc"
ZONES = ("", UTC_ZONE)  # in which times are shown; "" is the viewer's

Report = Callable[[str, str, str], None]  # key, value, sentence: something that was not understood


class Placed(Protocol):
    """What a layout must know of a column."""

    label: str
    hidden: bool
    displayable: bool
    groupable: bool
    functions: tuple[str, ...]


@dataclass(frozen=True)
class Aggregate:
    """One value of groups and pivots: a function over the rows of a group, of one column."""

    function: str
    column: str

    @property
    def text(self) -> str:
        return f"{self.function}:{self.column}"


@dataclass(frozen=True)
class Layout:
    """Which columns, and how they stand; empty is how the grid is declared.

    columns: those on screen, in order; none: the declared ones. widths: pixels of columns that were resized.
    pinned: columns that stay in sight while the others scroll; None: the declared ones. groups: the levels of
    row groups. values: what groups and pivots show; none: the usual figure of each column. labels: columns
    whose values become the column labels of a pivot. shaded: whether a pivot's cells are tinted by value.
    zone: in which times are shown and days begin and end, "" for the viewer's own.
    """

    columns: tuple[str, ...] = ()
    widths: tuple[tuple[str, int], ...] = ()
    pinned: tuple[str, ...] | None = None
    groups: tuple[str, ...] = ()
    values: tuple[Aggregate, ...] = ()
    labels: tuple[str, ...] = ()
    shaded: bool = True
    density: str = ""
    zone: str = ""

    @property
    def is_pivot(self) -> bool:
        return bool(self.labels)

    def changed(self, **fields: Any) -> Layout:
        """The same, with other values of some fields."""
        return replace(self, **fields)

    def flat(self) -> Layout:
        """The same without groups and pivot: a plain list in the same columns."""
        return replace(self, groups=(), labels=(), values=())

    def pairs(self) -> list[tuple[str, str]]:
        found = {
            "c": ",".join(self.columns),
            "w": ",".join(f"{name}:{width}" for name, width in self.widths),
            "pin": ",".join(self.pinned or ()),
            "g": ",".join(self.groups),
            "a": ",".join(value.text for value in self.values),
            "p": ",".join(self.labels),
            "h": "" if self.shaded else "off",
            "d": self.density,
            "z": self.zone,
        }
        return [(key, text) for key, text in found.items() if text or (key == "pin" and self.pinned == ())]


def shown_by_default(columns: Mapping[str, Placed]) -> tuple[str, ...]:
    """The columns on screen of a grid whose address says nothing about them."""
    return tuple(name for name, column in columns.items() if column.displayable and not column.hidden)


def read_layout(params: QueryDict, columns: Mapping[str, Placed], report: Report) -> Layout:
    """The layout that a query string means; what it cannot mean is reported and left out.

    columns: those this viewer may see, by name.
    """

    def known(key: str, fits: Callable[[Placed], bool], most: int) -> tuple[str, ...]:
        return _names(_parts(params, key), columns, fits, most, lambda raw, why: report(key, raw, why))

    shown = known("c", lambda column: column.displayable, len(columns))
    return Layout(
        columns=() if shown == shown_by_default(columns) else shown,
        widths=_widths(_parts(params, "w"), columns, report),
        pinned=known("pin", lambda column: column.displayable, len(columns)) if "pin" in params else None,
        groups=known("g", lambda column: column.groupable, MOST_GROUPS),
        values=_values(_parts(params, "a"), columns, report),
        labels=known("p", lambda column: column.groupable, MOST_LABELS),
        shaded=_shaded(params.get("h", ""), report),
        density=_density(params.get("d", ""), report),
        zone=_zone(params.get("z", ""), report),
    )


def _parts(params: QueryDict, key: str) -> list[str]:
    return [part for part in params.get(key, "").split(",") if part]


def _names(
    parts: Iterable[str],
    columns: Mapping[str, Placed],
    fits: Callable[[Placed], bool],
    most: int,
    refuse: Callable[[str, str], None],
) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for part in parts:
        # The same words for "no such column" and "not yours": the answer must not tell them apart.
        if part not in columns or not fits(columns[part]):
            refuse(part, _("There is no such column here."))
        elif len(found) == most and part not in found:
            refuse(part, _("At most %(n)d columns fit here.") % {"n": most})
        else:
            found[part] = None
    return tuple(found)


def _widths(
    parts: Iterable[str], columns: Mapping[str, Placed], report: Report
) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    for part in parts:
        name, _colon, raw = part.partition(":")
        if name not in columns or not columns[name].displayable:
            report("w", part, _("There is no such column here."))
        elif not (raw.isascii() and raw.isdigit() and len(raw) < 6):
            report("w", part, _("This is no width in pixels."))
        else:
            found[name] = min(max(int(raw), NARROWEST), WIDEST)
    return tuple(found.items())


def _values(parts: Iterable[str], columns: Mapping[str, Placed], report: Report) -> tuple[Aggregate, ...]:
    found: dict[Aggregate, None] = {}
    for part in parts:
        function, _colon, name = part.partition(":")
        if name not in columns or not columns[name].functions:
            report("a", part, _("There is no such column here."))
        elif function not in columns[name].functions:
            known = ", ".join(columns[name].functions)
            report("a", part, _("This column has no such value. Values: %(known)s.") % {"known": known})
        elif len(found) == MOST_VALUES:
            report("a", part, _("At most %(n)d values fit here.") % {"n": MOST_VALUES})
        else:
            found[Aggregate(function, name)] = None
    return tuple(found)


def _shaded(raw: str, report: Report) -> bool:
    if raw not in ("", "on", "off"):
        report("h", raw, _("Shading is on or off."))
    return raw != "off"


def _density(raw: str, report: Report) -> str:
    if raw in DENSITIES:
        return raw
    report("d", raw, _("Rows are either usual or %(compact)s.") % {"compact": COMPACT})
    return ""


def _zone(raw: str, report: Report) -> str:
    if raw in ZONES:
        return raw
    report("z", raw, _("Times are either your own or %(utc)s.") % {"utc": UTC_ZONE})
    return ""
