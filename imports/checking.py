"""From records to values: every problem of every row is found, none stops the rest."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from imports.fields import Parser, Target
from imports.numbers import EXPONENT
from imports.problems import Problem, Wrong
from imports.reading import Record

_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_FORMULA_TEXT = re.compile(r'="([^"]*)"')


def cleaned(cell: str) -> str:
    """Without spaces around and unseen signs, composed; `="00123"` is how a spreadsheet keeps zeros."""
    if not cell.isascii():
        cell = unicodedata.normalize("NFC", cell.translate(_UNSEEN))
    cell = cell.strip()
    if cell.startswith("=") and (found := _FORMULA_TEXT.fullmatch(cell)):
        return found[1]
    return cell


@dataclass
class Checker:
    """Checks the records of one file. `problems` grows while `values` is read.

    mapping: column number from 0 -> field name; fixed: field name -> text for every row; heads: of the file.
    """

    target: Target
    heads: Sequence[str]
    mapping: Mapping[int, str]
    fixed: Mapping[str, str]
    mark: str
    problems: list[Problem] = field(default_factory=list)
    rows: int = 0

    def values(self, records: Iterable[Record]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Row number and values of each record without a problem. A blank cell leaves its field out."""
        columns = self._compiled()
        for record in records:
            self.rows += 1
            before = len(self.problems)
            found = self._row(record, columns)
            if len(self.problems) == before:
                yield record.row, found

    def _compiled(self) -> list[tuple[int, str, str, bool, Parser]]:
        """(column number, head, field name, required, parser) of each column; a fixed value has −1."""
        fields = {field.name: field for field in self.target.fields}
        columns = [(place, self.heads[place], name) for place, name in sorted(self.mapping.items())]
        columns += [(-1, str(fields[name].label), name) for name in self.fixed]
        return [
            (place, head, name, fields[name].required, fields[name].parser()) for place, head, name in columns
        ]

    def _row(self, record: Record, columns: list[tuple[int, str, str, bool, Parser]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if len(record.cells) > len(self.heads) and any(map(str.strip, record.cells[len(self.heads) :])):
            self._note(
                record,
                _("whole row"),
                "",
                _("The row has more cells than there are heads. Quote commas in texts."),
            )
        for place, head, name, required, parse in columns:
            raw = self.fixed[name] if place < 0 else record.cells[place] if place < len(record.cells) else ""
            cell = cleaned(raw)
            if not cell:
                if required:
                    self._note(record, head, "", _("Required. Fill the cell."), place)
            elif EXPONENT.fullmatch(cell):
                self._note(
                    record,
                    head,
                    cell,
                    _(
                        "was shortened by a spreadsheet, digits are lost. Format the column as text, enter"
                        " the number again and save the file anew."
                    ),
                    place,
                )
            else:
                try:
                    found[name] = parse(cell, self.mark)
                except Wrong as wrong:
                    self._note(record, head, cell, str(wrong), place)
        return found

    def _note(self, record: Record, column: str, text: str, message: str, place: int = -1) -> None:
        cells = tuple(record.cells)
        self.problems.append(Problem(record.row, column, text, message, place=place, cells=cells))
