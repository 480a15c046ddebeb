"""The first rows of a file as a page shows them: what each column fills, and which cells do not fit."""

from __future__ import annotations

from dataclasses import dataclass

from imports.fields import Target
from imports.opening import Opened
from imports.plans import Plan
from imports.reading import Record
from imports.reading.encodings import Guess


@dataclass(frozen=True)
class Column:
    """place: from 0; name: of the field it fills, "" for none; filled, bad: cells of the shown rows."""

    place: int
    head: str
    name: str
    label: str
    reason: str
    required: bool
    filled: int
    bad: int

    @property
    def input(self) -> str:
        return f"column-{self.place}"


@dataclass(frozen=True)
class Row:
    """kind: "skp" above the heads, "hdr" the heads, "first" where data begins, "" data.
    cells: (text, what is wrong with it or "", number of its column)."""

    number: int
    kind: str
    cells: list[tuple[str, str, int]]


@dataclass(frozen=True)
class Preview:
    """lacking: labels of required fields that nothing fills; required: (label, head or fixed value or "").
    mark: of decimals, "" where it is not known, and why."""

    columns: list[Column]
    rows: list[Row]
    lacking: list[str]
    required: list[tuple[str, str]]
    fixed: list[tuple[str, str, str]]
    mark: Guess
    bad: int

    @classmethod
    def of(cls, opened: Opened, target: Target, plan: Plan, *, rows: int) -> Preview:
        sample = opened.sample[:rows]
        checker = opened.checker(target, plan)
        for _values in checker.values(sample):
            pass
        wrong = {(found.row, found.place): found.message for found in checker.problems if found.place >= 0}
        columns = [_column(opened, target, place, wrong, len(sample)) for place in range(len(opened.heads))]
        return cls(
            columns,
            _rows(opened, sample, wrong),
            opened.lacking(target, plan),
            [
                (str(field.label), _feeder(opened, plan, field.name))
                for field in target.fields
                if field.required
            ],
            [(name, _label(target, name), text) for name, text in plan.fixed.items()],
            opened.mark,
            len(wrong),
        )


def _column(
    opened: Opened, target: Target, place: int, wrong: dict[tuple[int, int], str], shown: int
) -> Column:
    mapped = opened.mapping.get(place)
    field = target.field(mapped.name) if mapped else None
    return Column(
        place=place,
        head=opened.heads[place],
        name=mapped.name if mapped else "",
        label=str(field.label) if field else "",
        reason=mapped.reason if mapped else "",
        required=bool(field and field.required),
        filled=shown,
        bad=sum(1 for _row, at in wrong if at == place),
    )


def _rows(opened: Opened, sample: list[Record], wrong: dict[tuple[int, int], str]) -> list[Row]:
    width = range(len(opened.heads))
    above = [
        Row(record.row, "hdr" if record is opened.above[-1] else "skp", _cells(record.cells, {}, 0, width))
        for record in opened.above
    ]
    data = [
        Row(record.row, "" if at else "first", _cells(record.cells, wrong, record.row, width))
        for at, record in enumerate(sample)
    ]
    return above + data


def _cells(
    cells: list[str], wrong: dict[tuple[int, int], str], row: int, width: range
) -> list[tuple[str, str, int]]:
    return [(cells[at] if at < len(cells) else "", wrong.get((row, at), ""), at) for at in width]


def _feeder(opened: Opened, plan: Plan, name: str) -> str:
    """What fills a field: the head of its column, or the value that is the same for every row."""
    heads = [opened.heads[place] for place, mapped in opened.mapping.items() if mapped.name == name]
    return heads[0] if heads else plan.fixed.get(name, "")


def _label(target: Target, name: str) -> str:
    field = target.field(name)
    return str(field.label) if field else name
