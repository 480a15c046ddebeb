"""What a file is, told by its content: names lie."""

from typing import BinaryIO

from django.utils.translation import gettext as _

from imports.reading.refusal import Unreadable

# Content begins with -> what it is. Their sentences are made when asked for, in the reader's language.
_PROGRAM, _OLD_EXCEL, _ZIP, _PDF, _GZIP = b"MZ", b"\xd0\xcf\x11\xe0", b"PK\x03\x04", b"%PDF", b"\x1f\x8b"
_HTML = (b"<html", b"<!doctype html", b"<table", b"<?xml")


def refuse_what_is_no_text(file: BinaryIO, *, largest_bytes: int) -> None:
    """Raises Unreadable for a file that is empty, too large or no text. Leaves it at its beginning."""
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(512)
    file.seek(0)
    if sentence := _objection(head, size, largest_bytes):
        raise Unreadable(sentence)


def _objection(head: bytes, size: int, largest_bytes: int) -> str:
    if size == 0 or (size <= len(head) and not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n")):
        return _("The file is empty. Choose the file that holds the rows.")
    if size > largest_bytes:
        return _("The file has %(size)s MB; at most %(most)s MB are taken. Split it into several.") % {
            "size": -(-size // 1_000_000),
            "most": largest_bytes // 1_000_000,
        }
    if head.startswith(_PROGRAM):
        return _("This is a program for Windows, whatever its name says. Choose a CSV file.")
    if head.startswith(_OLD_EXCEL):
        return _("This is a workbook of an old Excel (.xls). Save it as “CSV UTF-8” and upload that.")
    if head.startswith(_ZIP):
        return _("This is a workbook or an archive, not a CSV file. Save it as “CSV UTF-8” and upload that.")
    if head.startswith(_GZIP):
        return _("This file is compressed. Unpack it and upload what is inside.")
    if head.startswith(_PDF):
        return _("This is a PDF. Export the table as a CSV file and upload that.")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_HTML):
        return _(
            "This is a web page, whatever its name says. Open it in your spreadsheet, save it as “CSV UTF-8”"
            " and upload that."
        )
    return ""
