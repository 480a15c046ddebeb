"""A grouped grid as HTML: group rows in the columns of the list, open groups with their rows below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from grids import formats, rows
from grids.aggregates import NAMES, Figures, values_of
from grids.columns import Column, StatusColumn, pill
from grids.groups import MOST_LEAVES, Group, narrowed, toggled, with_more
from grids.layout import Aggregate
from grids.markup import attribute, icon, text

if TYPE_CHECKING:
    from grids.grid import Grid

MOST_LINES = 4  # currencies that a cell's tooltip names


def head(grid: Grid) -> SafeString:
    """As of the list; the first column also says what rows are grouped by."""
    names = ", ".join(str(grid.filterable[name].label) for name in grid.state.layout.groups)
    cells = [
        rows.header(grid, name, column, f"{names}, " if not place else "")
        for place, (name, column) in enumerate(columns(grid).items())
    ]
    return rows.head_row("".join(cells))


def columns(grid: Grid) -> dict[str, Column]:
    """The columns on screen, then those that are shown of groups alone."""
    asked = {value.column: grid.filterable[value.column] for value in values_of(grid)}
    return grid.columns | {name: one for name, one in asked.items() if one.displayable}


def body(grid: Grid) -> SafeString:
    """Groups and rows from top to bottom."""
    drawing = _Drawing(grid)
    return mark_safe("".join(drawing.draw()))  # noqa: S308 - every part is escaped


class _Drawing:
    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.columns = columns(grid)
        self.levels = [grid.filterable[name] for name in grid.state.layout.groups]
        self.values: dict[str, list[Aggregate]] = {}
        for value in values_of(grid):
            self.values.setdefault(value.column, []).append(value)
        self.leaf = rows.row_drawer(grid, f"leaf l{len(self.levels)}")
        self.missing = "<td></td>" * (len(self.columns) - len(grid.columns))

    def draw(self) -> list[str]:
        parts: list[str] = []
        for group in self.grid.tree.all():
            parts.append(self._group(group, len(parts) + 2))
            parts += [
                self.leaf(row, len(parts) + 2 + at).replace("</tr>", f"{self.missing}</tr>")
                for at, row in enumerate(group.leaves)
            ]
            if group.opened and group.level == len(self.levels) and len(group.leaves) < group.figures.rows:
                parts.append(self._more(group))
        return parts

    def _group(self, group: Group, place: int) -> str:
        grid = self.grid
        url = text(grid.url_of(toggled(grid, group)))
        state = "true" if group.opened else "false"
        full = ", ".join(group.names)
        says = _("Close %(group)s") if group.opened else _("Open %(group)s")
        sign = icon("down" if group.opened else "right", "xs")
        chevron = (
            f'<a class="chev" href="{url}" hx-get="{url}" hx-push-url="true" aria-expanded="{state}"'
            f' aria-label="{text(says % {"group": full})}">{sign}</a>'
        )
        listed = text(grid.url_of(narrowed(grid, group.conditions)))
        count = formats.format_count(group.figures.rows)
        noun = f" {grid.nouns[group.figures.rows != 1]}" if group.level == 1 else ""
        rows_link = (
            f'<a class="gn num" href="{listed}" title="{text(_("List these rows"))}">{count}{text(noun)}</a>'
        )
        name = f'<span class="grpn">{chevron}<b>{self._label(group)}</b>{rows_link}</span>'
        cells = "".join(
            self._cell(column, group.figures, name if not at else "")
            for at, column in enumerate(self.columns.values())
        )
        return (
            f'<tr class="grp l{group.level}" data-group="{text(group.key)}" data-level="{group.level}"'
            f' aria-rowindex="{place}"><td class="sel"></td>{cells}</tr>'
        )

    def _label(self, group: Group) -> str:
        column, value, name = self.levels[group.level - 1], group.values[-1], group.names[-1]
        if isinstance(column, StatusColumn) and value is not None:
            return pill(str(value), name)
        return text(name) if value not in (None, "") else f'<span class="muted">{text(name)}</span>'

    def _cell(self, column: Column, figures: Figures, name: str) -> str:
        css = attribute("class", " ".join(filter(None, ("num" if column.numeric else "", column.css))))
        shown = "".join(self._value(column, one, figures) for one in self.values.get(column.name, ()))
        return f'<td{css if not name else ""} data-c="{column.name}">{name}{shown}</td>'

    def _value(self, column: Column, value: Aggregate, figures: Figures) -> str:
        """One figure; a word before it where it is not the usual one of its column."""
        said = ""
        if value.function != column.functions[0] or len(self.values[column.name]) > 1:
            said = f'<span class="k">{text(NAMES[value.function])} </span>'
        return said + figure(self.grid, column, value, figures)

    def _more(self, group: Group) -> str:
        """The way to the rest of an open group: more of it here, or all of it as a list."""
        grid = self.grid
        rest = group.figures.rows - len(group.leaves)
        where = ", ".join(group.names)
        if len(group.leaves) < MOST_LEAVES:
            state, words = with_more(grid, group), _("Show more of the %(n)s others in %(group)s")
        else:
            state, words = narrowed(grid, group.conditions), _("List all, %(n)s others, in %(group)s")
        url = text(grid.url_of(state))
        label = text(words % {"n": formats.format_count(rest), "group": where})
        span = len(self.columns)
        return (
            f'<tr class="leaf more l{len(self.levels)}"><td class="sel"></td><td colspan="{span}">'
            f'<a class="link" href="{url}" hx-get="{url}" hx-push-url="true">{label}</a></td></tr>'
        )


def figure(grid: Grid, column: Column, value: Aggregate, figures: Figures) -> str:
    """One aggregate as markup: the figure, or of amounts the one of the commonest currency and how many
    others there are; those are named in the tooltip, and never added."""
    if value not in figures.money:
        return column.summed(value.function, figures.plain.get(value, (None,)), grid.sight)
    amounts = {code: amount for code, amount in figures.money[value].items() if amount is not None}
    if not amounts:
        return column.summed(value.function, (None, ""), grid.sight)
    first, *others = amounts.items()
    shown = column.summed(value.function, first[::-1], grid.sight)
    if not others:
        return shown
    listed = [_plain_amount(grid, code, amount) for code, amount in amounts.items()]
    rest = len(listed) - MOST_LINES
    title = "\n".join(
        [*listed[:MOST_LINES], *([_("and %(n)d more currencies") % {"n": rest}] if rest > 0 else [])]
    )
    return f'<span title="{text(title)}">{shown} <span class="k">+{len(others)}</span></span>'


def _plain_amount(grid: Grid, code: str, amount: Any) -> str:
    return f"{formats.format_money(amount, grid.currency_digits(code))} {code}"
