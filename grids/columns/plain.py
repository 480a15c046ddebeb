"""What every column has, and the columns that are no figures: text, age, status."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any

import django_tables2
from django.db.models import Case, Expression, F, Q, TextField, Value, When
from django.db.models.expressions import Combinable, OrderBy
from django.templatetags.static import static
from django.utils.translation import gettext_lazy

from grids import formats
from grids.aggregates import SQL, Measure
from grids.columns.filed import Filed, UtcMoment, words
from grids.filters import (
    Choice,
    ColumnFilter,
    MomentFilter,
    SetFilter,
    TextFilter,
    ValuesFilter,
    YesNoFilter,
)
from grids.markup import attribute, icon, text, url_pattern

Row = Mapping[str, Any]  # one row of `.values()`: field -> value, and "pk"


@dataclass
class Sight:
    """What drawing needs besides the row: who looks, when, and the installation's thresholds.

    limits: thresholds by name, in the unit of the column that uses them.
    digits: minor digits of a currency code. zone: in which times are shown.
    word: how an address writes the primary key of a row.
    """

    now: datetime
    may: Callable[[str], bool]
    digits: Callable[[str], int]
    limits: Mapping[str, float] = field(default_factory=dict)
    zone: tzinfo = UTC
    word: Callable[[Any], str] = str
    patterns: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)

    def say(self, sentence: Any) -> str:
        """A lazy sentence of a module or class in the reader's language; translated once, not once a row.

        500 translations a page cost more than all the rest of its cells.
        """
        found = self.words.get(id(sentence))
        if found is None:
            found = self.words[id(sentence)] = str(sentence)
        return found

    def url(self, name: str, pk: Any) -> str | None:
        """The URL called `name` for row `pk`; reversed once per page, not once per row."""
        if name not in self.patterns:
            self.patterns[name] = url_pattern(name)
        pattern = self.patterns[name]
        return None if pattern is None else f"{pattern[0]}{pk}{pattern[1]}"

    def limit(self, threshold: float | str | None) -> float | None:
        """A threshold given as a number, or by the name of an installation's setting."""
        return self.limits.get(threshold) if isinstance(threshold, str) else threshold


class _Usual:
    """Stands for the filter that a column's type brings by itself."""


USUAL = _Usual()


class Column(django_tables2.Column):
    """A column of text, and the base of all others.

    fields: what it reads; a page selects only the fields of columns that show.
    annotations: expressions it reads, computed for the rows of the page.
    permission: without it (several: without all of them) the column does not exist for that user: not shown,
    sorted by or filtered.
    live: its cells are refreshed by the poll. unit: small print in the header. help: tooltip of the header.
    filter: the usual one of its type unless given; None for a column that cannot be filtered by.
    aliases: other names it answers to in the text box.
    hidden: not on screen until somebody asks for it; it sorts and filters all the same.
    displayable: whether it can be on screen at all. groupable: whether rows can be grouped by it, which wants
    few values. functions: what groups and pivots can show of it, the usual one first. sums_by_itself: whether
    they show that one without being asked. width: pixels, the usual ones of its type unless given.
    """

    displayable = True
    sums_by_itself = False
    width = 130  # pixels, where a list shows other columns than it is declared with
    functions: tuple[str, ...] = ("count", "distinct")
    css = ""
    numeric = False
    kind = ""  # how static/js/grid-cells.js draws its cells; "" where it cannot, and markup is sent

    def __init__(
        self,
        label: Any,
        source: str = "",
        *,
        sort_by: str | Combinable | None = None,
        permission: str | tuple[str, ...] = "",
        live: bool = False,
        help: Any = "",
        unit: Any = "",
        filter: ColumnFilter | _Usual | None = USUAL,
        annotations: Mapping[str, Any] | None = None,
        extra: Sequence[str] = (),
        aliases: Sequence[str] = (),
        hidden: bool = False,
        width: int = 0,
    ) -> None:
        super().__init__(verbose_name=label, accessor=source or None)
        self.name = ""
        self.source = source
        self._sort_by = sort_by
        self.permission = permission
        self.live = live
        self.help = help
        self.unit = unit
        self.filter = self.usual_filter() if isinstance(filter, _Usual) else filter
        self.aliases = tuple(aliases)
        self.hidden = hidden
        self.width = width or type(self).width
        self.annotations: dict[str, Any] = dict(annotations or {})
        self.extra = tuple(extra)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.source = self.source or name
        if self.filter is not None and not self.filter.field_name:
            self.filter.field_name = self.source

    def usual_filter(self) -> ColumnFilter | None:
        """The filter that fits what this type shows."""
        return TextFilter()

    # -- many rows at once, see grids.aggregates ---------------------------------------------------

    def group_key(self) -> Any:
        """The expression that rows are grouped by."""
        return self.filter.group_key(self.annotations.get(self.source)) if self.filter else F(self.source)

    def measure(self, function: str) -> Measure:
        """What `function` over many rows asks of the database."""
        return Measure((self.annotations.get(self.source, self.source),), (SQL[function],))

    def summed(self, function: str, values: Sequence[Any], sight: Sight) -> str:
        """The figure of many rows as markup; `values` are what the measure gave."""
        if values[0] is None:
            return none()
        return number(values[0], 0) if function in ("count", "distinct") else text(values[0])

    # -- files, see grids.export ------------------------------------------------------------------------

    def filed(self) -> tuple[Filed, ...]:
        """What a file holds of each row, in the unit shown; see `summed_filed` for many rows."""
        return (Filed(self.name, str(self.label), words(F(self.source)), is_text=True),)

    def summed_filed(self, function: str, values: Sequence[Any]) -> Any:
        """The figure of many rows as a file holds it; `values` are what the measure gave."""
        return values[0]

    @property
    def label(self) -> Any:
        return self.verbose_name

    @property
    def rights(self) -> tuple[str, ...]:
        """All that `permission` asks for."""
        return (self.permission,) if isinstance(self.permission, str) else self.permission

    @property
    def names_row(self) -> bool:
        """Whether its cell is what a row is called by."""
        return False

    def says(self, row: Row, sight: Sight) -> str:
        """The cell as plain words; asked of columns that name the row."""
        return str(row[self.source])

    @property
    def fields(self) -> tuple[str, ...]:
        """Everything a cell of this column reads from its row."""
        return (self.source, *self.extra, *self.annotations)

    @property
    def sort_by(self) -> str | Combinable | None:
        return self.source if self._sort_by is None else self._sort_by

    @property
    def sortable(self) -> bool:
        return self.sort_by is not None

    @property
    def groupable(self) -> bool:
        return self.filter is not None and self.filter.kind in ("set", "choice")

    @property
    def order_moves(self) -> bool:
        """Whether rows sorted by this column change places by themselves, because figures move."""
        return self.live

    def ordering(self, *, descending: bool, nullable: bool) -> OrderBy:
        """One ORDER BY term. NULLS LAST is written only where a value can be NULL: an index without it
        could otherwise not be used."""
        key = F(self.sort_by) if isinstance(self.sort_by, str) else self.sort_by
        assert isinstance(key, F | Expression), f"{self.name} cannot be sorted by"
        last = True if nullable else None
        return key.desc(nulls_last=last) if descending else key.asc(nulls_last=last)

    def line(self, row: Row, sight: Sight) -> str:
        """The cell written short, parts with ";" between them; only asked of columns with a `kind`."""
        raise NotImplementedError(self.name)

    def curve(self, row: Row) -> str:
        """Markup inside the cell that changes on its own; "" for nearly all columns."""
        return ""

    def drawing(self, sight: Sight) -> dict[str, Any]:
        """What a browser must know once to draw cells from lines: settings of the whole column."""
        return {}

    # -- one cell -------------------------------------------------------------------------------

    def shows(self, row: Row, sight: Sight) -> Any:
        """What the cell tells the person who sees it, apart from the time that passes."""
        return [row[name] for name in self.fields]

    def td(self, row: Row, sight: Sight) -> str:
        """The whole cell. `data-v` carries the plain value, for copying and summing."""
        css = attribute("class", " ".join(filter(None, ("num" if self.numeric else "", self.css))))
        live = " data-live" if self.live else ""
        return f'<td{css} data-c="{self.name}"{live}{self.data(row, sight)}>{self.html(row, sight)}</td>'

    def data(self, row: Row, sight: Sight) -> str:
        return attribute("data-v", self.plain(row))

    def plain(self, row: Row) -> Any:
        """The value without decoration, in its base unit; None if there is none."""
        return row[self.source]

    def html(self, row: Row, sight: Sight) -> str:
        """What stands in the cell. Must escape everything that comes from the row."""
        value = self.plain(row)
        return text(value) if value not in (None, "") else none()


TextColumn = Column
YES = gettext_lazy("Yes")


class CodeColumn(Column):
    """Text whose characters are read one by one: numbers that are dialled, addresses, identifiers."""

    css = "mono"


class ChoiceColumn(Column):
    """One of a few stored values, shown by its label. labels: value -> label, in the order of menus."""

    def __init__(self, label: Any, source: str = "", *, labels: Mapping[Any, Any], **options: Any) -> None:
        self.labels = labels
        super().__init__(label, source, **options)

    def usual_filter(self) -> ColumnFilter | None:
        return SetFilter([])

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        if isinstance(self.filter, SetFilter) and not self.filter.entries:
            self.filter.offer(
                [Choice(str(key), label, Q(**{self.source: key})) for key, label in self.labels.items()]
            )

    def filed(self) -> tuple[Filed, ...]:
        return (Filed(self.name, str(self.label), labelled(self.source, self.labels), is_text=True),)

    def html(self, row: Row, sight: Sight) -> str:
        value = row[self.source]
        if value in (None, ""):
            return none()
        return text(sight.say(self.labels[value]) if value in self.labels else value)


def labelled(source: str, labels: Mapping[Any, Any]) -> Any:
    """A stored value as the word that people read; one without a word as it stands."""
    cases = [When(**{source: key}, then=Value(str(label))) for key, label in labels.items()]
    return Case(*cases, default=words(F(source)), output_field=TextField())


class FlagColumn(Column):
    """Yes, or nothing to be seen."""

    width = 100

    def usual_filter(self) -> ColumnFilter | None:
        return YesNoFilter()

    def filed(self) -> tuple[Filed, ...]:
        value = Case(When(**{self.source: True}, then=Value("yes")), default=Value("no"))
        return (Filed(self.name, str(self.label), value),)

    def html(self, row: Row, sight: Sight) -> str:
        if not row[self.source]:
            return none()
        return f'<span class="good">{icon("check", "xs")} {text(sight.say(YES))}</span>'


class ConditionColumn(Column):
    """A filter without anything to see: no header, no cell, no order; links lead to it, a chip shows it."""

    displayable = False
    functions = ()

    def __init__(
        self,
        label: Any,
        source: str = "",
        *,
        filter: ColumnFilter,
        permission: str | tuple[str, ...] = "",
        aliases: Sequence[str] = (),
    ) -> None:
        super().__init__(label, source, filter=filter, permission=permission, aliases=aliases, hidden=True)

    @property
    def sortable(self) -> bool:
        return False

    @property
    def groupable(self) -> bool:
        return isinstance(self.filter, ValuesFilter)


def number(value: Any, decimals: int) -> str:
    """A figure with thousands separators; zero is grey, since it is rarely what one looks for."""
    shown = formats.format_decimal(value, decimals)
    return f'<span class="zero">{shown}</span>' if not value else shown


def none() -> str:
    """How "no value" looks."""
    return f'<span class="none">{formats.NO_VALUE}</span>'


class AgeColumn(Column):
    """How long ago: "now", "8 s", "3 h"; the exact UTC time is the tooltip. The page ages it by itself."""

    numeric = True
    kind = "age"
    functions = ("max", "min", "count")
    width = 90

    def line(self, row: Row, sight: Sight) -> str:
        return self.plain(row) or ""

    def usual_filter(self) -> ColumnFilter | None:
        return MomentFilter()

    def filed(self) -> tuple[Filed, ...]:
        return (Filed(self.name, f"{self.label} (UTC)", UtcMoment(F(self.source))),)

    def plain(self, row: Row) -> Any:
        at = row[self.source]
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None

    def summed(self, function: str, values: Sequence[Any], sight: Sight) -> str:
        if function == "count":
            return number(values[0], 0)
        return self.html({self.source: values[0]}, sight)

    def html(self, row: Row, sight: Sight) -> str:
        at = row[self.source]
        if at is None:
            return none()
        exact, age = formats.format_moment(at.astimezone(UTC)), formats.format_age(at, sight.now)
        return f'<time datetime="{self.plain(row)}" title="{exact}" data-age>{text(age)}</time>'


@lru_cache(maxsize=64)
def pill(status: str, label: str) -> str:
    """A status as colour, shape and word; colour and shape are the style sheet's for that status."""
    mark = f'<svg aria-hidden="true"><use href="{static("icons.svg")}#status-{text(status)}"></use></svg>'
    return f'<span class="pill" data-status="{text(status)}">{mark}{text(label)}</span>'


CHANGE_STATUS = gettext_lazy("Status %(status)s. Change it")


class StatusColumn(Column):
    """A pill. For who may change it, it is a link to `change_url`, whose form the page shows in place."""

    def __init__(
        self,
        label: Any,
        source: str = "",
        *,
        labels: Mapping[str, Any],
        change_url: str = "",
        change_permission: str = "",
        **options: Any,
    ) -> None:
        super().__init__(label, source, **options)
        self.labels = labels
        self.change_url = change_url
        self.change_permission = change_permission

    def filed(self) -> tuple[Filed, ...]:
        return (Filed(self.name, str(self.label), labelled(self.source, self.labels), is_text=True),)

    def html(self, row: Row, sight: Sight) -> str:
        value = row[self.source]
        word = sight.say(self.labels[value]) if value in self.labels else str(value)
        shown = pill(value, word)
        if not self.change_url or not sight.may(self.change_permission):
            return shown
        url = sight.url(self.change_url, sight.word(row["pk"]))
        if url is None:
            return shown
        label = sight.say(CHANGE_STATUS) % {"status": word}
        return f'<a class="pillmenu" href="{text(url)}" data-pop aria-label="{text(label)}">{shown}</a>'
