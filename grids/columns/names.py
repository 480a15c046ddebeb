"""The column that names a row, with the signs of what needs a person beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, OuterRef, Subquery
from django.utils.translation import gettext as _

from grids.aggregates import SQL, Measure
from grids.columns.filed import Filed, words
from grids.columns.plain import Column, Row, Sight, none
from grids.filters import ColumnFilter, Names, ValuesFilter
from grids.markup import icon, text


@dataclass(frozen=True)
class Warning:
    """One thing about a row that needs a person.

    tone: "bad" if calls are or soon will be refused, else "warn". what: a few words. how_bad: a sentence,
    may be empty. to_do: the link's words, and url where it leads.
    """

    tone: str
    what: str
    how_bad: str
    to_do: str
    url: str


class LinkColumn(Column):
    """The name of a row: a link to its page, its warnings, a short note at the end of the cell.

    url: name of the URL that takes the row's id, or what the field `key` holds; "" where it has no page of
    its own. warnings: the row's warnings, worst first.
    """

    width = 280

    def __init__(
        self,
        label: Any,
        source: str = "",
        *,
        url: str = "",
        key: str = "",
        note: str = "",
        warnings: Callable[[Row, Sight], Sequence[Warning]] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(label, source, **options)
        self.url, self.key = url, key
        self.note = note
        if key:
            self.extra = (*self.extra, key)
        self.warnings = warnings
        if note:
            self.extra = (*self.extra, note)

    @property
    def names_row(self) -> bool:
        return True

    @property
    def order_moves(self) -> bool:
        return False  # what is live in this cell are its warnings

    def shows(self, row: Row, sight: Sight) -> Any:
        """Warnings as they are worded: the fields behind them may hold sums this person may not see."""
        found = self.warnings(row, sight) if self.warnings else ()
        return [row[self.source], row[self.note] if self.note else "", list(found)]

    def td(self, row: Row, sight: Sight) -> str:
        return super().td(row, sight).replace("<td", '<td role="rowheader"', 1)

    def html(self, row: Row, sight: Sight) -> str:
        name = text(row[self.source])
        word = text(row[self.key]) if self.key else sight.word(row["pk"])
        url = sight.url(self.url, word) if self.url else None
        tag, href = ("a", f' href="{text(url)}"') if url else ("b", "")
        link = f'<{tag} class="nm clip"{href}>{name}</{tag}>'
        found = self.warnings(row, sight) if self.warnings else ()
        note = f'<span class="cc">{text(row[self.note])}</span>' if self.note and row[self.note] else ""
        return f'<span class="nmc">{link}{warning_card(name, found)}{note}</span>'


class NameColumn(Column):
    """The name of the row of another model that an id points to, read for the rows of the page alone.

    names: where it is. url: name of the URL that takes the id, for who has the right `url_permission`.
    large: of a table too large to be sorted by names, or looked through for them.
    """

    width = 160
    css = "clip"

    def __init__(
        self,
        label: Any,
        source: str,
        *,
        names: Names,
        url: str = "",
        url_permission: str = "",
        large: bool = False,
        **options: Any,
    ) -> None:
        self.names, self.url, self.url_permission, self.large = names, url, url_permission, large
        super().__init__(label, source, **options)

    def __set_name__(self, owner: type, name: str) -> None:
        super().__set_name__(owner, name)
        rows = self.names.model._default_manager.filter(pk=OuterRef(self.source)).order_by()
        self.annotations[self.shown] = Subquery(
            rows.annotate(_name=self.names.expression).values("_name")[:1]
        )

    @property
    def shown(self) -> str:
        """The annotation that holds the name."""
        return f"{self.name}_name"

    def usual_filter(self) -> ColumnFilter | None:
        return ValuesFilter(names=self.names, large=self.large)

    @property
    def sort_by(self) -> str | None:
        return None if self.large else self.shown

    def group_key(self) -> Any:
        return F(self.source)

    def measure(self, function: str) -> Measure:
        return Measure((self.source,), (SQL[function],))

    def filed(self) -> tuple[Filed, ...]:
        return (Filed(self.name, str(self.label), words(F(self.shown)), is_text=True),)

    def plain(self, row: Row) -> Any:
        return row[self.shown]

    def says(self, row: Row, sight: Sight) -> str:
        return str(row[self.shown] or "")

    def html(self, row: Row, sight: Sight) -> str:
        name, pk = row[self.shown], row[self.source]
        if pk is None:
            return none()
        shown = text(name) if name else f"#{text(pk)}"  # the row it points to may be gone
        may = not self.url_permission or sight.may(self.url_permission)
        url = sight.url(self.url, pk) if self.url and may else None
        return f'<a class="link" href="{text(url)}">{shown}</a>' if url else shown


def warning_card(name: str, found: Sequence[Warning]) -> str:
    """The warning sign and the card it opens; nothing without warnings. `name` is already escaped."""
    if not found:
        return ""
    worst = "bad" if any(one.tone == "bad" for one in found) else "warn"
    number = str(len(found)) if len(found) > 1 else ""
    heading = _("1 warning") if len(found) == 1 else _("%(n)d warnings") % {"n": len(found)}
    names = "; ".join(text(one.what) for one in found)
    lines = "".join(
        f'<li><span class="{one.tone}">{icon("warn")}</span><span><b>{text(one.what)}</b>'
        f'<span class="muted">{text(one.how_bad)}</span> '
        f'<a class="link" href="{text(one.url)}">{text(one.to_do)}</a></span></li>'
        for one in found
    )
    return (
        f'<span class="wnw"><a class="wn{" b" if worst == "bad" else ""}" href="{text(found[0].url)}"'
        f' aria-label="{text(heading)}, {name}: {names}">{icon("warn", "s")}{number}</a>'
        f'<span class="card-pop"><h2>{text(heading)}</h2><ul>{lines}</ul></span></span>'
    )
