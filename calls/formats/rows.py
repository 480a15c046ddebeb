"""Rows of CSV, or JSON objects that name their columns: one record each, as text."""

import csv
import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from django.utils.translation import gettext as _

from calls.fields import Cause, Refused, shown
from calls.formats.reading import ITEM_MAX_BYTES, text_of

# A quote that nobody closes would swallow the rest of a file; a record over more lines than this is broken.
LINES_MOST = 32


def assemble(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The records of a CSV, each with its line ends: a quoted value may go on over several lines.

    Where a quote is not closed in LINES_MOST lines, its first line is given alone, so that what follows is
    read as it should be.
    """
    ahead: deque[bytes] = deque()
    while (line := ahead.popleft() if ahead else next(lines, None)) is not None:
        record, quotes, taken = [line], line.count(b'"'), 0
        while quotes % 2 and len(record) < LINES_MOST:
            if taken < len(ahead):
                more = ahead[taken]
            elif (read := next(lines, None)) is not None:
                ahead.append(more := read)
            else:
                break
            taken += 1
            record.append(more)
            quotes += more.count(b'"')
        if quotes % 2:
            yield line
            continue
        for _n in range(taken):
            ahead.popleft()
        yield b"".join(record)


def row_of(content: str, names: Sequence[str]) -> dict[str, Any]:
    """The columns of one record by name. names: for CSV; a JSON object has its own.

    Raises Refused where it is neither, or has another number of columns.
    """
    if content.lstrip().startswith("{"):
        return object_of(content)
    values = cells(content)
    if len(values) != len(names):
        raise Refused(
            "",
            _("The row has %(count)s columns instead of %(names)s.")
            % {"count": len(values), "names": len(names)},
            Cause.UNREADABLE,
        )
    return dict(zip(names, values, strict=True))


def named(items: Iterable[tuple[int, bytes]], names: Sequence[str]) -> Iterator[tuple[int, bytes]]:
    """Rows of CSV as JSON objects, so that one that is kept can be read again without its header.

    What cannot be read as a row stays as it is; without `names` all does.
    """
    for index, raw in items:
        if names and len(raw) <= ITEM_MAX_BYTES and not raw.lstrip().startswith(b"{"):
            with suppress(Refused):
                raw = json.dumps(row_of(text_of(raw), names), ensure_ascii=False).encode()
        yield index, raw


def cells(content: str) -> list[str]:
    """The values of one CSV record; a doubled quote stands for one."""
    try:
        rows = list(csv.reader([content.rstrip("\r\n")], strict=True))
    except csv.Error as error:
        raise Refused(
            "", _("This is no row of CSV: %(error)s.") % {"error": error}, Cause.UNREADABLE
        ) from None
    return rows[0] if rows else []


def object_of(content: str) -> dict[str, Any]:
    """The JSON object that this text is; raises Refused where it is none."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refused(
            "", _("This is no valid JSON: %(error)s.") % {"error": error}, Cause.UNREADABLE
        ) from None
    if not isinstance(value, dict):
        raise Refused("", _("%(value)s is not a JSON object.") % {"value": shown(value)}, Cause.UNREADABLE)
    return value
