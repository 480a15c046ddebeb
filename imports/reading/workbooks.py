"""Workbooks (XLSX, ODS): the first sheet with rows becomes text once; all later steps read text."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from imports.reading.refusal import Unreadable

UNPACKED_MAX_BYTES = 1_000_000_000
RATIO_MAX = 200  # how many times a part may grow when it is unpacked; sheets of real rows stay below 60
RATIO_FROM_BYTES = 20_000_000  # smaller parts harm nobody, however well they pack
PARTS_MAX = 5_000
EXACT = 2**53  # larger whole numbers have lost digits in every spreadsheet
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"


def is_workbook(file: BinaryIO) -> bool:
    """Whether the content is XLSX or ODS, whatever the name says. Leaves the file at its beginning."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as parts:
            names = set(parts.namelist())
            return "xl/workbook.xml" in names or ("mimetype" in names and parts.read("mimetype")[:80] == _ODS)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError):
        return False
    finally:
        file.seek(0)


def as_text(file: BinaryIO, *, largest_bytes: int) -> tuple[str, Iterator[bytes]]:
    """The name of the first sheet with rows, and that sheet as comma-separated UTF-8, rows where they stand.

    Numbers are written in full with a point, dates as 2026-01-31. A number whose digits are lost is written
    in exponent form, which no field takes. Raises Unreadable for a workbook that is broken, locked, empty or
    that would unpack to far more than it is.
    """
    # Loaded where a workbook comes: its compiled library is of no use to any other process.
    from python_calamine import CalamineError, CalamineWorkbook

    _refuse_bombs(file, largest_bytes)
    try:
        book = CalamineWorkbook.from_filelike(file)
        for number, name in enumerate(book.sheet_names):
            sheet = book.get_sheet_by_index(number)
            if sheet.height:
                return name, _lines(sheet.iter_rows())
    except CalamineError:
        raise Unreadable(_damaged()) from None
    raise Unreadable(_("No sheet of this workbook has rows. Choose the file that holds them."))


def _refuse_bombs(file: BinaryIO, largest_bytes: int) -> None:
    """Judges by the sizes that a ZIP file declares, then reads it once, in pieces: they have to hold."""
    file.seek(0)
    if file.seek(0, 2) > largest_bytes:
        raise Unreadable(_("The file has more than %(most)s MB.") % {"most": largest_bytes // 1_000_000})
    file.seek(0)
    parts = zipfile.ZipFile(file)
    found = parts.infolist()
    swollen = any(
        part.file_size > RATIO_FROM_BYTES and part.file_size > RATIO_MAX * max(part.compress_size, 1)
        for part in found
    )
    if swollen or len(found) > PARTS_MAX or sum(part.file_size for part in found) > UNPACKED_MAX_BYTES:
        raise Unreadable(
            _("This workbook unpacks to far more than it is. Save the sheet as “CSV UTF-8” and upload that.")
        )

    try:
        damaged = parts.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        damaged = "unreadable"
    if damaged:
        raise Unreadable(_damaged())
    file.seek(0)


def _damaged() -> str:
    return _("This workbook cannot be opened: it is damaged or has a password. Save it anew without one.")


def _lines(rows: Iterator[list[Any]]) -> Iterator[bytes]:
    spool = io.StringIO()
    writer = csv.writer(spool)
    for row in rows:
        writer.writerow([_written(value) for value in row])
        yield spool.getvalue().replace("\x00", "").encode()
        spool.seek(0)
        spool.truncate()


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    if isinstance(value, date | time | timedelta):
        return str(value)
    return str(value)


def _number(value: float) -> str:
    if value.is_integer():
        return str(int(value)) if abs(value) < EXACT else f"{value:E}"
    plain = repr(value)
    return format(value, "f") if "e-" in plain else plain
