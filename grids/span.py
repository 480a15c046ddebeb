"""Tables that are partitioned by time: a list of them always says which time it is about.

The conditions on the moment by which a table is cut decide where the list begins and ends; where they leave
that open, or ask for more than a grid looks through at once, the latest part of it counts. The two ends are
bound as plain values, so that PostgreSQL leaves out the partitions beyond them when it plans.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q

from grids.filters import MomentFilter, Viewpoint

if TYPE_CHECKING:
    from grids.state import Filters


@dataclass(frozen=True)
class Ends:
    """From `begin` until before `end`. cut: whether more was asked for."""

    begin: datetime
    end: datetime
    cut: bool = False


@dataclass(frozen=True)
class Span:
    """column: of the moment. days: that are looked through at once. ahead: how far rows may lie in the
    future, since clocks of those who tell of them differ."""

    column: str
    days: int
    ahead: timedelta = timedelta(minutes=5)

    def ends(self, kind: MomentFilter, filters: Filters | None, view: Viewpoint) -> Ends:
        """What the conditions in `filters` leave; None stands for no condition."""
        low, high = _hull(kind, filters, self.column, view) if filters else (None, None)
        latest = view.now + self.ahead
        end = latest if high is None else min(high, latest)
        earliest = end - timedelta(days=self.days)
        if low is None or low < earliest - timedelta(hours=1):  # for the month in which clocks change
            return Ends(earliest, end, cut=True)
        return Ends(low, end)

    def where(self, kind: MomentFilter, ends: Ends) -> Q:
        field = kind.field_name
        return Q(**{f"{field}__gte": ends.begin, f"{field}__lt": ends.end})


def _hull(
    kind: MomentFilter, filters: Filters, column: str, view: Viewpoint
) -> tuple[datetime | None, datetime | None]:
    """The shortest time that holds whatever the conditions select; None: without an end on that side."""
    bounds = [kind.bounds(one, view) for one in filters.all_on(column)]
    lows, highs = [low for low, _high in bounds], [high for _low, high in bounds]
    if filters.is_any(column):
        return (
            None if None in lows else min(low for low in lows if low),
            None if None in highs else max(high for high in highs if high),
        )
    return max((low for low in lows if low), default=None), min(
        (high for high in highs if high), default=None
    )
