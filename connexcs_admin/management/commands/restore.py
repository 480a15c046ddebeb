"""manage.py restore: a backup takes the place of the database, or nothing changes."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from connexcs_admin.backups import BackupError, restoring
from connexcs_admin.backups.server import Database


class Command(BaseCommand):
    help = (
        "Puts a backup in the place of the database. Stop web, worker, beat and pulse first. It is restored "
        "and checked beside the database and takes its name last: a failure leaves everything as it was."
    )
    requires_system_checks = ()  # the database may be empty, or gone

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="a file made by manage.py backup")
        parser.add_argument("--replace", action="store_true", help="also where the database is not empty")
        parser.add_argument(
            "--yes-replace", metavar="NAME", help="the same for scripts: NAME is the database to be replaced"
        )
        parser.add_argument(
            "--other-keys", action="store_true", help="also where the backup was made under other secrets"
        )

    def handle(
        self, *args: object, file: str, replace: bool, yes_replace: str | None, other_keys: bool, **_: Any
    ) -> None:
        database = Database.in_use()
        self._ask(database.name, replace, yes_replace)
        connections.close_all()  # nobody renames a database that is in use, be it by ourselves
        try:
            kept = restoring.restore(
                database,
                Path(file),
                replace=replace or yes_replace is not None,
                other_keys=other_keys,
                say=self._say,
            )
        except BackupError as error:
            raise CommandError(str(error), returncode=error.exit_code) from error
        self._say(f"{database.name} is restored. Start web, worker, beat and pulse again.")
        if kept:
            self._say(
                f"What was there is kept as {kept}. When you need it no more: "
                f"psql -d postgres -c 'DROP DATABASE \"{kept}\"'"
            )

    def _ask(self, name: str, replace: bool, yes_replace: str | None) -> None:
        """Have the name typed by whoever replaces something."""
        if yes_replace is not None:
            typed = yes_replace
        elif not replace:
            return
        elif sys.stdin.isatty():
            self._say("Web, worker, beat and pulse have to be stopped.")
            typed = input(f"Type the name of the database to be replaced ({name}): ").strip()
        else:
            raise CommandError(f"Nobody is here to ask. In scripts use --yes-replace {name}", returncode=2)
        if typed != name:
            raise CommandError(
                f"{typed!r} is not the database in use, {name!r}. Nothing was changed.", returncode=2
            )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
