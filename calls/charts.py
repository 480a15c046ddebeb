"""Geometry of line charts, drawn by the server as SVG at 1:1: series in, path data out. No database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# One point: how far along the axis (0 to 1), and the value; None where nothing was measured.
Point = tuple[float, float | None]
# A line breaks where neighbours lie further apart than this share of the axis: 15 minutes of a day.
GAP = 15 / 1440


@dataclass(frozen=True)
class Frame:
    """The drawing area in px: the plot lies between left and right, top and bottom."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int

    @property
    def caption_y(self) -> int:
        """Base line of the captions under the plot."""
        return self.bottom + 17

    @property
    def middle(self) -> tuple[int, int]:
        """Where a sentence stands that replaces the lines."""
        return (self.left + self.right) // 2, (self.top + self.bottom) // 2

    def x(self, share: float) -> float:
        return self.left + (self.right - self.left) * share

    def y(self, value: float, highest: float) -> float:
        return self.bottom - (self.bottom - self.top) * value / highest


DAY = Frame(width=690, height=236, left=40, right=684, top=10, bottom=214)


@dataclass(frozen=True)
class GridLine:
    """A horizontal line, its value, and where its caption's end and base line are."""

    y: float
    value: float
    label_x: int
    label_y: float


@dataclass(frozen=True)
class Line:
    """Path data of a line, of the area under it, and where its last point lies (None without points)."""

    path: str
    area: str
    end: tuple[float, float] | None


def nice_ceiling(highest: float) -> int:
    """The smallest 1, 2, 4, 6 or 8 times a power of ten, at least 4, that is not below `highest`.

    Its quarters are round figures, so that the axis can be read.
    """
    size = 1
    while True:
        for step in (4, 6, 8, 12, 16, 20, 24, 32):
            if step * size >= highest:
                return step * size
        size *= 10


def grid_lines(ceiling: int, frame: Frame, parts: int = 4) -> list[GridLine]:
    """Lines from 0 to `ceiling`, lowest first."""
    found = []
    for part in range(parts + 1):
        value = ceiling * part / parts
        y = round(frame.y(value, ceiling), 1)
        found.append(GridLine(y, value, frame.left - 6, y + 4))
    return found


def line(points: Sequence[Point], ceiling: float, frame: Frame) -> Line:
    """A line through `points` in order; broken where nothing was measured."""
    runs = _runs(points)
    drawn = [[(frame.x(share), frame.y(value, ceiling)) for share, value in run] for run in runs]
    path = "".join(_through(run) for run in drawn)
    area = "".join(
        f"{_through(run)}L{run[-1][0]:.1f} {frame.bottom}L{run[0][0]:.1f} {frame.bottom}Z" for run in drawn
    )
    end = drawn[-1][-1] if drawn else None
    return Line(path, area, end and (round(end[0], 1), round(end[1], 1)))


def _runs(points: Sequence[Point]) -> list[list[tuple[float, float]]]:
    """The stretches of `points` without a gap."""
    runs: list[list[tuple[float, float]]] = []
    last: float | None = None
    for share, value in points:
        if value is None:
            last = None
            continue
        if last is None or share - last > GAP:
            runs.append([])
        runs[-1].append((share, value))
        last = share
    return runs


def _through(run: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in run)
