"""A file opened under a plan: its heads, its rows, and which column fills what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from imports.checking import Checker, cleaned
from imports.fields import Target
from imports.mapping import Mapped, guess_mapping, missing
from imports.numbers import guess_decimal_mark
from imports.plans import Plan
from imports.reading import Reading, Record, guess_reading, records
from imports.reading.encodings import Guess
from imports.reading.kinds import refuse_what_is_no_text

SAMPLED_ROWS = 200
SHOWN_ROWS = 30


@dataclass(frozen=True)
class Opened:
    """heads: of all columns, each unlike the others; above: rows above the data; sample: the first rows of
    data; below: the rows after those, once."""

    reading: Reading
    heads: list[str]
    above: list[Record]
    sample: list[Record]
    below: Iterator[Record]
    mapping: dict[int, Mapped]
    mark: Guess

    @property
    def body(self) -> Iterator[Record]:
        return chain(self.sample, self.below)

    def checker(self, target: Target, plan: Plan) -> Checker:
        names = {place: mapped.name for place, mapped in self.mapping.items()}
        fixed = {name: text for name, text in plan.fixed.items() if name not in names.values()}
        return Checker(target, self.heads, names, fixed, self.mark.value, plan)

    def lacking(self, target: Target, plan: Plan) -> list[str]:
        """Labels of required fields that nothing fills."""
        return missing(self.mapping, plan.fixed, target)


def open_file(
    file: BinaryIO, target: Target, plan: Plan, *, remembered: Mapping[str, str] | None = None
) -> Opened:
    """Reads the first rows. Raises Unreadable where the file cannot be read or a choice names no column."""
    refuse_what_is_no_text(file, largest_bytes=settings.IMPORT_MAX_BYTES)
    reading = guess_reading(file, encoding=plan.encoding, delimiter=plan.delimiter)
    rest = records(file, reading)
    above: list[Record] = []
    first = None
    for record in rest:
        if record.row >= plan.start_row:
            first = record
            break
        above = [*above[1 - SHOWN_ROWS :], record]
    body = chain([first] if first else [], rest)
    sample = list(islice(body, SAMPLED_ROWS))
    width = max((len(record.cells) for record in sample), default=0)
    heads = _heads(above[-1].cells if above else [""] * width)
    mapping = guess_mapping(
        heads,
        target,
        plan.columns,
        remembered=remembered,
        samples=[record.cells for record in sample[:SHOWN_ROWS]],
    )
    mark = Guess(plan.mark, _("you chose it")) if plan.mark else _mark(sample, mapping, target)
    return Opened(reading, heads, above, sample, body, mapping, mark)


def guess_start_row(file: BinaryIO, target: Target, reading: Reading) -> int:
    """The row below the one, of the first, in which most words are known heads; without such a row, below
    the first that is as wide as any. Leaves the file at its beginning."""
    first = list(islice(records(file, reading), SHOWN_ROWS))
    if not first:
        return 2
    known = [len(guess_mapping(_heads(record.cells), target, {})) for record in first]
    if max(known):
        return first[known.index(max(known))].row + 1
    widths = [sum(1 for cell in record.cells if cell.strip()) for record in first]
    return first[widths.index(max(widths))].row + 1


def _heads(cells: list[str]) -> list[str]:
    """Heads of all columns: a blank one gets a number, one that comes again is counted."""
    heads: list[str] = []
    for place, cell in enumerate(cells, start=1):
        head = cleaned(cell) or _("column %(number)s") % {"number": place}
        times = sum(1 for other in heads if other == head or other.startswith(f"{head} ("))
        heads.append(f"{head} ({times + 1})" if times else head)
    return heads


def _mark(sample: list[Record], mapping: Mapping[int, Mapped], target: Target) -> Guess:
    numeric = {field.name for field in target.fields if field.numeric}
    places = [place for place, mapped in mapping.items() if mapped.name in numeric]
    cells = (record.cells[place] for record in sample for place in places if place < len(record.cells))
    return guess_decimal_mark(cells)
