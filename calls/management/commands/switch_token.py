"""`manage.py switch_token NAME`: makes a switch, gives one a new token, or revokes it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls import switches


class Command(BaseCommand):
    help = "Makes a switch that may report calls and prints its token, which is shown this once only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what the switch is called here, such as fra-1")
        way = parser.add_mutually_exclusive_group()
        way.add_argument(
            "--renew", action="store_true", help="a new token for a switch there is; the old one ends at once"
        )
        way.add_argument("--revoke", action="store_true", help="the switch may report nothing from now on")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        try:
            if options["revoke"]:
                switches.revoke(name)
                self.stdout.write(
                    f"The switch {name} may report nothing from now on. --renew lets it in again."
                )
                return
            token = switches.renew_token(name) if options["renew"] else switches.add(name)
        except switches.NoSwitch:
            raise CommandError(f"There is no switch {name!r}. switch_token NAME alone makes one.") from None
        except switches.SwitchExists:
            raise CommandError(
                f"There is a switch {name!r} already. --renew gives it a new token; the old one stops working"
                " at once."
            ) from None
        except ValidationError as error:
            raise CommandError(
                f"{name!r} cannot be the name of a switch. {' '.join(error.messages)}"
            ) from None
        self.stdout.write(token)
        self.stderr.write(
            f"This is the token of the switch {name}. We keep only its fingerprint: write it down now."
            " docs/switch-api.md says what to send with it."
        )
