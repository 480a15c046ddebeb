"""The answer to a poll: what changed on a screen since its last answer, and nothing else.

A screen sends the ids it shows and the `revision` of the last answer. The revision holds checksums of each
row's figures, words and curves, so nothing is remembered between polls for anybody, and a row that committed
late is not missed. Rows are looked up under the rights that hold now: who lost the right to a row loses it.

Many screens look at the same list at the same moment, so a grid may answer for all readers with the same
rights and the same visible rows (`grids.shared`); what is one person's own, the checksums, is made per poll.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from django.utils.crypto import salted_hmac

from grids import formats, rows
from grids.columns import Row
from grids.grid import Feed

if TYPE_CHECKING:
    from grids.grid import Grid

# Characters of the checksums of a row (figures, words, curves) and of what is no row (totals, counts of
# choices, the rest); six bits each.
ROW = (5, 4, 3)
TAIL = (5, 3, 3)
ROW_LENGTH = sum(ROW)
_UNKNOWN = "-" * ROW_LENGTH


class Reader:
    """Makes the checksums of one person.

    Keyed, and for each person otherwise: a plain checksum could be tried out until it gives figures away.
    """

    def __init__(self, user: Any) -> None:
        self.pk = user.pk
        self._key = salted_hmac(f"grids.live:{user.pk}", "", algorithm="sha256").digest()

    def check(self, value: str, length: int) -> str:
        """URL-safe characters that change when `value` does."""
        digest = blake2b(value.encode(), key=self._key, digest_size=6).digest()
        return base64.urlsafe_b64encode(digest).decode()[:length]

    def checks(self, values: Iterable[str], lengths: Sequence[int]) -> str:
        return "".join([self.check(value, length) for value, length in zip(values, lengths, strict=True)])


def _tail(grid: Grid, reader: Reader, moved: int, feed: Feed | None) -> str:
    """Checksums of what is no row: totals, counts of choices, freshness and rows that want another place."""
    told = (feed.stale, feed.since is None) if feed else None
    summed = grid.totals_bar + grid.summed
    return reader.checks((summed, repr(grid.totals.choices), repr((told, moved))), TAIL)


def _row_checks(grid: Grid, reader: Reader) -> dict[Any, str]:
    """Checksums of the rows of the page; made once for each reader of a shared grid."""
    found = grid.checks.get(reader.pk)
    if found is None:
        found = {pk: reader.checks(drawn.parts(), ROW) for pk, drawn in grid.drawn.items()}
        grid.checks[reader.pk] = found
    return found


def revision(grid: Grid) -> str:
    """The revision of a page that was just drawn."""
    reader = Reader(grid.user)
    return "".join(_row_checks(grid, reader).values()) + "." + _tail(grid, reader, 0, grid.feed())


def read_ids(grid: Grid, raw: str) -> list[Any]:
    """The ids of a poll, as primary keys; what is no key is left out, and what exceeds a page too."""
    ids: dict[Any, None] = {}
    known = grid.known_ids
    for part in raw.replace("\x00", "").split(",")[: grid.max_per_page]:
        if part in known:  # nearly always: the screen shows what the page has
            ids[known[part]] = None
            continue
        value = grid.keys.read(grid.model, part)
        if value is not None:
            ids[value] = None
    return list(ids)


def answer(
    grid: Grid, ids: Sequence[Any], since: str, *, user: Any = None, feed: Feed | None = None
) -> dict[str, Any] | None:
    """What a screen of `user` showing `ids` in this order must change; None if nothing.

    marks, tail: checksums to put into the revision, by the row's place from 0, and its end (see `revised`).
    rows: id -> figures as a line, one part per column in their order (static/js/grid-cells.js draws them).
    cells: id -> column -> markup, of cells that are no figures. curves: id -> column -> markup in the cell.
    members_changed: rows came or went, load the page anew when nobody is at work in it. gone: ids to strike
    out until then; came: how many wait to come in. order_changed: how many rows stand elsewhere in the order
    now; the screen asks before moving them. sums_changed: figures of groups or of a pivot may be others now.
    """
    reader = Reader(user or grid.user)
    feed = feed or grid.feed()
    drawn, checks = grid.drawn, _row_checks(grid, reader)
    away = [pk for pk in ids if pk not in drawn]
    gone: list[Any] = []
    if away:
        strays = _strays(grid, grid.matching().filter(pk__in=away))
        gone = [pk for pk in away if pk not in strays]
        if gone:
            # Who left the filter is still shown as it is now; who may no longer be seen is not.
            strays |= _strays(grid, grid.held().filter(pk__in=gone))
        drawn = drawn | strays
        checks = checks | {pk: reader.checks(one.parts(), ROW) for pk, one in strays.items()}
    shown = set(ids)
    came = [pk for pk in grid.drawn if pk not in shown]
    # An order that moves by itself brings others onto the page all the time; but a page has to be full.
    room = len(ids) < min(grid.state.place.per_page, grid.totals.rows)
    members_changed = bool(gone) or bool(came and (not grid.moves_by_itself or grid.pages == 1 or room))
    moved = 0 if members_changed or grid.is_grouped else _moved(list(grid.drawn), ids)
    old, _dot, old_tail = since.partition(".")
    tail = _tail(grid, reader, moved, feed)
    now = "".join([checks.get(pk, _UNKNOWN) for pk in ids])
    if now == old and tail == old_tail and not members_changed:
        return None
    return {
        **_changes(grid, ids, drawn, now, old),
        "tail": tail,
        "members_changed": members_changed,
        "gone": [grid.keys.word(pk) for pk in gone],
        "came": len(came) if members_changed else 0,
        "order_changed": moved,
        **_around(grid, tail, old_tail, feed),
    }


def _strays(grid: Grid, found: Any) -> dict[Any, rows.Drawn]:
    """Rows that a screen shows although they are not on the page, as they are now."""
    each: Iterable[Row] = grid.keyed(grid.selected(found))
    return {row["pk"]: rows.drawn(grid, row) for row in each}


def _changes(
    grid: Grid, ids: Sequence[Any], drawn: dict[Any, rows.Drawn], now: str, old: str
) -> dict[str, Any]:
    """Of each row the parts whose checksum is another one."""
    words, end = ROW[0], ROW[0] + ROW[1]
    marks, lines, cells, curves = {}, {}, {}, {}
    for place, pk in enumerate(ids):
        start = place * ROW_LENGTH
        mark, known = now[start : start + ROW_LENGTH], old[start : start + ROW_LENGTH]
        if mark == known:
            continue
        marks[str(place)] = mark
        one = drawn.get(pk)
        if one is None:
            continue
        word = grid.keys.word(pk)
        if mark[:words] != known[:words]:
            lines[word] = one.line
        if mark[words:end] != known[words:end]:
            cells[word] = one.cells
        if mark[end:] != known[end:]:
            curves[word] = one.curves
    found: dict[str, Any] = {"marks": marks, "rows": lines}
    return found | ({"cells": cells} if cells else {}) | ({"curves": curves} if curves else {})


def revised(since: str, count: int, found: dict[str, Any]) -> str:
    """The revision of a screen of `count` rows after it has taken an answer; browsers do the same."""
    rows_part = since.partition(".")[0].ljust(count * ROW_LENGTH, "-")
    each = [rows_part[place * ROW_LENGTH :][:ROW_LENGTH] for place in range(count)]
    for place, mark in found["marks"].items():
        each[int(place)] = mark
    return "".join(each) + "." + found["tail"]


def _moved(page: list[Any], ids: Sequence[Any]) -> int:
    """How many rows on screen are not where the order would put them now."""
    return sum(1 for place, pk in enumerate(ids) if place >= len(page) or page[place] != pk)


def _around(grid: Grid, tail: str, old: str, feed: Feed | None) -> dict[str, Any]:
    """Totals, counts of choices and freshness of the figures, each if it may differ."""
    found: dict[str, Any] = {}
    totals, choices = TAIL[0], TAIL[0] + TAIL[1]
    if feed is not None and (feed.stale or tail[choices:] != old[choices:]):
        found["feed"] = {"stale": feed.stale, "since": feed.since.isoformat() if feed.since else ""}
    if tail[:totals] != old[:totals]:
        found["totals"] = grid.totals_bar
        if grid.summed:
            found["sums_changed"] = True
    if tail[totals:choices] != old[totals:choices]:
        found["choices"] = {
            name: {key: formats.format_count(count) for key, count in counts.items()}
            for name, counts in grid.totals.choices.items()
        }
    return found
