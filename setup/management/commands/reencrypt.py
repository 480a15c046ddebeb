"""`manage.py reencrypt`: after a new key was put in front of ENCRYPTION_KEYS."""

from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from setup.secrets import Unreadable, reencrypting


class Command(BaseCommand):
    help = "Encrypts all stored secrets by the first key of ENCRYPTION_KEYS. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                done = [answer for _receiver, answer in reencrypting.send(sender=type(self))]
        except Unreadable as unreadable:
            raise CommandError(f"Nothing was changed. {unreadable}") from unreadable
        for name, rows in cast(list[tuple[str, int]], done):
            self.stdout.write(f"{name}: {rows} encrypted by the first key")
        self.stdout.write("Keys after the first are needed no more, except to restore older backups.")
