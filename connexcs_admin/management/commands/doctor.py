"""manage.py doctor: what is not set up or not well, in sentences, and how to mend it."""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from connexcs_admin.doctor import ERROR, visit

VERDICTS = ("well", "warnings", "errors")


class Command(BaseCommand):
    help = (
        "Says what is not set up or not well, and how to mend it. Changes nothing. "
        "Ends with 0 when all is well, 1 with warnings, 2 with errors."
    )
    requires_system_checks = ()  # they are part of what is looked at

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="for machines: verdict, and findings with ids"
        )

    def handle(self, *args: object, **options: Any) -> None:
        found = visit.findings()
        code = visit.exit_code(found)
        if options["json"]:
            content = {"verdict": VERDICTS[code], "findings": [asdict(each) for each in found]}
            self.stdout.write(json.dumps(content, indent=1))
        else:
            for each in found:
                style = self.style.ERROR if each.level == ERROR else self.style.WARNING
                self.stdout.write(f"{style(each.level)}  {each.sentence}  [{each.id}]")
                self.stdout.write(f"         {each.remedy}\n\n")
            errors = sum(each.level == ERROR for each in found)
            counts = [_count(errors, "error"), _count(len(found) - errors, "warning")]
            self.stdout.write(", ".join(filter(None, counts)) + "." if found else "All is well.")
        sys.exit(code)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}" if number else ""
