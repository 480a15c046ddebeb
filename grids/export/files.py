"""The formats, and the way of a file to the browser."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

import xlsxwriter
from django.db import transaction
from django.utils.translation import gettext as _

from grids.export import listing, summary
from grids.export.formulas import defused

if TYPE_CHECKING:
    from grids.grid import Grid

CHUNK = 64 * 1024
IN_MEMORY = 4 * 1024 * 1024  # larger files lie on disk until they are sent
XLSX_MOST_ROWS = 1_048_575  # of a sheet, under its heads
BYTE_ORDER_MARK = "\ufeff"  # by which spreadsheets know UTF-8


class NoExport(Exception):
    """Why this file cannot be made, in a sentence for whoever asked for it."""


@dataclass(frozen=True)
class Made:
    """A file that is whole. rows: under its heads. size: bytes. chunks: its content."""

    name: str
    content_type: str
    rows: int
    size: int
    chunks: Chunks


TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


def make(grid: Grid, kind: str) -> Made:
    """The file of what `grid` shows, all pages of it. kind: a key of TYPES. Raises NoExport."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by whoever reads it
    try:
        rows = {"csv": _csv, "xlsx": _xlsx, "json": _json}[kind](grid, file)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    stamp = grid.now.astimezone(UTC).strftime("%Y-%m-%d-%H%M")
    return Made(f"{grid.slug}-{stamp}.{kind}", TYPES[kind], rows, size, Chunks(file))


class Chunks:
    """The content of a file, once. Whoever answers with it closes it, read or not."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.close = file.close

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.file.read(CHUNK):
            yield chunk


# --- CSV --------------------------------------------------------------------------------------------------


def _csv(grid: Grid, file: IO[bytes]) -> int:
    if not grid.is_list:
        table = summary.table(grid)
        file.write(_csv_lines([table.heads, *table.rows]))
        return len(table.rows)
    columns = listing.filed_columns(grid)
    file.write(_csv_lines([[one.label for one in columns]]))
    return listing.write_csv(grid, columns, file)


def _csv_lines(rows: Iterable[Iterable[Any]]) -> bytes:
    """Beginning with the mark by which spreadsheets know the encoding."""
    out = io.StringIO()
    out.write(BYTE_ORDER_MARK)
    csv.writer(out, lineterminator="\n").writerows([_csv_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def _csv_cell(cell: Any) -> Any:
    return defused(cell) if isinstance(cell, str) else _plain(cell)


def _plain(cell: Any) -> Any:
    """A figure as it is written: no exponent, no zeros at the end."""
    if isinstance(cell, Decimal):
        shown = f"{cell:f}"
        return shown.rstrip("0").rstrip(".") if "." in shown else shown
    return "" if cell is None else cell


# --- JSON -------------------------------------------------------------------------------------------------


def _json(grid: Grid, file: IO[bytes]) -> int:
    """A list of objects, each on a line of its own."""
    if not grid.is_list:
        table = summary.table(grid)
        rows = [dict(zip(table.keys, row, strict=True)) for row in table.rows]
        file.write(json.dumps(rows, default=_json_value, ensure_ascii=False, indent=0).encode())
        return len(rows)
    columns = listing.filed_columns(grid)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as lines:
        count = listing.write_json_lines(grid, columns, lines)
        lines.seek(0)
        file.write(b"[")
        before = b"\n"
        for line in lines:
            file.write(before + line.rstrip(b"\n"))
            before = b",\n"
        file.write(b"\n]\n")
    return count


def _json_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return str(value)


# --- XLSX -------------------------------------------------------------------------------------------------


def _xlsx(grid: Grid, file: IO[bytes]) -> int:
    """One sheet. Words are written as words, so that no cell is ever a formula."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "in_memory": False,
    }
    book = xlsxwriter.Workbook(file, options)
    sheet = book.add_worksheet(str(grid.nouns[1])[:31].capitalize())
    bold = book.add_format({"bold": True})
    try:
        if grid.is_list:
            columns = listing.filed_columns(grid)
            with transaction.atomic(), closing(listing.rows(grid, columns)) as rows:
                return _sheet(sheet, bold, [one.label for one in columns], rows)
        table = summary.table(grid)
        return _sheet(sheet, bold, table.heads, table.rows)
    finally:
        book.close()


def _sheet(sheet: Any, bold: Any, heads: list[str], rows: Iterable[Iterable[Any]]) -> int:
    number = 0
    sheet.freeze_panes(1, 0)
    for place, head in enumerate(heads):
        sheet.write_string(0, place, head, bold)
        sheet.set_column(place, place, min(40, max(10, len(head) + 2)))
    for number, row in enumerate(rows, start=1):
        if number > XLSX_MOST_ROWS:
            raise NoExport(
                _("An Excel sheet holds %(most)s rows at most, and these are more. Filter, or take CSV.")
                % {"most": f"{XLSX_MOST_ROWS:,}"}
            )
        for place, cell in enumerate(row):
            if isinstance(cell, bool | str):
                sheet.write_string(number, place, str(cell)[:32_767])
            elif cell is not None:
                sheet.write_number(number, place, cell)
    return number
