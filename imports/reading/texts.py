"""CSV and its kin: bytes to records, with the line each began on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from django.utils.translation import gettext as _

from imports.reading.delimiters import declared_delimiter, guess_delimiter
from imports.reading.encodings import STRAY, Guess, StrayLine, guess_encoding
from imports.reading.refusal import Unreadable

SAMPLE_LINES = 200
CELL_MAX_CHARS = 131_072
CELL_MAX_LINES = 100  # a longer "cell" is a quote that nobody closed
COLUMNS_MAX = 500
# The parser's own limit is one for the whole process; ours has to be hit first.
csv.field_size_limit(max(csv.field_size_limit(), CELL_MAX_CHARS + 1))
# Fed behind the last line: where it comes back as a record of its own, no quote was left open. A zero byte
# can stand in no file that is read so far.
_END = "\x00end"


@dataclass(frozen=True)
class Reading:
    """How a file is read: what was guessed, or what somebody chose instead."""

    encoding: Guess
    delimiter: Guess
    stray: list[StrayLine] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Record:
    """One record. row: its number as a spreadsheet counts, from 1, blank ones included; line: the line of the
    file it begins on, which is further down where quoted cells span lines."""

    row: int
    line: int
    cells: list[str]


def guess_reading(file: BinaryIO, *, encoding: str = "", delimiter: str = "") -> Reading:
    """How a file of text is read; what is given is taken as it is. Leaves the file at its beginning.

    Without an encoding all of the file is read once, with one only its first lines.
    """
    chosen = _("you chose it")
    found, stray = (Guess(encoding, chosen), []) if encoding else guess_encoding(file)
    if delimiter:
        return Reading(found, Guess(delimiter, chosen), stray)
    with _Decoded(file, found.value) as text:
        try:
            lines = [line for line in islice(_lines(text), SAMPLE_LINES) if line.strip()]
        except UnicodeDecodeError as error:
            raise Unreadable(_misread(error)) from None
    return Reading(found, guess_delimiter(lines), stray)


def records(file: BinaryIO, reading: Reading) -> Iterator[Record]:
    """Every record that is not blank, in order, in constant memory.

    Raises Unreadable, naming the line, for a zero byte, a cell that is too long, a quote that nobody closed,
    more than COLUMNS_MAX columns, and bytes that the encoding does not know.
    """
    with _Decoded(file, reading.encoding.value) as text:
        try:
            yield from _parsed(_lines(text), reading.delimiter.value)
        except UnicodeDecodeError as error:
            raise Unreadable(_misread(error)) from None


def _misread(error: UnicodeDecodeError) -> str:
    return _("The file is not written in %(encoding)s. Choose another encoding.") % {
        "encoding": error.encoding
    }


def _parsed(lines: Iterator[str], delimiter: str) -> Iterator[Record]:
    reader = csv.reader(_ended(lines), delimiter=delimiter)
    begun, row = 1, 0
    while True:
        try:
            cells = next(reader)
        except csv.Error:
            raise Unreadable(_too_long(begun)) from None
        if cells == [_END]:
            return
        if cells and _END in cells[-1]:
            raise Unreadable(
                _(
                    "A quote is opened in the record that begins on line %(line)s and never closed."
                    " Close it there."
                )
                % {"line": begun}
            )
        _refuse(cells, begun, reader.line_num)
        if begun > 1 or not _declares(cells, delimiter):
            row += 1
            if any(cell and not cell.isspace() for cell in cells):
                yield Record(row, begun, cells)
        begun = reader.line_num + 1


def _refuse(cells: list[str], begun: int, ended: int) -> None:
    if ended - begun >= CELL_MAX_LINES:
        raise Unreadable(
            _("The record that begins on line %(line)s goes on to line %(end)s. Is a quote not closed there?")
            % {"line": begun, "end": ended}
        )
    if len(cells) > COLUMNS_MAX:
        raise Unreadable(
            _("Line %(line)s has %(count)s columns; at most %(most)s are taken. Is the delimiter right?")
            % {"line": begun, "count": len(cells), "most": COLUMNS_MAX}
        )
    if any(len(cell) > CELL_MAX_CHARS for cell in cells):
        raise Unreadable(_too_long(begun))


def _too_long(line: int) -> str:
    return _(
        "A cell of the record that begins on line %(line)s has more than %(most)s characters."
        " Shorten it, or close the quote before it."
    ) % {"line": line, "most": CELL_MAX_CHARS}


def _declares(cells: list[str], delimiter: str) -> bool:
    """Whether these are the cells of a first line `sep=;`, which the delimiter itself has cut in two."""
    return bool(declared_delimiter(delimiter.join(cells)))


def _ended(lines: Iterator[str]) -> Iterator[str]:
    yield from lines
    yield _END


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Lines with their ends, without a byte order mark; refuses zero bytes, which PostgreSQL cannot store."""
    for number, line in enumerate(text, start=1):
        if (place := line.find("\x00")) >= 0:
            raise Unreadable(
                _("Line %(line)s has a zero byte at character %(place)s, which no text may have. Remove it.")
                % {"line": number, "place": place + 1}
            )
        yield line.removeprefix("\ufeff") if number == 1 else line


class _Decoded:
    """The file as text, line ends untouched; gives the file back at its beginning instead of closing it."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        file.seek(0)
        self.file = file
        errors = STRAY if encoding == "utf-8" else "strict"
        self.text = io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")

    def __enter__(self) -> io.TextIOWrapper:
        return self.text

    def __exit__(self, *_raised: object) -> None:
        if not self.file.closed:  # by who gave it, while records were still to come
            self.text.detach()
            self.file.seek(0)
