"""How far files were read: noted after each piece that is stored, and found again later."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from calls.models import ReadFile, Switch

_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file: bytes and records before it, unpacked."""

    offset: int = 0
    records: int = 0


def place(switch: Switch, path: Path, head: bytes) -> Place:
    """Where to go on reading; the beginning, for a file that is new or that took another one's name."""
    mark = ReadFile.objects.filter(switch=switch, path=str(path.resolve())).first()
    if mark is None or _fingerprint(head, mark.head_bytes) != mark.fingerprint:
        return Place()
    return Place(mark.offset, mark.records)


def note(switch: Switch, path: Path, head: bytes, place: Place) -> None:
    """Notes that all before `place` is stored. Two that read one file at once both note what is true."""
    length = min(len(head), _HEAD_BYTES, place.offset)
    ReadFile.objects.update_or_create(
        switch=switch,
        path=str(path.resolve()),
        defaults={
            "head_bytes": length,
            "fingerprint": _fingerprint(head, length),
            "offset": place.offset,
            "records": place.records,
        },
    )


def _fingerprint(head: bytes, length: int) -> str:
    return hashlib.sha256(head[:length]).hexdigest()
