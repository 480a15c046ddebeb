"""How many channels were up over a day, for the customers one user may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db.models import Q, Sum

from calls.charts import DAY, GridLine, Line, Point, grid_lines, line, nice_ceiling
from calls.models import LiveSample
from customers.querysets import VisibleRows

if TYPE_CHECKING:
    from users.models import User

STEP = timedelta(minutes=5)  # a day in 288 points: about one for every two pixels
WEEK = timedelta(days=7)


class LiveSamples(VisibleRows):
    """Samples carry reseller and account manager, so the rule for customers is theirs too."""

    def existing(self) -> Self:
        """All of them: a sample of channels says nothing about who was deleted since."""
        return self


@dataclass(frozen=True)
class Moment:
    """What was up at the end of a minute, summed over everybody the user may see."""

    minute: datetime
    channels: int
    cps: float


@dataclass(frozen=True)
class Curve:
    """Today's channels against the same weekday a week ago, ready to draw."""

    today: Line
    before: Line
    grid: list[GridLine]
    hours: list[tuple[float, str, str]]  # x, caption, text-anchor
    highest: Moment | None
    cps_peak: float | None
    week_ago: int | None  # channels at this time a week ago

    @property
    def empty(self) -> bool:
        return not self.today.path and not self.before.path


def curve_of(user: User, now: datetime) -> Curve:
    """One query: the samples of both days (UTC)."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    found = _moments(user, midnight, now)
    today = [moment for moment in found if moment.minute >= midnight]
    before = [moment for moment in found if moment.minute < midnight]
    highest = max(today, key=lambda moment: moment.channels, default=None)
    ceiling = nice_ceiling(max((moment.channels for moment in found), default=0))
    return Curve(
        today=line(_points(today, midnight), ceiling, DAY),
        before=line(_points(before, midnight - WEEK), ceiling, DAY),
        grid=grid_lines(ceiling, DAY),
        hours=_hours(),
        highest=highest,
        cps_peak=max((moment.cps for moment in today), default=None),
        week_ago=_at(before, now - WEEK),
    )


def _moments(user: User, midnight: datetime, now: datetime) -> list[Moment]:
    """Samples of today so far and of the whole same weekday last week, oldest first."""
    day = timedelta(days=1)
    minutes = Q(minute__gte=midnight, minute__lte=now) | Q(
        minute__gte=midnight - WEEK, minute__lt=midnight - WEEK + day
    )
    rows = (
        LiveSamples(LiveSample)
        .visible_to(user)
        .filter(minutes)
        .order_by("minute")
        .values_list("minute")
        .annotate(channels_sum=Sum("channels"), cps_sum=Sum("cps"))
    )
    return [Moment(minute, channels, float(cps)) for minute, channels, cps in rows]


def _points(moments: Iterable[Moment], midnight: datetime) -> list[Point]:
    """The mean of each five minutes, at its middle; the last one at the last sample, where "now" is."""
    steps: dict[int, list[Moment]] = {}
    for moment in moments:
        steps.setdefault((moment.minute - midnight) // STEP, []).append(moment)
    day = timedelta(days=1)
    points: list[Point] = []
    for step, within in steps.items():
        middle = midnight + step * STEP + STEP / 2
        place = min(middle, within[-1].minute) if step == max(steps) else middle
        points.append(((place - midnight) / day, sum(one.channels for one in within) / len(within)))
    return points


def _at(moments: Iterable[Moment], minute: datetime) -> int | None:
    """Channels at `minute`, by a sample of the five minutes before it."""
    near = [moment for moment in moments if minute - STEP <= moment.minute <= minute]
    return near[-1].channels if near else None


def _hours() -> list[tuple[float, str, str]]:
    anchors = {0: "start", 24: "end"}
    return [
        (round(DAY.x(hour / 24), 1), f"{hour:02d}:00", anchors.get(hour, "middle"))
        for hour in range(0, 25, 3)
    ]
