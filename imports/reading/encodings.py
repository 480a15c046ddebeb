"""In which encoding a file of text is written."""

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _

# What a person may choose, with its label.
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp1252": "Windows-1252",
    "iso8859-15": "ISO 8859-15",
    "cp1251": "Windows-1251",
}
LISTED = 20  # so many lines of another encoding are listed; more are as good as all
SHOWN_BYTES = 60
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True)
class Guess:
    """Something found out about a file, and why we think so."""

    value: str
    reason: str


@dataclass(frozen=True)
class StrayLine:
    """A line of a UTF-8 file that is no UTF-8. number: from 1; reading: what Windows-1252 makes of it."""

    number: int
    reading: str


def _as_windows_does(error: UnicodeError) -> tuple[str, int]:
    """A codec's error handler: the bytes in question as Windows-1252."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    stray = error.object[error.start : error.end]
    return stray.decode("cp1252", "replace"), error.end


STRAY = "imports.stray"
codecs.register_error(STRAY, _as_windows_does)


def guess_encoding(file: BinaryIO) -> tuple[Guess, list[StrayLine]]:
    """The encoding of a whole file, and the lines of a UTF-8 file that seem to be Windows-1252.

    UTF-16 is believed only where a mark or a pattern of zero bytes says so: nearly every file is "valid"
    UTF-16, and Windows-1252 read so becomes Chinese without an error. Leaves the file at its beginning.
    """
    file.seek(0)
    head = file.read(4096)
    for bom, name in _BOMS:
        if head.startswith(bom):
            stray = _stray_lines(file)[0] if name == "utf-8" else []
            return Guess(name, _("the file begins with its byte order mark")), stray
    if name := _wide(head):
        return Guess(name, _("every second byte is zero")), []
    stray, true_ones = _stray_lines(file)
    if not stray:
        reason = _("every byte is valid UTF-8") if true_ones else _("only plain letters")
        return Guess("utf-8", reason), []
    if true_ones:
        return Guess("utf-8", _("most lines are UTF-8, some are not")), stray
    return Guess("cp1252", _("line %(line)s is no UTF-8") % {"line": stray[0].number}), []


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: plain letters leave a zero in every second byte, and none in the others."""
    even, odd = head[0::2], head[1::2]
    if len(odd) < 2:
        return ""
    if odd.count(0) > len(odd) * 0.6 and not even.count(0):
        return "utf-16-le"
    if even.count(0) > len(even) * 0.6 and not odd.count(0):
        return "utf-16-be"
    return ""


def _stray_lines(file: BinaryIO) -> tuple[list[StrayLine], int]:
    """Lines that are no UTF-8, LISTED at most, and how many lines are UTF-8 beyond ASCII."""
    file.seek(0)
    stray: list[StrayLine] = []
    true_ones = 0
    for number, line in enumerate(file, start=1):
        if not _BEYOND_ASCII.search(line):
            continue
        try:
            line.decode("utf-8")
            true_ones += number > 1 or not line.startswith(codecs.BOM_UTF8)
        except UnicodeDecodeError:
            if len(stray) < LISTED:
                stray.append(StrayLine(number, line[:SHOWN_BYTES].decode("cp1252", "replace").strip()))
    file.seek(0)
    return stray, true_ones
