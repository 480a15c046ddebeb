"""manage.py demo: an installation full of believable data."""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_date, parse_datetime

from connexcs_admin import env
from connexcs_admin.demo import removal
from connexcs_admin.demo.arguments import Arguments
from connexcs_admin.demo.build import build
from customers.models import Customer

MOST_CUSTOMERS = 1_000_000
MOST_CDRS = 50_000_000
SHORTEST_PASSWORD = 10


class Command(BaseCommand):
    help = "Makes demo data: customers, money and a month of calls, the same from the same arguments."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--customers", type=int, default=2_000, metavar="N")
        parser.add_argument("--cdrs", type=int, default=100_000, metavar="M", help="call records")
        parser.add_argument(
            "--until",
            metavar="DATE",
            help="end of the history, such as 2026-11-21 or 2026-11-21T10:00Z; default: now",
        )
        parser.add_argument("--seed", type=int, default=1, metavar="S")
        parser.add_argument("--once", action="store_true", help="do nothing where there is any customer")
        parser.add_argument("--remove", action="store_true", help="delete the demo data instead")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            self._remove()
            return
        if options["once"] and Customer.objects.exists():
            self._say("There are customers already; no demo data was made.", options)
            return
        arguments = read(options)
        if removal.exists():
            count = Customer.objects.filter(demo=True).count()
            raise CommandError(
                f"There is demo data already ({count:,} customers). Remove it first: manage.py demo --remove"
            )
        build(arguments, password=password(), say=lambda line: self._say(line, options))

    def _remove(self) -> None:
        if not removal.exists():
            self.stdout.write("There is no demo data.")
            return
        try:
            count = removal.remove()
        except removal.StillNeeded as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(f"Removed the demo data ({count:,} customers).")

    def _say(self, line: str, options: dict[str, Any]) -> None:
        if options["verbosity"]:
            self.stdout.write(line)


def read(options: dict[str, Any]) -> Arguments:
    """Raises CommandError naming the argument, the value and a legal one."""
    for name, most in (("customers", MOST_CUSTOMERS), ("cdrs", MOST_CDRS)):
        lowest = 1 if name == "customers" else 0
        if not lowest <= options[name] <= most:
            raise CommandError(f"--{name} {options[name]} is out of range. Use {lowest:,} to {most:,}.")
    return Arguments(options["customers"], options["cdrs"], until(options["until"]), options["seed"])


def until(text: str | None) -> datetime:
    """A date (its beginning) or a time; UTC where no zone is given."""
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        at = parse_datetime(text)
        if at is None and (day := parse_date(text)):
            at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:
        at = None
    if at is None:
        raise CommandError(f"--until {text!r} is no date. Use one such as 2026-11-21 or 2026-11-21T10:00Z.")
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    if at > datetime.now(UTC):
        raise CommandError(f"--until {text} lies in the future. Use a time up to now.")
    return at.astimezone(UTC)


def password() -> str:
    """DEMO_PASSWORD, which every demo user signs in with."""
    try:
        found = env.text("DEMO_PASSWORD", example=f"{SHORTEST_PASSWORD} or more characters")
    except ImproperlyConfigured as error:
        raise CommandError(f"{error} Every demo user signs in with it.") from None
    if len(found) < SHORTEST_PASSWORD:
        raise CommandError(
            f"DEMO_PASSWORD has {len(found)} characters. Use {SHORTEST_PASSWORD} or more;"
            " every demo user signs in with it."
        )
    return found
