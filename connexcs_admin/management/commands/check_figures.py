"""manage.py check_figures: proves that every kept figure equals what it is kept from."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import selfcheck as billing
from calls import selfcheck as calls
from customers import selfcheck as customers
from routing import selfcheck as routing

ROOMS = (customers, routing, calls, billing)
SHOWN = 50


class Command(BaseCommand):
    help = "Compares listings, sums of calls and balances with the records they are made from."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="make wrong figures right")

    def handle(self, *args: object, **options: Any) -> None:
        wrong = 0
        for difference in (difference for room in ROOMS for difference in room.differences()):
            wrong += 1
            if wrong <= SHOWN:
                self.stdout.write(str(difference))
        if wrong > SHOWN:
            self.stdout.write(f"… and {wrong - SHOWN} more")
        if not wrong:
            self.stdout.write("All figures are right.")
        elif options["repair"]:
            for room in ROOMS:
                room.repair()
            self.stdout.write(f"{wrong} figures were wrong and are repaired.")
        else:
            raise CommandError(f"{wrong} figures are wrong. Run again with --repair to make them right.")
