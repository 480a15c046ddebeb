"""Hours in which a customer may call: how they are written, and whether they are open at a moment.

Windows of a weekday are pairs of minutes since midnight, (opens, closes), the end exclusive, in steps of 15.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

Windows = Sequence[tuple[int, int]]
Week = Mapping[int, Windows]  # weekday, 0 is Monday -> its windows; a day without any is left out

DAY, STEP, MOST_WINDOWS = 24 * 60, 15, 4
_TIME = r"([0-9]{1,2})(?::?([0-9]{2}))?"
_RANGE = re.compile(rf"{_TIME}\s*(?:-|–|—|to)\s*{_TIME}", re.IGNORECASE)


def read(text: str) -> list[tuple[int, int]]:
    """`9-13, 14:00–18:30` as windows in order; "" is a closed day.

    Raises ValidationError with what is wrong, which part, and how to write it.
    """
    windows = [_window(part.strip()) for part in re.split(r"[,;]", text) if part.strip()]
    windows.sort()
    for (_opens, closes), (opens, _closes) in pairwise(windows):
        if opens < closes:
            raise ValidationError(
                _("Two times overlap at %(time)s. Join them or move one."), params={"time": clock(opens)}
            )
    if len(windows) > MOST_WINDOWS:
        raise ValidationError(
            _("A day takes at most %(most)s times; these are %(n)s."),
            params={"most": MOST_WINDOWS, "n": len(windows)},
        )
    return windows


def _window(part: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(part)
    if not found:
        raise ValidationError(_("“%(part)s” is no time. Write 09:00–17:30."), params={"part": part[:40]})
    from_hour, from_minute, to_hour, to_minute = (int(group or 0) for group in found.groups())
    opens, closes = from_hour * 60 + from_minute, to_hour * 60 + to_minute
    if max(from_minute, to_minute) > 59 or closes > DAY:
        raise ValidationError(_("“%(part)s” leaves the day, which ends at 24:00."), params={"part": part})
    if opens % STEP or closes % STEP:
        raise ValidationError(_("“%(part)s”: use quarter hours, such as 09:15."), params={"part": part})
    if opens >= closes:
        raise ValidationError(
            _("“%(part)s” ends before it begins. A night takes two days: until 24:00, and from 00:00."),
            params={"part": part},
        )
    return opens, closes


def said(windows: Windows) -> str:
    """Windows as people write them: `09:00–13:00, 14:00–18:00`."""
    return ", ".join(f"{clock(opens)}–{clock(closes)}" for opens, closes in windows)


def clock(minutes: int) -> str:
    """`09:15`; the end of the day is `24:00`."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def is_open(week: Week, zone: str, at: datetime) -> bool:
    """Whether calls may begin at `at` (aware). A week without windows is open; else days without are closed.

    Judged by the clock on the wall in `zone`: an hour that a change of clocks repeats counts twice."""
    if not any(week.values()):
        return True
    there = at.astimezone(ZoneInfo(zone))
    minute = there.hour * 60 + there.minute
    return any(opens <= minute < closes for opens, closes in week.get(there.weekday(), ()))


def next_change(week: Week, zone: str, at: datetime) -> datetime | None:
    """When `is_open` turns next; None where it never does. In `zone`."""
    now = is_open(week, zone, at)
    moment = at.astimezone(ZoneInfo("UTC"))
    moment += timedelta(
        minutes=STEP - moment.minute % STEP, seconds=-moment.second, microseconds=-moment.microsecond
    )
    for _quarter in range(8 * DAY // STEP):
        if is_open(week, zone, moment) != now:
            return moment.astimezone(ZoneInfo(zone))
        moment += timedelta(minutes=STEP)
    return None
