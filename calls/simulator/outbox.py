"""Records that were not acknowledged yet: in memory up to a bound, beyond that and over a stop on disk."""

import json
import os
from collections import deque
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

IN_MEMORY = 20_000


class Outbox:
    """First in, first out, one JSON text per record.

    A record leaves by `done`, so that whatever happens in between it is sent again; the server knows a
    record it has already. After a crash the whole file is sent again, which does no harm either.
    """

    def __init__(self, spool: Path, *, in_memory: int = IN_MEMORY) -> None:
        self.spool = spool
        self.in_memory = in_memory
        self.waiting: deque[str] = deque()
        self.position = 0  # bytes of the file that were read
        self.on_disk = 0  # records in the file behind that
        if spool.exists():
            with spool.open("rb") as file:
                self.on_disk = sum(1 for _ in file)

    def __len__(self) -> int:
        return len(self.waiting) + self.on_disk

    def add(self, records: Iterable[dict[str, Any]]) -> None:
        lines = [json.dumps(record, ensure_ascii=False) for record in records]
        if self.on_disk or len(self.waiting) + len(lines) > self.in_memory:
            self._append(lines)
        else:
            self.waiting.extend(lines)

    def batch(self, most: int) -> list[str]:
        """The oldest records, at most so many; they stay until `done`."""
        if not self.waiting and self.on_disk:
            self._read_back()
        return list(islice(self.waiting, most))

    def done(self, count: int) -> None:
        """Forgets the oldest `count`, which were acknowledged."""
        for _ in range(count):
            self.waiting.popleft()
        if not self.waiting and not self.on_disk and self.position:
            self.spool.unlink(missing_ok=True)
            self.position = 0

    def close(self) -> None:
        """Leaves what is waiting on disk for the next start."""
        rest = b""
        if self.on_disk:
            with self.spool.open("rb") as file:
                file.seek(self.position)
                rest = file.read()
        content = "".join(f"{line}\n" for line in self.waiting).encode() + rest
        if not content:
            self.spool.unlink(missing_ok=True)
            return
        draft = self.spool.with_suffix(".new")
        with open(draft, "wb", opener=_private) as file:
            file.write(content)
        draft.replace(self.spool)

    def _append(self, lines: list[str]) -> None:
        with open(self.spool, "a", encoding="utf-8", opener=_private) as file:
            file.writelines(f"{line}\n" for line in lines)
        self.on_disk += len(lines)

    def _read_back(self) -> None:
        with self.spool.open("rb") as file:
            file.seek(self.position)
            lines = list(islice(file, self.in_memory))
            self.position = file.tell()
        self.on_disk -= len(lines)
        # The last line of a file that a crash cut short is no record.
        self.waiting.extend(line.decode().rstrip("\n") for line in lines if line.endswith(b"\n"))


def _private(path: str, flags: int) -> int:
    """Opens for the owner only: records say who calls whom."""
    return os.open(path, flags, 0o600)
