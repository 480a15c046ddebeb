"""manage.py ingest_cdrs: call records from files, by the same door as over HTTP."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls import ingest, wire
from calls.fields import Refusal
from calls.models import Switch

LINES_AT_ONCE = 5_000


class Command(BaseCommand):
    help = "Stores call records from files of JSON arrays or NDJSON. Records known already are left alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--switch", required=True, help="name of the switch the records come from")

    def handle(self, *args: object, **options: Any) -> None:
        switch = Switch.objects.filter(name=options["switch"]).first()
        if switch is None:
            names = ", ".join(Switch.objects.values_list("name", flat=True)) or "none yet"
            raise CommandError(f"There is no switch “{options['switch']}”. Switches: {names}.")
        refused = sum(self._ingest(switch, path) for path in options["files"])
        if refused:
            raise CommandError(f"{refused} records were refused, as listed above. All others are stored.")

    def _ingest(self, switch: Switch, path: Path) -> int:
        """Stores one file; prints its receipt and each refusal; returns how many were refused."""
        stored = known = refused = 0
        try:
            for first, body in _parts(path):
                receipt = ingest.receive(switch, body)
                stored += receipt.stored
                known += receipt.known
                refused += len(receipt.refused)
                for refusal in receipt.refused:
                    self.stderr.write(f"{path}: record {first + refusal.index + 1}: {_sentence(refusal)}")
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except wire.BadBody as error:
            raise CommandError(f"{path}: {error}") from error
        self.stdout.write(f"{path}: {stored} stored, {known} known already, {refused} refused")
        return refused


def _sentence(refusal: Refusal) -> str:
    return f"{refusal.field}: {refusal.reason}" if refusal.field else refusal.reason


def _parts(path: Path) -> Iterator[tuple[int, bytes]]:
    """Bodies to store one after the other, each with the number of records before it."""
    with path.open("rb") as file:
        start = file.read(64).lstrip()
        file.seek(0)
        if start.startswith(b"["):
            yield from _array_parts(file.read())
            return
        first = 0
        while lines := list(islice(file, LINES_AT_ONCE)):
            records = [line for line in lines if line.strip()]
            if records:
                yield first, b"".join(records)
            first += len(records)


def _array_parts(body: bytes) -> Iterator[tuple[int, bytes]]:
    try:
        values = json.loads(body)
    except ValueError as error:
        raise wire.BadBody(f"no valid JSON: {error}. Nothing was stored.") from error
    for first in range(0, len(values), LINES_AT_ONCE):
        yield first, json.dumps(values[first : first + LINES_AT_ONCE]).encode()
