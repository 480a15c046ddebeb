"""The answer to a poll: what changed on a screen since its last answer, and nothing else.

A screen sends the ids it shows and the `revision` of the last answer. The revision holds one checksum per
row, so nothing is remembered between polls, and a row that committed late is not missed. Rows are looked
up anew through `visible_to` each time: who lost the right to a row loses the row.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac

from grids import formats, rows
from grids.columns import Row

if TYPE_CHECKING:
    from grids.grid import Grid

CHECK_LENGTH = 6  # characters of one row's checksum


def _check(grid: Grid, value: object) -> str:
    """Six URL-safe characters that change when `value` does.

    Keyed, and for each person otherwise: a plain checksum could be tried out until it gives the figures
    away.
    """
    digest = salted_hmac(f"grids.live:{grid.user.pk}", repr(value)).digest()
    return base64.urlsafe_b64encode(digest).decode()[:CHECK_LENGTH]


def _row_check(grid: Grid, row: Row) -> str:
    """Over what this person sees of the row, and over nothing that merely stands behind it."""
    return _check(grid, [column.shows(row, grid.sight) for column in grid.columns.values() if column.live])


def _tail(grid: Grid, moved: int) -> str:
    """The part of a revision for what is no row: totals, freshness, and how many rows want another place."""
    feed = grid.feed()
    return _check(grid, (grid.totals, (feed.stale, feed.since is None) if feed else None, moved))


def revision(grid: Grid) -> str:
    """The revision of a page that was just drawn."""
    return "".join(_row_check(grid, row) for row in grid.rows) + "." + _tail(grid, 0)


def read_ids(grid: Grid, raw: str) -> list[Any]:
    """The ids of a poll, as primary keys; what is no key is left out, and what exceeds a page too."""
    key = grid.model._meta.pk
    while key.remote_field:  # a shared key has the limits of the one it points to
        key = key.target_field
    ids: dict[Any, None] = {}
    for part in raw.replace("\x00", "").split(",")[: grid.max_per_page]:
        try:
            value = key.to_python(part)
            key.run_validators(value)  # a number no column can hold is refused here, not by the database
        except (ValidationError, ValueError, OverflowError):
            continue
        ids[value] = None
    return list(ids)


def answer(grid: Grid, ids: Sequence[Any], since: str) -> dict[str, Any] | None:
    """What a screen showing `ids` in this order must change; None if nothing.

    rows: id -> column -> cell. members_changed: rows came or went, load the page anew when nobody is at
    work in it. gone: ids to strike out until then; came: how many wait to come in. order_changed: how many
    rows stand elsewhere in the order now; the screen asks before moving them.
    """
    on_page: dict[Any, Row] = {row["pk"]: row for row in grid.rows}
    away = [pk for pk in ids if pk not in on_page]
    shown = dict(on_page)
    if away:
        shown |= {row["pk"]: row for row in grid.selected(grid.matching().filter(pk__in=away))}
    gone = [pk for pk in ids if pk not in shown]
    came = [pk for pk in on_page if pk not in set(ids)]
    figures_move_rows = any(grid.columns[key.column].order_moves for key in grid.state.sort)
    # An order that moves by itself brings others onto the page all the time; but a page has to be full.
    room = len(ids) < min(grid.state.place.per_page, grid.totals.rows)
    members_changed = bool(gone) or bool(came and (not figures_move_rows or grid.pages == 1 or room))
    if gone:
        # Who left the filter is still shown as it is now; who may no longer be seen is not.
        shown |= {row["pk"]: row for row in grid.selected(grid.visible().filter(pk__in=gone))}
    moved = 0 if members_changed else _moved(list(on_page), ids)
    checks, _, tail = since.partition(".")
    known = {pk: checks[i * CHECK_LENGTH : (i + 1) * CHECK_LENGTH] for i, pk in enumerate(ids)}
    now = {pk: _row_check(grid, shown[pk]) for pk in ids if pk in shown}
    changed = [pk for pk, check in now.items() if known[pk] != check]
    new_tail = _tail(grid, moved)
    if not changed and not members_changed and tail == new_tail:
        return None
    return {
        "revision": "".join(now.get(pk, "-" * CHECK_LENGTH) for pk in ids) + "." + new_tail,
        "rows": {str(pk): rows.live_cells(grid, shown[pk]) for pk in changed},
        "members_changed": members_changed,
        "gone": [str(pk) for pk in gone],
        "came": len(came) if members_changed else 0,
        "order_changed": moved,
        **_around(grid, tail != new_tail),
    }


def _moved(page: list[Any], ids: Sequence[Any]) -> int:
    """How many rows on screen are not where the order would put them now."""
    return sum(1 for place, pk in enumerate(ids) if place >= len(page) or page[place] != pk)


def _around(grid: Grid, changed: bool) -> dict[str, Any]:
    """Totals and choice counts if they may differ, and the freshness of the figures."""
    feed = grid.feed()
    found: dict[str, Any] = {}
    if feed is not None:
        found["feed"] = {"stale": feed.stale, "since": feed.since.isoformat() if feed.since else ""}
    if changed:
        found["totals"] = rows.totals_bar(grid)
        found["choices"] = {
            name: {key: formats.format_count(count) for key, count in counts.items()}
            for name, counts in grid.totals.choices.items()
        }
    return found
