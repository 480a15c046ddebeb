"""manage.py backup: one file with everything the database holds."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from connexcs_admin.backups import BackupError, archive, making
from connexcs_admin.backups.server import Database


class Command(BaseCommand):
    help = (
        "Writes a backup of the database: one tar file, readable by you alone. Everything goes on meanwhile."
    )
    requires_system_checks = ()  # a backup is wanted most when something is wrong

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", help="where to put it; BACKUP_DIR unless given")
        parser.add_argument(
            "--with-secrets", action="store_true", help="put SECRET_KEY and the encryption keys into the file"
        )
        parser.add_argument(
            "--keep", type=int, metavar="N", help="then remove all but the N newest in that folder"
        )

    def handle(
        self, *args: object, folder: str | None, with_secrets: bool, keep: int | None, **_: Any
    ) -> None:
        if keep is not None and keep < 1:
            raise CommandError(f"--keep {keep}: keep 1 backup or more.", returncode=2)
        place = Path(folder or settings.BACKUP_DIR)
        try:
            path = making.make(Database.in_use(), place, with_secrets=with_secrets, say=self._say)
        except BackupError as error:
            raise CommandError(str(error), returncode=error.exit_code) from error
        self._say(f"Backup: {path} ({path.stat().st_size / 1024 / 1024:,.1f} MB)")
        if with_secrets:
            self.stderr.write(
                self.style.WARNING(
                    "THIS FILE HOLDS YOUR SECRETS. Whoever reads it can forge sessions and read what is "
                    "encrypted. Keep it where you keep keys."
                )
            )
        else:
            self._say("Not in it: SECRET_KEY and encryption keys. Keep them elsewhere; a restore needs them.")
        if keep is not None:
            for old in archive.rotate(place, keep):
                self._say(f"Removed {old.name}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
