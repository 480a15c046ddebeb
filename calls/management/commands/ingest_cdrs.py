"""manage.py ingest_cdrs: call records from files, by the same way as over HTTP."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls import files, marks, reading_files
from calls.files import BadFile
from calls.formats import asterisk
from calls.formats.reading import layout_of
from calls.management.progress import Progress
from calls.marks import Place
from calls.models import CdrFormat, Switch
from calls.reading_files import Done, Job, Tally
from calls.wire import BadBody


class Command(BaseCommand):
    help = (
        "Stores call records from files and folders. Records known already are left alone; what cannot be"
        " taken waits in the quarantine. A file that was read before is read on from where it ended."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "paths",
            nargs="+",
            type=Path,
            metavar="FILE|DIR",
            help="files, packed by gzip or not; of a folder, those of the format, also in folders within",
        )
        parser.add_argument("--switch", required=True, help="name of the switch the records come from")
        parser.add_argument(
            "--format",
            choices=CdrFormat.values,
            help="how the records are written; default: as the switch does",
        )
        parser.add_argument(
            "--columns", default="", help="names of a CSV's columns, where it has no header: a,b,c"
        )
        parser.add_argument("--processes", type=_some, default=1, help="how many store at the same time (1)")
        parser.add_argument("--restart", action="store_true", help="read files from the beginning")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would happen to each record, and store nothing"
        )

    def handle(self, *args: object, **options: Any) -> None:
        switch = Switch.objects.filter(name=options["switch"]).first()
        if switch is None:
            names = ", ".join(Switch.objects.values_list("name", flat=True)) or "none yet"
            raise CommandError(f"There is no switch “{options['switch']}”. Switches: {names}.", returncode=2)
        cdr_format = options["format"] or switch.cdr_format
        columns = _columns(options["columns"], cdr_format)
        try:
            layout_of(switch)
            paths = files.found(options["paths"], cdr_format)
        except (BadFile, BadBody) as error:
            raise CommandError(str(error), returncode=2) from error
        job = Job(switch.pk, cdr_format, columns, options["dry_run"])
        total, broken = Tally(), 0
        with reading_files.workers(options["processes"]) as pool:
            for group in _groups(paths, cdr_format):
                tally, problem = self._ingest(switch, group, job, pool, restart=options["restart"])
                broken += problem is not None
                total.add(tally)
        if len(paths) != 1:
            self.stdout.write(f"In all: {total.sentence(dry_run=job.dry_run)}")
        if broken:
            raise CommandError(
                "Not all files could be read, as said above. What could be is stored.", returncode=2
            )
        if total.refused:
            raise CommandError(_refused(total.refused, dry_run=job.dry_run), returncode=1)

    def _ingest(
        self, switch: Switch, group: list[Path], job: Job, pool: reading_files.Pool, *, restart: bool
    ) -> tuple[Tally, BadFile | None]:
        """Takes one file, or a group of small ones; says what became of it, and each refusal."""
        tally, problem = Tally(), None
        name = str(group[0]) if len(group) == 1 else f"{group[0].parent} ({len(group)} files)"
        progress = Progress(self.stderr, name)
        try:
            for done in self._pieces(switch, group, job, pool, restart=restart):
                tally.add(done.tally)
                progress.show(done.share, tally)
                for number, refusal in done.told:
                    place = f"record {number}" if len(group) == 1 else f"{group[number - 1]}"
                    progress.clear()
                    self.stderr.write(
                        f"{name}: {place}: {refusal}" if len(group) == 1 else f"{place}: {refusal}"
                    )
        except BadFile as error:
            problem = error
        except OSError as error:
            problem = BadFile(f"{name} cannot be read: {error.strerror}.")
        progress.clear()
        if problem:
            self.stderr.write(str(problem))
        self.stdout.write(f"{name}: {tally.sentence(dry_run=job.dry_run)}")
        return tally, problem

    def _pieces(
        self, switch: Switch, group: list[Path], job: Job, pool: reading_files.Pool, *, restart: bool
    ) -> Iterator[Done]:
        if job.cdr_format == CdrFormat.FREESWITCH:
            yield from reading_files.one_each(group, job, pool)
            return
        path = group[0]
        with files.Source(path) as source:
            head = source.head()
            start = Place() if restart or job.dry_run else marks.place(switch, path, head)
            for done in reading_files.pieces(source, job, pool, start):
                if not job.dry_run:
                    marks.note(switch, path, head, done.place)
                yield done


def _refused(count: int, *, dry_run: bool) -> str:
    if dry_run:
        return f"{count} {'record' if count == 1 else 'records'} would be refused."
    if count == 1:
        return "1 record was refused and waits in the quarantine."
    return f"{count} records were refused and wait in the quarantine."


def _groups(paths: list[Path], cdr_format: str) -> Iterator[list[Path]]:
    """One file at a time; but those of FreeSWITCH hold one record each, and go together."""
    together = files.FILES_AT_ONCE if cdr_format == CdrFormat.FREESWITCH else 1
    for first in range(0, len(paths), together):
        yield paths[first : first + together]


def _columns(names: str, cdr_format: str) -> tuple[str, ...]:
    columns = tuple(name.strip() for name in names.split(",") if name.strip())
    if not columns:
        return ()
    if cdr_format not in (CdrFormat.ASTERISK, CdrFormat.KAMAILIO):
        raise CommandError(
            f"--columns names the columns of a CSV; {cdr_format} records have names.", returncode=2
        )
    needed = asterisk.NEEDED if cdr_format == CdrFormat.ASTERISK else {"callid"}
    if missing := ", ".join(sorted(needed - set(columns))):
        raise CommandError(f"--columns has to name these too: {missing}.", returncode=2)
    return columns


def _some(value: str) -> int:
    number = int(value)
    if not 1 <= number <= 64:
        raise argparse.ArgumentTypeError("from 1 to 64")
    return number
