"""The slim renderer: head, rows and totals of a grid as HTML, by f-strings.

50 rows of 10 cells take about 1 ms here and 20 to 50 ms as templates (tables2, Django); that difference
is most of a page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from grids import formats, grouped
from grids.columns import Column, Row, StatusColumn, Title, pill
from grids.columnspanel import command_url
from grids.filters import SetFilter
from grids.markup import attribute, icon, text
from grids.panel import card_url
from grids.state import COLUMNS_PANEL, FILTER_PREFIX, SortKey

if TYPE_CHECKING:
    from grids.grid import Grid

MOST_WAYS_OUT = 4  # filters that an empty list offers to drop; each is one more count
MOST_CURRENCIES = 3  # sums shown in the status bar; the others open from "n more"


def head(grid: Grid) -> SafeString:
    """The header row: each label is a link that sorts, ascending, descending, none."""
    if grid.is_grouped:
        return grouped.head(grid)
    return head_row("".join(header(grid, name, column) for name, column in grid.columns.items()))


TICKS = 40  # pixels of the column of boxes
STEP = 100  # pixels between two least widths that the style sheet has


def widths(grid: Grid) -> dict[str, Any]:
    """How wide columns are; nothing where the style sheet knows best.

    least: names a class that keeps the table so wide that columns do not shrink. columns: pixels, in order.
    """
    layout = grid.state.layout
    if grid.styled and not (layout.columns or layout.widths):
        return {}
    chosen = dict(layout.widths)
    columns = grouped.columns(grid) if grid.is_grouped else grid.columns
    pixels = [chosen.get(name, column.width) for name, column in columns.items()]
    least = -(-(TICKS + sum(pixels)) // STEP) * STEP
    return {"columns": pixels, "least": f"tw{min(max(least, 600), 4000)}"}


def head_row(cells: str) -> SafeString:
    """Header cells with the box that ticks all rows before them."""
    ticks = text(_("Select the rows on this page"))
    box = f'<input type="checkbox" class="ck" data-tick-all aria-label="{ticks}">'
    tick = f'<th class="sel" scope="col">{box}</th>'
    return mark_safe(f'<tr aria-rowindex="1">{tick}{cells}</tr>')  # noqa: S308 - every part is escaped


def header(grid: Grid, name: str, column: Column, before: str = "") -> str:
    """One header cell. before: words in front of the label."""
    key = grid.state.sorted_on(name)
    order = {None: "none", True: "descending", False: "ascending"}[key.descending if key else None]
    css = attribute("class", " ".join(filter(None, ("num" if column.numeric else "", column.css))))
    marked = ""
    if name in grid.state.filters.columns():
        marked = f'{icon("filter", "xs fm")}<span class="sr"> {text(_("filtered"))}</span>'
    unit = f' <span class="u">{text(column.unit)}</span>' if column.unit else ""
    words = f"<span>{text(before)}{text(column.label)}{unit}{marked}</span>"
    if column.sortable:
        url = text(grid.sort_url(name))
        arrow = icon("desc" if order == "descending" else "asc", "xs") + _rank(grid, key)
        title = attribute("title", column.help)
        words = f'<a href="{url}" hx-get="{url}" hx-push-url="true"{title}>{words}{arrow}</a>'
    menu = _header_menu(grid, name, column)
    return (
        f'<th scope="col" data-c="{name}"{css}{_drawing(grid, column)} aria-sort="{order}">{words}{menu}</th>'
    )


def _rank(grid: Grid, key: SortKey | None) -> str:
    """Which place a column has in an order of several."""
    if key is None or len(grid.state.sort) < 2:
        return ""
    return f'<sup class="num">{grid.state.sort.index(key) + 1}</sup>'


def _header_menu(grid: Grid, name: str, column: Column) -> str:
    """What can be done with a column, as links; opened by its button, Alt+Down or a right click."""
    state = grid.state
    sorts = [
        (_("Sort upwards"), "asc", grid.url_of(state.changed(sort=(SortKey(name),)))),
        (_("Sort downwards"), "desc", grid.url_of(state.changed(sort=(SortKey(name, descending=True),)))),
        (_("No order"), "", grid.url_of(state.changed(sort=()))),
    ]
    entries = sorts[: 3 if state.sorted_on(name) else 2] if column.sortable else []
    if column.filter is not None:
        entries.append((_("Filter …"), "filter", card_url(grid, name)))
    if column.groupable:
        entries.append((_("Group by this"), "group", command_url(grid, addg=name)))
    if name in grid.columns:
        pinned = name in (state.layout.pinned or ())
        entries.append((_("Unpin") if pinned else _("Pin to the left"), "pin", command_url(grid, topin=name)))
        entries.append((_("Hide"), "x", command_url(grid, hide=name)))
    entries.append((_("Columns …"), "cols", grid.url_of(state.changed(panel=COLUMNS_PANEL))))
    links = "".join(
        f'<a class="mi" href="{text(url)}" hx-get="{text(url)}" hx-push-url="true">'
        f"{icon(sign) if sign else ''}{text(words)}</a>"
        for words, sign, url in entries
    )
    label = text(_("What to do with %(column)s") % {"column": column.label})
    summary = f'<summary class="ib" aria-label="{label}">{icon("down", "xs")}</summary>'
    return f'<details class="menu hmenu">{summary}<div class="pop">{links}</div></details>'


def _drawing(grid: Grid, column: Column) -> str:
    """What static/js/grid-cells.js needs to draw the live cells of a column from lines."""
    if not is_short(column):
        return ""
    css = " ".join(filter(None, ("num" if column.numeric else "", column.css)))
    parts = [f' data-k="{column.kind}"', attribute("data-css", css)]
    for name, value in column.drawing(grid.sight).items():
        if isinstance(value, Title):
            value = value.pattern()
        parts.append(attribute(f"data-{name.replace('_', '-')}", value))
    return "".join(parts)


def is_short(column: Column) -> bool:
    """Whether a poll brings this column's cells as lines instead of markup."""
    return bool(column.live and column.kind)


def body(grid: Grid) -> SafeString:
    """The rows of the page. `aria-rowindex` counts over all pages; the head is row 1."""
    if grid.is_grouped:
        return grouped.body(grid)
    draw = row_drawer(grid)
    return mark_safe("".join([draw(row, place) for place, row in enumerate(grid.rows, start=grid.first + 2)]))  # noqa: S308


def row_drawer(grid: Grid, css: str = "") -> Callable[[Row, int], str]:
    """Draws a row as `<tr>`, from the row and its place in the table. css: a class of all of them."""
    columns = tuple(grid.columns.values())
    label = next((column.says for column in columns if column.names_row), None)
    select = text(_("Select"))
    style = attribute("class", css)
    form = attribute("form", grid.form)

    def draw(row: Row, place: int) -> str:
        pk = text(grid.keys.word(row["pk"]))
        cells = "".join([column.td(row, grid.sight) for column in columns])
        named = (
            f'name="ids" value="{pk}" aria-label="{select} {text(label(row, grid.sight)) if label else pk}"'
        )
        box = f'<td class="sel"><input type="checkbox" class="ck" {named}{form}></td>'
        # Every cell escapes its values.
        return f'<tr{style} data-id="{pk}" aria-rowindex="{place}">{box}{cells}</tr>'

    return draw


@dataclass(frozen=True, slots=True)
class Drawn:
    """A row as a poll may bring it: figures in one short line, the other live cells as markup, and curves.

    They change at different times: figures at any moment, words seldom, curves once a minute.
    """

    line: str
    cells: dict[str, str]
    curves: dict[str, str]

    def parts(self) -> tuple[str, str, str]:
        return self.line, "".join(self.cells.values()), "".join(self.curves.values())


def drawn(grid: Grid, row: Row) -> Drawn:
    """The live cells of one row."""
    live = {name: column for name, column in grid.columns.items() if column.live}
    return Drawn(
        "|".join([column.line(row, grid.sight) for column in live.values() if column.kind]),
        {name: column.td(row, grid.sight) for name, column in live.items() if not column.kind},
        {name: curve for name, column in live.items() if (curve := column.curve(row))},
    )


def caption(grid: Grid) -> str:
    """What the table shows, in words: for screen readers, and announced after a swap."""
    shown = f"{formats.format_count(grid.totals.rows)} {grid.noun}"
    if not grid.totals.exact:
        shown = _("%(rows)s on this page") % {"rows": shown}
    if not grid.state.sort:
        return shown
    names = ", ".join(
        _("%(column)s, descending") % {"column": grid.filterable[key.column].label}
        if key.descending
        else str(grid.filterable[key.column].label)
        for key in grid.state.sort
    )
    return _("%(rows)s, sorted by %(columns)s") % {"rows": shown, "columns": names}


def chips(grid: Grid) -> list[dict[str, Any]]:
    """What was not understood in the address, and conditions that no menu shows; each with its way out."""
    found: list[dict[str, Any]] = [
        {
            "text": f"{note.key}: {note.value}" if note.value else note.key,
            "title": note.sentence,
            "url": grid.url,  # the canonical address leaves out whatever was not understood
            "column": note.key.removeprefix(FILTER_PREFIX),
            "bad": True,
        }
        for note in grid.state.notes
    ]
    place = grid.state.place
    if (place.after or place.before) and grid.is_list and grid.standing.lost:
        sentence = _("The row beside which this page began is gone, or the order is another one.")
        key, word = ("after", place.after) if place.after else ("before", place.before)
        url = grid.url_of(grid.state.from_start())
        found.append({"text": f"{key}: {word[:12]}…", "title": sentence, "url": url, "bad": True})
    elif place.page > grid.pages:
        sentence = _("There is no such page. The last one, %(n)s, is shown.") % {
            "n": formats.format_count(grid.pages)
        }
        asked = f"page: {place.page}"
        found.append({"text": asked, "title": sentence, "url": grid.url, "bad": True})
    for name in grid.state.filters.columns():
        if _in_menu(grid, name):
            continue
        filters = grid.state.filters.without(name)
        url = grid.url_of(grid.state.changed(filters=filters))
        plain, html = grid.sentence(name)
        edit = {"edit_url": card_url(grid, name), "column": name, "html": html}
        found.append({"text": plain, "url": url, "bad": False, **edit})
    return found


def _in_menu(grid: Grid, name: str) -> bool:
    """Whether a menu already shows what is chosen."""
    column, conditions = grid.columns.get(name), grid.state.filters.all_on(name)
    is_menu = column is not None and isinstance(column.filter, SetFilter)
    return is_menu and len(conditions) == 1 and conditions[0].operator == "in"


def ways_out(grid: Grid) -> list[dict[str, str]]:
    """For a list that shows nothing: which one thing to drop, and how many rows that would give."""
    if grid.totals.rows:
        return []
    filters = grid.state.filters
    if not grid.counted:
        return _uncounted_ways_out(grid)
    ways = []
    if filters.q:
        rest = grid.where(exclude=())
        found = grid.visible().filter(rest).count() if rest else grid.totals.all_rows
        wider = grid.state.changed(filters=replace(filters, q=""))
        ways.append(
            (found, _("the search for “%(words)s”") % {"words": filters.q}, _("Drop the search"), wider)
        )
    for name in filters.columns()[:MOST_WAYS_OUT]:
        counted = grid.totals.choices.get(name)
        others = grid.where(exclude=(name,))
        found = counted[""] if counted else grid.searched().filter(others).count()
        wider = grid.state.changed(filters=filters.without(name))
        ways.append((found, f"“{grid.sentence(name)[0]}”", _("Drop that filter"), wider))
    return [
        {
            "text": _("Without %(what)s there are %(n)s.") % {"what": what, "n": formats.format_count(found)},
            "action": action,
            "url": grid.url_of(wider),
        }
        for found, what, action, wider in ways
        if found
    ]


def _uncounted_ways_out(grid: Grid) -> list[dict[str, str]]:
    """The same where looking what each would give takes too long."""
    filters = grid.state.filters
    ways = [(_("Drop the search"), replace(filters, q=""))] if filters.q else []
    for name in filters.columns()[:MOST_WAYS_OUT]:
        words = _("Drop the filter on %(column)s") % {"column": grid.filterable[name].label}
        ways.append((words, filters.without(name)))
    return [
        {"text": "", "action": action, "url": grid.url_of(grid.state.changed(filters=wider))}
        for action, wider in ways
    ]


def menus(grid: Grid) -> list[dict[str, Any]]:
    """One menu per set filter: its caption is the choice, its entries say what choosing would give."""
    return [
        _menu(grid, name, column, column.filter)
        for name, column in grid.columns.items()
        if isinstance(column.filter, SetFilter)
    ]


def _menu(grid: Grid, name: str, column: Column, kind: SetFilter) -> dict[str, Any]:
    condition = grid.state.filters.on(name)
    chosen = condition.values if condition else ("",)
    counts = grid.totals.choices.get(name)
    labels = {"": _("All")} | {key: str(choice.label) for key, choice in kind.entries.items()}
    entries = [
        {
            "key": key,
            "html": mark_safe(pill(key, label) if key and isinstance(column, StatusColumn) else text(label)),  # noqa: S308
            "url": grid.choice_url(name, key),
            "count": formats.format_count(counts[key]) if counts else "",
            "on": key in chosen,
        }
        for key, label in labels.items()
    ]
    return {"name": name, "label": column.label, "caption": kind.caption(condition), "entries": entries}


def totals_bar(grid: Grid) -> SafeString:
    """Rows, sums per currency, used of limits: the left half of the status bar."""
    found = grid.totals
    parts = [f"<span><b>{formats.format_count(found.rows)}</b> {text(grid.noun)}</span>"]
    if not found.exact:
        parts.append(
            f'<span class="k">{text(_("on this page") if grid.is_list else _("in these groups"))}</span>'
        )
    elif found.all_rows != found.rows:
        of = _("of %(n)s") % {"n": formats.format_count(found.all_rows)}
        parts.append(f'<span class="k">{text(of)}</span>')
    for name, sums in found.money.items():
        if sums:
            parts.append(_money_sums(grid, name))
    for name, (used, limit) in found.usage.items():
        label = text(grid.columns[name].label)
        of = f' <span class="k">/ {formats.format_count(limit)}</span>' if limit else ""
        figure = f"<b>{formats.format_count(used)}</b>"
        parts.append(f'<span class="vr"></span><span>{label} {figure}{of}</span>')
    return mark_safe("".join(parts))  # noqa: S308 - labels are escaped, the rest are figures of ours


def _money_sums(grid: Grid, name: str) -> str:
    """One figure per currency, never one over two; the three with most rows, the others on demand."""
    shown = [
        f"<b>{formats.format_money(amount, grid.currency_digits(code))}</b> {text(code)}"
        for code, amount in grid.totals.money[name].items()
    ]
    first = "".join(f"<span>{one}</span>" for one in shown[:MOST_CURRENCIES])
    rest = shown[MOST_CURRENCIES:]
    more = ""
    if rest:
        label = text(_("%(n)d more") % {"n": len(rest)})
        lines = "".join(f'<span class="mi num">{one}</span>' for one in rest)
        pop = f'<div class="pop up">{lines}</div>'
        more = f'<details class="menu"><summary class="link">{label}</summary>{pop}</details>'
    return f'<span class="k">{text(grid.columns[name].label)}</span>{first}{more}'
