"""manage.py check_migrations: do new migrations let the last release go on working?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from connexcs_admin import release
from connexcs_admin.upgrades import last_release, rule


class Command(BaseCommand):
    help = "Holds the migrations since the last release against the rule of docs/how-to/upgrade.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--released", action="store_true", help="the commit here is the last release from now on"
        )

    def handle(self, *args: object, released: bool, **_: Any) -> None:
        if released:
            written = last_release.write(release.revision())
            self.stdout.write(
                f"The last release is {written.revision[:12]} now. Commit {last_release.FILE.name}."
            )
            return
        found = rule.breaches()
        if found:
            raise CommandError(
                "\n".join(map(str, found))
                + f'\nOtherwise: {rule.EXCUSE} = {{"{found[0].key}": "the reason"}} in the migration.'
            )
        self.stdout.write(f"Migrations since {last_release.read().revision[:12]} keep the rule.")
