"""The rows that have problems as a file: their cells as they came, and why they were refused.

It can be mended and uploaded again: the added column fills no field, and is passed over.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import groupby

from django.utils.translation import gettext as _

from imports import shelf
from imports.models import Upload
from imports.opening import open_file
from imports.reading import Unreadable

BYTE_ORDER_MARK = "\ufeff"  # by which spreadsheets know UTF-8


class _Echo:
    """What a csv writer writes into: it gives each line back."""

    def write(self, line: str) -> str:
        return line


def lines(upload: Upload) -> Iterator[str]:
    """Lines of CSV: heads of the file and “Problem”, then each refused row once with all its problems.

    Raises Unreadable where the file is kept no longer.
    """
    try:
        with shelf.take(upload.key) as file:
            heads = open_file(file, upload.becomes, upload.decided).heads
    except FileNotFoundError:
        raise Unreadable(_("The file is kept no longer; only its report is.")) from None
    return _lines(upload, heads)


def _lines(upload: Upload, heads: list[str]) -> Iterator[str]:
    write = csv.writer(_Echo()).writerow
    yield BYTE_ORDER_MARK + write([*heads, _("Problem")])
    problems = upload.problems.order_by("row", "pk").iterator(chunk_size=2_000)
    for _row, found in groupby(problems, key=lambda problem: problem.row):
        of_row = list(found)
        cells = [*of_row[0].cells, *[""] * len(heads)][: max(len(heads), len(of_row[0].cells))]
        said = [f"{one.column}: {one.message}" if one.column else one.message for one in of_row]
        yield write([*cells, "; ".join(dict.fromkeys(said))])
