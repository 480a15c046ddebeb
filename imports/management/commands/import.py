"""manage.py import customers FILE: a file becomes rows, without a browser."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from imports.engine import Outcome, import_file
from imports.fields import TARGETS, Target
from imports.numbers import MARKS
from imports.plans import Plan
from imports.reading import Unreadable
from users.models import Kind, User

SHOWN = 50


class Command(BaseCommand):
    help = "Imports the rows of a CSV file: all or none, unless told otherwise. Every problem is named."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", choices=sorted(TARGETS), help="what a row becomes")
        parser.add_argument("file", help="the file; its encoding and delimiter are found out")
        parser.add_argument(
            "--mapping", action="append", default=[], metavar="HEAD=FIELD",
            help="which column fills which field; heads that say so are mapped already, FIELD may be empty",
        )  # fmt: skip
        parser.add_argument(
            "--set", action="append", default=[], metavar="FIELD=TEXT", help="the same value for every row"
        )
        parser.add_argument("--heads-row", type=int, default=1, metavar="N", help="the row with the heads")
        parser.add_argument("--decimal", choices=MARKS, default="", help="decimal mark of the file")
        parser.add_argument("--good-rows-only", action="store_true", help="leave out rows with problems")
        parser.add_argument(
            "--by", default="", metavar="EMAIL", help="on whose behalf, with that user's rights"
        )

    def handle(self, *args: object, target: str, file: str, by: str, **options: Any) -> None:
        chosen = TARGETS[target]
        plan = Plan(
            columns=_pairs(options["mapping"], "--mapping"),
            fixed=_known(_pairs(options["set"], "--set"), chosen),
            start_row=options["heads_row"] + 1,
            mark=options["decimal"],
            good_rows_only=options["good_rows_only"],
        )
        try:
            with Path(file).open("rb") as opened:
                user = _user(by, chosen)
                outcome = import_file(opened, chosen, plan, by=user, reason=f"import of {Path(file).name}")
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None
        except Unreadable as refused:
            raise CommandError(str(refused)) from None
        self._report(outcome, chosen)

    def _report(self, outcome: Outcome, target: Target) -> None:
        for head, name in outcome.mapping.items():
            self.stdout.write(f"{head} → {name}")
        for problem in outcome.problems[:SHOWN]:
            self.stderr.write(str(problem))
        if len(outcome.problems) > SHOWN:
            self.stderr.write(f"… and {len(outcome.problems) - SHOWN} more problems")
        failed = len({problem.row for problem in outcome.problems})
        self.stdout.write(
            f"{outcome.rows} rows, {len(outcome.ids)} {target.nouns[1]} made, {failed} rows with problems"
        )
        if not outcome.ids:
            self.stdout.write("Nothing was written.")
        if outcome.problems:
            sys.exit(1)


def _pairs(words: list[str], option: str) -> dict[str, str]:
    pairs = {}
    for word in words:
        left, found, right = word.rpartition("=") if option == "--mapping" else word.partition("=")
        if not found or not left:
            raise CommandError(f"{option} {word}: write it as LEFT=RIGHT.")
        pairs[left] = right
    return pairs


def _known(fixed: dict[str, str], target: Target) -> dict[str, str]:
    names = {field.name for field in target.fields}
    for name in fixed:
        if name not in names:
            raise CommandError(f"--set {name}: no such field. Use one of: {', '.join(sorted(names))}.")
    return fixed


def _user(email: str, target: Target) -> User | None:
    if not email:
        return None
    user = User.objects.filter(email__iexact=email, kind=Kind.STAFF, is_active=True).first()
    if user is None:
        raise CommandError(f"--by {email}: no member of staff signs in with this email.")
    if not user.has_perm(target.permission):
        raise CommandError(
            f"--by {email}: this user may not do that; it takes the right {target.permission}."
        )
    return user
