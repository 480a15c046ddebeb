"""manage.py verify_backup: proves that a backup can be restored, by doing it beside the database in use."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from connexcs_admin.backups import BackupError, restoring
from connexcs_admin.backups.server import Database


class Command(BaseCommand):
    help = (
        "Restores a backup into a scratch database on the same server, counts every table, checks the "
        "figures and drops it again. The database in use is not touched."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="a file made by manage.py backup")

    def handle(self, *args: object, file: str, **_: Any) -> None:
        try:
            wrong = restoring.verify(Database.in_use(), Path(file), say=self._say)
        except BackupError as error:
            raise CommandError(str(error), returncode=error.exit_code) from error
        if wrong:
            raise CommandError("This backup is NOT good:\n" + "\n".join(wrong))
        self._say(
            self.style.SUCCESS(
                "This backup is good: it restores, every table has its rows, all figures are right."
            )
        )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
