"""Files of call records, read piece by piece, however large they are, packed by gzip or not."""

import io
import json
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from gzip import BadGzipFile, GzipFile
from pathlib import Path
from typing import BinaryIO, cast

from calls.formats import kamailio
from calls.formats.reading import ITEM_MAX_BYTES
from calls.formats.rows import assemble
from calls.models import CdrFormat

AT_ONCE = 5_000
AT_ONCE_BYTES = 8 * 1024 * 1024
FILES_AT_ONCE = 500
_BLOCK = 64 * 1024
_HEAD_BYTES = 4096
# Records pack ten or twenty times; what goes far beyond is no file of records.
_UNPACK_FREELY = 64 * 1024 * 1024
_UNPACK_TIMES = 200
_UNIQUEID = re.compile(rb'"((?:[^",]*-)?[0-9]{9,11}[.][0-9]+)"')
_SPACE = " \t\r\n"
_NAMES = {
    CdrFormat.CONNEX: (".json", ".ndjson", ".jsonl"),
    CdrFormat.FREESWITCH: (".cdr.json",),
    CdrFormat.ASTERISK: (".csv",),
    CdrFormat.KAMAILIO: (".csv", ".json", ".ndjson", ".jsonl"),
}


class BadFile(Exception):
    """A file that cannot be read on; the message says why and what to do. What came before it is stored."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records of a file to be taken in one transaction.

    first: how many records of the file come before; end: the offset after them in the unpacked file.
    """

    first: int
    items: list[bytes]
    end: int


def found(paths: list[Path], cdr_format: str) -> list[Path]:
    """The files meant by `paths`: folders stand for the files of the format in them, packed or not.

    Raises BadFile for a path that is not there.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            names = _NAMES[CdrFormat(cdr_format)]
            inside = (one for one in path.rglob("*") if one.name.removesuffix(".gz").endswith(names))
            files += sorted(one for one in inside if one.is_file())
        elif path.exists():
            files.append(path)
        else:
            raise BadFile(f"{path} does not exist.")
    return files


class Source:
    """One file, open for reading: `stream` gives its bytes unpacked, `share` how much of it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("rb")
        self._size = max(1, os.fstat(self._file.fileno()).st_size)
        packed = self._file.read(2) == b"\x1f\x8b"
        self._file.seek(0)
        self.stream = cast(BinaryIO, GzipFile(fileobj=self._file) if packed else self._file)
        self._packed = packed

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def share(self) -> float:
        return min(1.0, self._file.tell() / self._size)

    def check(self, unpacked: int) -> None:
        """Refuses a file that unpacks to far more than records do."""
        if self._packed and unpacked > _UNPACK_FREELY and unpacked > _UNPACK_TIMES * self._file.tell():
            raise BadFile(
                f"{self.path} unpacks to more than {_UNPACK_TIMES} times its size. Unpack it and look inside."
            )

    def head(self) -> bytes:
        """Its first bytes, unpacked."""
        self.stream.seek(0)
        start = self.stream.read(_HEAD_BYTES)
        self.stream.seek(0)
        return start


def chunks(source: Source, cdr_format: str, offset: int = 0, first: int = 0) -> Iterator[Chunk]:
    """The records of a file after `offset`, of which `first` are known to be before it.

    Raises BadFile where it cannot be read on.
    """
    stream = source.stream
    head = source.head().lstrip(b"\xef\xbb\xbf" + _SPACE.encode())
    stream.seek(offset)
    if head.startswith(b"[") and cdr_format != CdrFormat.ASTERISK:
        items = _elements(stream, offset)
    elif head.startswith(b"{") or cdr_format == CdrFormat.CONNEX:
        items = _with_ends(_lines(stream), offset)
    else:
        items = _with_ends(assemble(_lines(stream)), offset)
    skip = offset == 0 and bool(header(source, cdr_format))
    stream.seek(offset)
    held: list[bytes] = []
    size, end, whole_to = 0, offset, offset
    try:
        for item, end in items:
            if item.strip() and not skip:
                full = len(held) >= AT_ONCE or size >= AT_ONCE_BYTES
                if held and full and not (len(held) < 2 * AT_ONCE and _same_call(held[-1], item, cdr_format)):
                    yield Chunk(first, held, whole_to)
                    first, held, size = first + len(held), [], 0
                held.append(item)
                size += len(item)
            skip = skip and not item.strip()
            source.check(end)
            # A last line without its end may be half written: it is taken now, and read again next time.
            whole_to = end if item.endswith((b"\n", b"}", b"]")) else whole_to
    except (EOFError, BadGzipFile, zlib.error) as error:
        if held:
            yield Chunk(first, held, whole_to)
        raise BadFile(f"{source.path} is no whole gzip file: {error}. Copy it again.") from error
    if held:
        yield Chunk(first, held, whole_to)


def header(source: Source, cdr_format: str) -> tuple[str, ...]:
    """The columns that the first line of a CSV names, where the format has such a line."""
    if cdr_format != CdrFormat.KAMAILIO:
        return ()
    first = next(assemble(_lines(io.BytesIO(source.head()))), b"")
    return kamailio.columns_in(first)


def _same_call(before: bytes, after: bytes, cdr_format: str) -> bool:
    """Rows of one Asterisk call are taken together, so that the one that counts is known."""
    return cdr_format == CdrFormat.ASTERISK and _call_of(before) == _call_of(after) != b""


def _call_of(row: bytes) -> bytes:
    """What names the call of an Asterisk row: its last value that looks like an id, linkedid or uniqueid."""
    found = _UNIQUEID.findall(row)
    return found[-1] if found else b""


# --- Records and where they end


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines with their ends; what is far too long for a record comes in pieces, and each is refused."""
    while line := stream.readline(ITEM_MAX_BYTES + 1):
        yield line


def _with_ends(items: Iterator[bytes], offset: int) -> Iterator[tuple[bytes, int]]:
    for item in items:
        offset += len(item)
        yield item, offset


def _elements(stream: BinaryIO, offset: int) -> Iterator[tuple[bytes, int]]:
    """The elements of a JSON array with the offset after each, without holding more than one or two blocks.

    Bytes are looked at as Latin-1, where each is one character: what matters to JSON is ASCII, and offsets
    stay offsets.
    """
    decoder, text, at = json.JSONDecoder(), "", 0
    begun = offset > 0
    ended = False
    while True:
        at = _after(text, at, _SPACE + ("," if begun else "\ufeff\xef\xbb\xbf"))
        if at < len(text):
            if not begun:
                begun, at = True, at + 1
                continue
            if text[at] == "]":
                return
            try:
                _value, stop = decoder.raw_decode(text, at)
            except (ValueError, RecursionError) as error:
                if ended or len(text) - at > ITEM_MAX_BYTES or isinstance(error, RecursionError):
                    raise BadFile(
                        f"The JSON array is broken at byte {offset + at}: {error}. All before is stored."
                    ) from error
            else:
                if stop < len(text) or ended:
                    yield text[at:stop].encode("latin-1"), offset + stop
                    at = stop
                    continue
        elif ended:
            raise BadFile(f"The JSON array ends early, at byte {offset + at}. What came before is stored.")
        block = stream.read(_BLOCK)
        ended = not block
        text, offset, at = text[at:] + block.decode("latin-1"), offset + at, 0


def _after(text: str, at: int, passed: str) -> int:
    while at < len(text) and text[at] in passed:
        at += 1
    return at
