"""`manage.py reset_second_factor EMAIL --reason WHY`: for a person who lost device and recovery codes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from users.models import User
from users.recovery import reset_second_factor


class Command(BaseCommand):
    help = "Removes a person's second factors and ends the sessions; the password stays. It is recorded."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--reason", required=True, help="how you know that it is this person who asks")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (reason := options["reason"].strip()):
            raise CommandError("--reason is empty. Say how you know that it is this person who asks.")
        user = User.objects.filter(email__iexact=options["email"].strip()).first()
        if user is None:
            raise CommandError(f"Nobody signs in with {options['email']!r}. Check the spelling.")
        found = reset_second_factor(user, by="manage.py", reason=reason)
        self.stdout.write(
            f"{user.email}: {found} second factors removed, sessions ended. The password alone signs in now;"
            " ask the person to set up a new factor at once."
        )
