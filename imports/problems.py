"""What is wrong with a cell, in words for the person who has to mend it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _


class Wrong(Exception):
    """A text that a field cannot take. str() follows the quoted text: "is no number. Write digits …"."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. row: as a spreadsheet counts; column: the head of the column; text: what stands there.

    place: the column's number from 0, −1 for a fixed value or the whole row; name: of the field, "" for the
    whole row; kind: the sentence that problems are grouped by, where `message` differs from row to row;
    cells: the whole row.
    """

    row: int
    column: str
    text: str
    message: str
    place: int = -1
    name: str = ""
    kind: str = ""
    cells: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = f"“{self.text[:60]}” " if self.text else ""
        place = _("Row %(row)s, %(column)s") % {"row": self.row, "column": self.column}
        return f"{place}: {shown}{self.message}"
