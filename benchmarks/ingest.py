"""How fast call records come in: as shares of what the same machine can do at all, in the same run.

Method. The records are a file of NDJSON (benchmarks/wire.py): customers by Zipf's law, 24 of some 40 fields
filled, half of the calls answered, starts as dense as in live traffic of 2,000 records a second. Everything
starts from these bytes:

- COPY: such records as ready-made COPY text into a table with the columns of `calls_cdr` and nothing else,
  one connection, one commit per batch. Measured before and after; the mean counts.
- ingest: two processes, each reads its half, checks each record, stores it once and posts the ledger, in
  batches. The pulse runs beside them. The clock stops when the last batch is stored *and* folded into every
  figure. Then all kept figures are compared with the records; a difference ends the run.
- INSERT: one statement per record, committed each, of values that are there already; nothing else done.
- HTTP: two processes post batches of 500 to the web server of `make run`; against it, `manage.py ingest_cdrs`
  with two processes on the same bytes. No pulse runs in either.
- freshness: batches are posted at a steady rate beside the pulse; how long until the listing has a call that
  was in a batch, from before its POST. A page asks every GRID_POLL_SECONDS on top of it.
"""

import http.client
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.web import CHECKOUT, NotReady

WRITERS = 2
HTTP_BATCH = 500
COPIED = 100_000  # records of one measurement of COPY, at most
INSERTED = 1_500
_FOLD_S = 600


@dataclass(frozen=True)
class Figure:
    """One line of the report. rate: records per second."""

    name: str
    rate: float
    note: str = ""


@dataclass(frozen=True)
class Share:
    """rate ÷ rate, with the least it should be."""

    name: str
    over: float
    under: float
    target: float

    @property
    def value(self) -> float:
        return self.over / self.under


@dataclass(frozen=True)
class Result:
    figures: list[Figure]
    shares: list[Share]
    fresh_s: list[float]
    offered: float


def run(records: int, *, web: Any, rate: int, say: Any) -> Result:
    """Measures with `records` in batches of 5,000, a quarter of them in batches of 1,000 and over HTTP."""
    from customers.models import Customer

    customers = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    figures: list[Figure] = []
    shares: list[Share] = []
    with tempfile.TemporaryDirectory(prefix="connex-records-") as folder:
        bench = _Bench(Path(folder), customers, say, copied=min(COPIED, records))
        for size, count, target in ((5_000, records, 0.12), (1_000, records // 4, 0.07)):
            copied = [bench.copy(size)]
            stored, note = bench.ingest(count, size)
            copied.append(bench.copy(size))
            figures += [
                Figure(f"COPY into a heap, batches of {size:,}", mean(copied)),
                Figure(f"ingest, batches of {size:,}", stored, note),
            ]
            shares.append(Share(f"ingest ÷ COPY, batches of {size:,}", stored, mean(copied), target))
        inserted = bench.insert()
        figures.append(Figure("one INSERT per record", inserted))
        shares.append(Share("ingest ÷ INSERT", figures[1].rate, inserted, 15))
        posted, read = bench.http_and_files(records // 4, web)
        figures += [Figure("HTTP, batches of 500", posted), Figure("manage.py ingest_cdrs", read)]
        shares.append(Share("HTTP ÷ ingest_cdrs", posted, read, 0.5))
        fresh, offered = bench.freshness(rate, web)
    return Result(figures, shares, fresh, offered)


class _Bench:
    def __init__(self, folder: Path, customers: list[int], say: Any, *, copied: int) -> None:
        from calls.models import Switch

        self.folder, self.customers, self.say = folder, customers, say
        self.number = 0
        self.token = secrets.token_urlsafe(16)
        self.switch = Switch.objects.create(name="bench", token_hash=Switch.hash_token(self.token))
        _sql("CREATE TABLE bench_heap (LIKE calls_cdr)")
        self.ready_made = self._copy_lines(copied)

    def file(self, count: int) -> Path:
        from benchmarks import wire

        path = self.folder / f"{self.number}.ndjson"
        wire.write(path, count=count, customers=self.customers, first=self.number)
        self.number += count
        return path

    def _copy_lines(self, count: int) -> list[str]:
        """Records as COPY text, with all columns."""
        from django.utils import timezone

        from calls import ingest, lines, wire

        path = self.file(count)
        copied: list[str] = []

        with path.open("rb") as file:
            while body := b"".join(islice(file, 5_000)):
                good, _bad = lines.read(wire.read(self.switch, body).records, timezone.now())
                copied += ingest.copy_text(good, self.switch.pk, 0).split("\n")[:-1]
        path.unlink()
        return copied

    def copy(self, size: int) -> float:
        from calls import ingest

        _sql("TRUNCATE bench_heap")
        bodies = ["\n".join(self.ready_made[at : at + size]) for at in range(0, len(self.ready_made), size)]
        begun = time.monotonic()
        for body in bodies:
            _copy(f"COPY bench_heap ({ingest.NAMES}) FROM STDIN", body)
        return len(self.ready_made) / (time.monotonic() - begun)

    def ingest(self, count: int, size: int) -> tuple[float, str]:
        self.say(f"Ingest, {count:,} records in batches of {size:,} …")
        parts = [self.file(count // WRITERS) for _n in range(WRITERS)]
        with _pulse():
            writers = [_start_writer(self.switch.pk, part, size) for part in parts]
            begun = time.monotonic()
            for writer in writers:
                writer.stdin.write("go\n")
                writer.stdin.close()
            said = [json.loads(writer.stdout.read()) for writer in writers]
            if any(writer.wait() for writer in writers):
                raise NotReady("A writer failed; its words are above.")
            written = time.monotonic() - begun
            while _ask("SELECT EXISTS (SELECT FROM calls_cdrbatch WHERE unfolded)"):
                if time.monotonic() - begun > written + _FOLD_S:
                    raise NotReady("The pulse did not fold what was stored.")
                time.sleep(0.05)
            seconds = time.monotonic() - begun
        stored = sum(one["stored"] for one in said)
        if stored != count // WRITERS * WRITERS:
            raise NotReady(f"{stored:,} records of {count:,} are stored.")
        _prove()
        for part in parts:
            part.unlink()
        grown = max(one["late_kb"] / max(1, one["early_kb"]) for one in said)
        return stored / seconds, f"folded {seconds - written:.1f} s after; memory × {grown:.2f}"

    def insert(self) -> float:
        from calls import ingest

        names = ingest.NAMES.split(", ")
        rows = [
            [None if value == "\\N" else value for value in line.split("\t")]
            for line in self.ready_made[:INSERTED]
        ]
        _sql("CREATE TABLE bench_keyed (LIKE calls_cdr INCLUDING DEFAULTS)")
        _sql("ALTER TABLE bench_keyed ADD PRIMARY KEY (customer_id, started_at, switch_id, callid, attempt)")
        _sql("CREATE INDEX ON bench_keyed (started_at)")
        statement = f"INSERT INTO bench_keyed ({ingest.NAMES}) VALUES ({', '.join(['%s'] * len(names))})"
        begun = time.monotonic()
        for row in rows:
            _sql(statement, row)
        return len(rows) / (time.monotonic() - begun)

    def http_and_files(self, count: int, web: Any) -> tuple[float, float]:
        self.say(f"HTTP and files, {count:,} records each …")
        path, before = self.file(count), _stored(self.switch.pk)
        with web.server() as (port, _session):
            begun = time.monotonic()
            posters = [threading.Thread(target=self._post, args=(port, path, n)) for n in range(WRITERS)]
            for poster in posters:
                poster.start()
            for poster in posters:
                poster.join()
            posted = time.monotonic() - begun
        if _stored(self.switch.pk) - before != count:
            raise NotReady("Not all records that were posted are stored.")
        other = self._other_switch()
        begun = time.monotonic()
        manage = [sys.executable, "manage.py", "ingest_cdrs", str(path), "--switch", other]
        manage += ["--processes", str(WRITERS)]
        done = subprocess.run(manage, cwd=CHECKOUT, capture_output=True, text=True)
        if done.returncode:
            raise NotReady(f"ingest_cdrs failed: {done.stderr[-500:]}")
        read = time.monotonic() - begun
        path.unlink()
        return count / posted, count / read

    def _other_switch(self) -> str:
        """A switch of whom nothing is known yet, so that the same records are new."""
        from calls.models import Switch

        name = f"bench-{secrets.token_hex(4)}"
        Switch.objects.create(name=name, token_hash=Switch.hash_token(secrets.token_urlsafe(16)))
        return name

    def _post(self, port: int, path: Path, which: int) -> None:
        """Every second batch of the file, the other ones are somebody else's."""
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        with path.open("rb") as file:
            number = 0
            while body := b"".join(islice(file, HTTP_BATCH)):
                if number % WRITERS == which:
                    self.deliver(client, body)
                number += 1

    def deliver(self, client: http.client.HTTPConnection, body: bytes) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Host": "localhost"}
        client.request("POST", "/api/switch/cdrs", body, headers)
        answer = client.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise NotReady(f"A delivery was answered with {answer.status}: {said[:200]!r}")

    def freshness(self, rate: int, web: Any) -> tuple[list[float], float]:
        """Seconds from before each POST until the listing counts its call; and the rate really offered."""
        from customers.models import Listing

        seconds, size = 20, max(1, rate // 10)
        marker = self.customers[-1]
        path = self.file(seconds * 10 * size)
        sent: list[float] = []

        def post(port: int) -> None:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            begun = time.monotonic()
            with path.open("rb") as file:
                for number in range(seconds * 10):
                    time.sleep(max(0.0, begun + number / 10 - time.monotonic()))
                    rows = list(islice(file, size))
                    first = json.loads(rows[0])
                    rows[0] = json.dumps({**first, "customer_id": marker}).encode() + b"\n"
                    sent.append(time.monotonic())
                    self.deliver(client, b"".join(rows))

        with _pulse(), web.server() as (port, _session):
            listing = Listing.objects.filter(pk=marker).values_list("attempts_24h", flat=True)
            before = listing.get()
            poster = threading.Thread(target=post, args=(port,))
            poster.start()
            begun, fresh = time.monotonic(), []
            while len(fresh) < seconds * 10 and time.monotonic() - begun < seconds * 10:
                seen, at = listing.get() - before, time.monotonic()
                fresh += [at - one for one in sent[len(fresh) : seen]]
                time.sleep(0.02)
            poster.join()
        return fresh, len(sent) * size / (sent[-1] - sent[0] + 0.1)


@contextmanager
def _pulse() -> Iterator[None]:
    pulse = subprocess.Popen([sys.executable, "manage.py", "pulse"], cwd=CHECKOUT, env=os.environ)
    try:
        yield
    finally:
        pulse.terminate()
        pulse.wait(60)


def _start_writer(switch_id: int, path: Path, size: int) -> Any:
    command = [sys.executable, "-m", "benchmarks.writer", str(switch_id), str(path), str(size)]
    writer = subprocess.Popen(
        command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert writer.stdout
    writer.stdout.readline()
    return writer


def _prove() -> None:
    from calls import selfcheck

    wrong = next(iter(selfcheck.differences()), None)
    if wrong:
        raise NotReady(f"Figures are wrong after ingest: {wrong}")


def _stored(switch_id: int) -> int:
    return _ask("SELECT count(*) FROM calls_cdr WHERE switch_id = %s", [switch_id])


def _sql(statement: str, values: list[Any] | None = None) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _copy(statement: str, body: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(statement, StringIO(body))


def _ask(statement: str, values: list[Any] | None = None) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def text(result: Result) -> str:
    """The report."""
    from benchmarks.report import table

    rows = [("records", "per second", "")]
    rows += [(one.name, f"{one.rate:,.0f}", one.note) for one in result.figures]
    ratios = [("ratio", "is", "target", "")]
    for one in result.shares:
        verdict = "met" if one.value >= one.target else "not met"
        ratios.append((one.name, f"{one.value:.3f}", f"≥ {one.target:g}", verdict))
    fresh = sorted(result.fresh_s)
    lines = [*table(rows), "", *table(ratios), ""]
    if fresh:
        lines.append(
            f"From POST to the listing at {result.offered:,.0f} records/s: median"
            f" {fresh[len(fresh) // 2]:.2f} s, longest {fresh[-1]:.2f} s."
            " A page asks every 3 s on top of it (target: 5 s at 2,000 records/s)."
        )
    return "\n".join(lines)
