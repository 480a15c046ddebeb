"""Files taken piece by piece, by this process or by several, at flat memory.

Pieces may be stored in any order; they are answered in the order of the file, so that what is noted as
read is stored.
"""

import multiprocessing
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection

from calls import files, fresh, intake
from calls.fields import Refusal
from calls.formats.reading import ITEM_MAX_BYTES, Item, layout_of
from calls.marks import Place
from calls.models import Switch

Pool = ProcessPoolExecutor | None
_TOLD = 200


@dataclass(frozen=True, slots=True)
class Job:
    """What is the same for all pieces."""

    switch_id: int
    cdr_format: str
    columns: tuple[str, ...]
    dry_run: bool


@dataclass(slots=True)
class Tally:
    """What became of records. waiting: halves of calls that are still without the other one."""

    stored: int = 0
    known: int = 0
    refused: int = 0
    waiting: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        self.stored += other.stored
        self.known += other.known
        self.refused += other.refused
        self.waiting += other.waiting
        self.skipped += other.skipped

    def sentence(self, *, dry_run: bool) -> str:
        would = "would be " if dry_run else ""
        parts = [
            f"{self.stored} {would}stored",
            f"{self.known} known already",
            f"{self.refused} {would}refused",
        ]
        if self.waiting:
            parts.append(f"{self.waiting} waiting for their other half")
        parts += [f"{count} left out: {reason}" for reason, count in sorted(self.skipped.items())]
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Done:
    """A piece that was taken. share: of the file that is read; told: refusals, by number from 1."""

    place: Place
    share: float
    tally: Tally
    told: list[tuple[int, str]]


@contextmanager
def workers(count: int) -> Iterator[Pool]:
    """Processes that store pieces; None for one, which is this process itself."""
    if count == 1:
        yield None
        return
    connection.close()
    spawn = multiprocessing.get_context("spawn")
    name = connection.settings_dict["NAME"]
    with ProcessPoolExecutor(count, mp_context=spawn, initializer=fresh.make_ready, initargs=(name,)) as pool:
        yield pool


def pieces(source: files.Source, job: Job, pool: Pool, start: Place) -> Iterator[Done]:
    """Takes what a file has from `start` on. Raises files.BadFile where it cannot be read on."""
    columns = job.columns or files.header(source, job.cdr_format)
    work = (
        (chunk.first, chunk.items, Place(chunk.end, chunk.first + len(chunk.items)), source.share())
        for chunk in files.chunks(source, job.cdr_format, start.offset, start.records)
    )
    yield from _taken(work, Job(job.switch_id, job.cdr_format, columns, job.dry_run), pool)


def one_each(paths: list[Path], job: Job, pool: Pool) -> Iterator[Done]:
    """Takes files of one record each, together. Raises OSError where one cannot be read."""
    items = []
    for path in paths:
        with files.Source(path) as source:
            items.append(source.stream.read(ITEM_MAX_BYTES + 1))
    yield from _taken(iter([(0, items, Place(), 1.0)]), job, pool)


Work = tuple[int, list[bytes], Place, float]


def _taken(work: Iterator[Work], job: Job, pool: Pool) -> Iterator[Done]:
    if pool is None:
        for first, items, place, share in work:
            yield Done(place, share, *_take(job, first, items))
        return
    running: deque[tuple[Future, Place, float]] = deque()
    most = 2 * pool._max_workers  # type: ignore[attr-defined]  # what is read ahead is held in memory
    broken = None
    try:
        for first, items, place, share in work:
            running.append((pool.submit(_take, job, first, items), place, share))
            if len(running) >= most:
                yield _answer(*running.popleft())
    except files.BadFile as error:
        broken = error
    while running:
        yield _answer(*running.popleft())
    if broken is not None:
        raise broken


def _answer(future: Future, place: Place, share: float) -> Done:
    return Done(place, share, *future.result())


def _take(job: Job, first: int, raw: list[bytes]) -> tuple[Tally, list[tuple[int, str]]]:
    switch = Switch.objects.get(pk=job.switch_id)
    items: list[Item] = list(enumerate(raw))
    act = intake.rehearse if job.dry_run else intake.take
    receipt = act(switch, items, layout_of(switch, job.columns), job.cdr_format)
    tally = Tally(
        receipt.stored,
        receipt.known,
        len(receipt.refused),
        receipt.waiting,
        Counter(skipped.reason for skipped in receipt.skipped),
    )
    told = [(first + refusal.index + 1, _sentence(refusal)) for refusal in receipt.refused[:_TOLD]]
    if (more := len(receipt.refused) - _TOLD) > 0:
        told.append((first + 1, f"and {more} more"))
    return tally, told


def _sentence(refusal: Refusal) -> str:
    return f"{refusal.field}: {refusal.reason}" if refusal.field else refusal.reason
