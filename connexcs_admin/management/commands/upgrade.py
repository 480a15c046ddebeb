"""manage.py upgrade: everything between new code in its place and the restart of the processes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from connexcs_admin.upgrades import steps


class Command(BaseCommand):
    help = "Brings database, static files and groups to this release while the old one runs. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-backup", action="store_true", help="although no backup was made today")
        parser.add_argument("--database-only", action="store_true", help="leave static files alone")

    def handle(self, *args: object, no_backup: bool, database_only: bool, verbosity: int, **_: Any) -> None:
        self.is_quiet = verbosity == 0
        try:
            steps.upgrade(no_backup=no_backup, database_only=database_only, say=self._say)
        except steps.Stopped as reason:
            raise CommandError(str(reason), returncode=2) from reason
        self._say("Done. Restart one by one: pulse, worker and beat, then each web process.")

    def _say(self, line: str) -> None:
        if self.is_quiet:
            return
        self.stdout.write(line)
        self.stdout.flush()
