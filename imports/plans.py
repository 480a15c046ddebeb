"""What somebody decided about one file; what nobody decided is guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Plan:
    """Decisions about a file.

    columns: head -> field name ("" leaves the column out); fixed: field name -> text for every row;
    start_row: the first row with data, as a spreadsheet counts; the row above it holds the heads, 1: there
    are none; encoding, delimiter, mark (of decimals): "" guessed.
    swaps: field name -> text as it stands in cells ("": blank) -> what is read instead, in every row;
    cells: row number -> field name -> what is read instead in this row; skipped: rows left out.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    start_row: int = 2
    encoding: str = ""
    delimiter: str = ""
    mark: str = ""
    swaps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    cells: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    skipped: Sequence[int] = ()
    good_rows_only: bool = False
    only_check: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Plan:
        """The plan that `as_json` gave; decisions of a later release are left aside."""
        return cls(**{name: value for name, value in stored.items() if name in cls.__dataclass_fields__})
