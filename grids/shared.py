"""Grids that answer polls of many people: the same rights, the same visible rows, the same address.

A poll asks the database for what may have changed since (`Grid.glance`: who may do what, and the number that
every write draws), and nothing else if that is what it was. Kept in this process, for `SHARED_S` at most.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from grids.totals import SHARED_S

if TYPE_CHECKING:
    from grids.grid import Feed, Grid

MOST = 128  # lists; each holds one page of rows, some 150 kB


@dataclass(frozen=True)
class Glance:
    """What a poll has to know before it may use what another one has read.

    rights: full names of what the user may do. eyes: the same for users who see the same rows, and for
    nobody else. look: everything besides the rows that cells are drawn from. version: of the rows; "" if
    unknown. feed: how fresh figures are.
    """

    rights: frozenset[str]
    eyes: Hashable
    look: Hashable
    version: str
    feed: Feed | None = None
    known: Any = None  # whatever else was read, for the grid that is built from it


@dataclass
class _Kept:
    grid: Grid
    version: str
    until: float


@dataclass
class SharedGrids:
    """The most recently used grids of this process, by what makes their answers equal."""

    most: int = MOST
    _kept: OrderedDict[Hashable, _Kept] = field(default_factory=OrderedDict)
    _changing: Lock = field(default_factory=Lock)

    def get(self, key: Hashable, version: str, make: Callable[[], Grid]) -> Grid:
        """The grid under `key`, made anew if its rows may have changed or it is too old."""
        if not version:
            return make()
        now = time.monotonic()
        with self._changing:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
        if kept is not None and kept.version == version and now < kept.until:
            return kept.grid
        grid = make()
        with self._changing:
            for old in [name for name, one in self._kept.items() if one.until < now]:
                del self._kept[old]  # rows that nobody may use any more only take up room
            self._kept[key] = _Kept(grid, version, now + SHARED_S)
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
        return grid

    def clear(self) -> None:
        with self._changing:
            self._kept.clear()


shared = SharedGrids()
