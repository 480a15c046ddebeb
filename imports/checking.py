"""From records to values: every problem of every row is found, none stops the rest."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from imports.fields import Chooser, Parser, Target
from imports.numbers import EXPONENT
from imports.plans import Plan
from imports.problems import Problem, Wrong
from imports.reading import Record

_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
STRANGERS_MAX = 500  # so many texts of a column that mean nothing are counted apart
_FORMULA_TEXT = re.compile(r'="([^"]*)"')


def cleaned(cell: str) -> str:
    """Without spaces around and unseen signs, composed; `="00123"` is how a spreadsheet keeps zeros."""
    if not cell.isascii():
        cell = unicodedata.normalize("NFC", cell.translate(_UNSEEN))
    cell = cell.strip()
    if cell.startswith("=") and (found := _FORMULA_TEXT.fullmatch(cell)):
        return found[1]
    return cell


class _Column(NamedTuple):
    """place: from 0, −1 for a fixed value; legal: whether its texts are counted where they mean nothing."""

    place: int
    head: str
    name: str
    required: bool
    parse: Parser
    legal: bool
    swaps: Mapping[str, str]


@dataclass
class Checker:
    """Checks the records of one file. `problems` grows while `values` is read.

    mapping: column number from 0 -> field name; fixed: field name -> text for every row; heads: of the file;
    plan: its corrections of cells. strangers: of fields with few legal texts: field name -> text that means
    nothing, or that the plan swaps -> how many rows.
    """

    target: Target
    heads: Sequence[str]
    mapping: Mapping[int, str]
    fixed: Mapping[str, str]
    mark: str
    plan: Plan = field(default_factory=Plan)
    problems: list[Problem] = field(default_factory=list)
    strangers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    rows: int = 0
    skipped: int = 0

    def values(self, records: Iterable[Record]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Row number and values of each record without a problem. A blank cell leaves its field out."""
        columns = self._compiled()
        skipped = set(self.plan.skipped)
        mended = {int(row): cells for row, cells in self.plan.cells.items()}
        for record in records:
            self.rows += 1
            if record.row in skipped:
                self.skipped += 1
                continue
            before = len(self.problems)
            found = self._row(record, columns, mended.get(record.row))
            if len(self.problems) == before:
                yield record.row, found

    def _compiled(self) -> list[_Column]:
        fields = {field.name: field for field in self.target.fields}
        places = [(place, self.heads[place], name) for place, name in sorted(self.mapping.items())]
        places += [(-1, str(fields[name].label), name) for name in self.fixed]
        columns = []
        for place, head, name in places:
            parser = fields[name].parser()
            parse, legal = (parser.parse, place >= 0) if isinstance(parser, Chooser) else (parser, False)
            swaps = self.plan.swaps.get(name, {}) if place >= 0 else {}
            columns.append(_Column(place, head, name, fields[name].required, parse, legal, swaps))
        return columns

    def _row(
        self, record: Record, columns: list[_Column], mended: Mapping[str, str] | None
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if len(record.cells) > len(self.heads) and any(map(str.strip, record.cells[len(self.heads) :])):
            message = _("The row has more cells than there are heads. Quote commas in texts.")
            self._note(record, None, "", message)
        for column in columns:
            place, _head, name, required, parse, legal, swaps = column
            raw = self.fixed[name] if place < 0 else record.cells[place] if place < len(record.cells) else ""
            cell = cleaned(raw)
            if mended and name in mended:
                cell = cleaned(mended[name])
            elif swaps and cell in swaps:
                if legal and cell:
                    self._meet(name, cell)
                cell = cleaned(swaps[cell])
            if not cell:
                if required:
                    self._note(record, column, "", _("Required. Fill the cell."))
            elif EXPONENT.fullmatch(cell):
                self._note(
                    record,
                    column,
                    cell,
                    _(
                        "was shortened by a spreadsheet, digits are lost. Format the column as text, enter"
                        " the number again and save the file anew."
                    ),
                )
            else:
                try:
                    found[name] = parse(cell, self.mark)
                except Wrong as wrong:
                    self._note(record, column, cell, str(wrong))
                    if legal and not (mended and name in mended) and cleaned(raw) not in swaps:
                        self._meet(name, cell)
        return found

    def _meet(self, name: str, text: str) -> None:
        met = self.strangers[name]
        if text in met or len(met) < STRANGERS_MAX:
            met[text] += 1

    def _note(self, record: Record, column: _Column | None, text: str, message: str) -> None:
        cells = tuple(record.cells)
        head, place, name = (column.head, column.place, column.name) if column else (_("whole row"), -1, "")
        self.problems.append(Problem(record.row, head, text, message, place=place, name=name, cells=cells))
