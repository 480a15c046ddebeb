"""A pivot as HTML: a table of links, each to the list of exactly the rows that its figure was made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from grids import formats
from grids.aggregates import NAMES, Figures
from grids.columns import Column, StatusColumn, pill
from grids.facets import facets
from grids.filters import Condition
from grids.groups import narrowed
from grids.layout import Aggregate
from grids.markup import icon, text
from grids.pivot import OTHER, Part, Pivot, currency_filter
from grids.state import SortKey

if TYPE_CHECKING:
    from grids.grid import Grid

SHADES = 6
NO_ROWS = '<span class="none" aria-hidden="true">·</span>'


def table(grid: Grid) -> SafeString:
    """The whole table."""
    return mark_safe(_Drawing(grid).draw())  # noqa: S308 - every part is escaped


def bar(grid: Grid) -> dict[str, Any]:
    """What stands above: what is shown, the currencies to choose from, and the switch of the shading."""
    layout, found = grid.state.layout, []
    shown = ", ".join(value_words(grid, value) for value in layout.values) or str(_("Number of rows"))
    if name := currency_filter(grid):
        picked = {value for one in grid.state.filters.all_on(name) for value in one.values}
        found = [
            {"code": entry.label, "url": grid.choice_url(name, entry.key), "on": entry.key in picked,
             "count": formats.format_count(entry.count)}
            for entry in facets(grid, {name: ""})[name].entries
        ]  # fmt: skip
    shading = grid.state.changed(layout=layout.changed(shaded=not layout.shaded))
    return {"shown": shown, "currencies": found, "shaded": layout.shaded, "shade_url": grid.url_of(shading)}


def value_words(grid: Grid, value: Aggregate) -> str:
    """ "Sum of Credit"; what a column shows of itself needs its name alone."""
    column = grid.filterable[value.column]
    if value.function == "ratio":
        return str(column.label)
    return _("%(function)s of %(column)s") % {"function": NAMES[value.function], "column": column.label}


class _Drawing:
    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.pivot: Pivot = grid.pivot
        self.by = [grid.filterable[name] for name in grid.state.layout.groups]
        self.across = [grid.filterable[name] for name in grid.state.layout.labels]
        self.values: Sequence[Aggregate | None] = self.pivot.values or (None,)
        self.highest = self._highest()

    def draw(self) -> str:
        rows = [self._row(part) for part in self.pivot.rows]
        return f"<thead>{self._head()}</thead><tbody>{''.join(rows)}</tbody><tfoot>{self._foot()}</tfoot>"

    # -- heads ------------------------------------------------------------------------------------------

    def _head(self) -> str:
        span = f' colspan="{len(self.values)}"' if len(self.values) > 1 else ""
        rows = ' rowspan="2"' if len(self.values) > 1 else ""
        corner = "".join(self._sorts(column, str(column.label), rows) for column in self.by)
        corner = corner or f'<th scope="col"{rows}></th>'
        labels = "".join(
            f'<th scope="col" class="num"{span}>{self._link(self._label(part), part.conditions)}</th>'
            for part in self.pivot.labels
        )
        first = f"<tr>{corner}{labels}{self._total_head(span)}</tr>"
        if len(self.values) == 1:
            return first
        words = [value_words(self.grid, value) for value in self.pivot.values]
        names = "".join(f'<th scope="col" class="num sub">{text(word)}</th>' for word in words)
        return f"{first}<tr>{names * (len(self.pivot.labels) + 1)}</tr>"

    def _total_head(self, span: str) -> str:
        value = self.values[0]
        if value is None or not self.grid.filterable[value.column].sortable or span:
            url = text(self.grid.url_of(self.grid.state.changed(sort=())))
            words = f'<a href="{url}" hx-get="{url}" hx-push-url="true">{text(_("Total"))}</a>'
            return f'<th scope="colgroup" class="num tot"{span}>{words}</th>'
        return self._sorts(self.grid.filterable[value.column], _("Total"), "", "num tot", first_down=True)

    def _sorts(
        self, column: Column, label: str, more: str, css: str = "", *, first_down: bool = False
    ) -> str:
        key = self.grid.state.sorted_on(column.name)
        order = "none" if key is None else "descending" if key.descending else "ascending"
        down = first_down if key is None else not key.descending
        sort = (SortKey(column.name, down),)
        url = text(self.grid.url_of(self.grid.state.changed(sort=sort)))
        arrow = icon("desc" if order == "descending" else "asc", "xs")
        link = f'<a href="{url}" hx-get="{url}" hx-push-url="true"><span>{text(label)}</span>{arrow}</a>'
        return f'<th scope="col"{more} class="{css}" aria-sort="{order}" data-c="{column.name}">{link}</th>'

    def _label(self, part: Part) -> str:
        if part.values == OTHER:
            return text(_("Other (%(n)s)") % {"n": formats.format_count(self.pivot.others)})
        return " · ".join(
            pill(str(value), name) if isinstance(column, StatusColumn) and value is not None else text(name)
            for column, value, name in zip(self.across, part.values, part.names, strict=True)
        )

    # -- rows -------------------------------------------------------------------------------------------

    def _row(self, part: Part) -> str:
        heads = "".join(
            f'<th scope="row">{self._link(self._name(column, value, name), part.conditions)}</th>'
            for column, value, name in zip(self.by, part.values, part.names, strict=True)
        )
        heads = heads or f'<th scope="row">{text(_("All rows"))}</th>'
        cells = "".join(
            self._cells(self.pivot.cells.get((part.values, label.values)), (part, label), shaded=True)
            for label in self.pivot.labels
        )
        return f"<tr>{heads}{cells}{self._cells(part.figures, (part,), css='tot')}</tr>"

    def _foot(self) -> str:
        words = _("All %(n)s") % {"n": formats.format_count(self.pivot.count)} if self.by else _("Total")
        span = f' colspan="{len(self.by)}"' if len(self.by) > 1 else ""
        labels = "".join(self._cells(label.figures, (label,)) for label in self.pivot.labels)
        whole = self._cells(self.pivot.whole, (), css="tot")
        return f'<tr><th scope="row"{span}>{text(words)}</th>{labels}{whole}</tr>'

    def _name(self, column: Column, value: Any, name: str) -> str:
        return (
            pill(str(value), name) if isinstance(column, StatusColumn) and value is not None else text(name)
        )

    def _cells(
        self, figures: Figures | None, parts: Sequence[Part], *, shaded: bool = False, css: str = ""
    ) -> str:
        found = []
        conditions: list[Condition] | None = []
        for part in parts:
            conditions = (
                None if conditions is None or part.conditions is None else [*conditions, *part.conditions]
            )
        for place, value in enumerate(self.values):
            if figures is None:
                found.append(f'<td class="num {css}">{NO_ROWS}<span class="sr">{text(_("none"))}</span></td>')
                continue
            shade = self._shade(place, value, figures) if shaded else ""
            classes = " ".join(filter(None, ("num", css, shade)))
            found.append(f'<td class="{classes}">{self._link(self._figure(value, figures), conditions)}</td>')
        return "".join(found)

    def _figure(self, value: Aggregate | None, figures: Figures) -> str:
        if value is None:
            return formats.format_count(figures.rows)
        column = self.grid.filterable[value.column]
        if value in figures.money:
            [(code, amount), *_others] = figures.money[value].items()
            return column.summed(value.function, (amount, code), self.grid.sight)
        return column.summed(value.function, figures.plain.get(value, (None,)), self.grid.sight)

    def _link(self, html: str, conditions: Iterable[Condition] | None) -> str:
        if conditions is None:
            return html
        url = text(self.grid.url_of(narrowed(self.grid, conditions)))
        return f'<a class="hv" href="{url}">{html}</a>'

    # -- shading ----------------------------------------------------------------------------------------

    def _highest(self) -> list[Any]:
        """The greatest figure of each value, whatever its sign; colours are shares of it."""
        found = []
        for value in self.values:
            figures = [abs(self._plain(value, one) or 0) for one in self.pivot.cells.values()]
            found.append(max(figures, default=0))
        return found

    def _plain(self, value: Aggregate | None, figures: Figures) -> Any:
        found = figures.rows if value is None else figures.comparable(value)
        return found if hasattr(found, "__abs__") and not hasattr(found, "days") else None

    def _shade(self, place: int, value: Aggregate | None, figures: Figures) -> str:
        plain, highest = self._plain(value, figures), self.highest[place]
        if not self.grid.state.layout.shaded or not plain or not highest:
            return ""
        step = round(float(abs(plain) / highest) * SHADES)
        if plain < 0:  # a debt shows, however small
            return f"hn{max(1, step)}"
        return f"hp{step}" if step else ""
