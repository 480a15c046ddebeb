"""`manage.py seed_roles`: the Groups of users/roles.py."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from users import roles


class Command(BaseCommand):
    help = (
        "Makes the missing groups with the rights of their role. Groups that exist get only rights that are "
        "new in this release."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--reset",
            action="store_true",
            help="give the existing groups of these names their preset rights again",
        )

    def handle(self, *_args: object, reset: bool, **_options: object) -> None:
        written = roles.seed(reset=reset)
        self.stdout.write(
            ", ".join(written)
            if written
            else "All groups exist and have been offered every right; nothing was changed."
        )
