"""The one write of this room: a file becomes rows, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO

from django.db import IntegrityError
from django.utils.translation import gettext as _

from audit import acting
from audit.sources import Source
from imports.fields import Target
from imports.opening import open_file
from imports.plans import Plan
from imports.problems import Problem
from imports.reading import Reading, Unreadable, records
from imports.staging import Stage

if TYPE_CHECKING:
    from users.models import User


@dataclass(frozen=True)
class Outcome:
    """What came of it. mapping: head -> field name; ids: of the rows made, in the order of the file; skipped:
    rows that the plan leaves out; strangers: see Checker."""

    mapping: Mapping[str, str]
    rows: int
    ids: list[int]
    problems: list[Problem]
    skipped: int = 0
    strangers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def import_file(file: BinaryIO, target: Target, plan: Plan, *, by: User | None, reason: str) -> Outcome:
    """Makes a row of `target` from every row of the file: all of them or, as the plan says, the good ones.

    Nothing is written where a row has a problem and the plan wants all, or where it only checks. Raises
    Unreadable where the file cannot be read or a required field has no column.
    """
    opened = open_file(file, target, plan)
    if lacking := opened.lacking(target, plan):
        raise Unreadable(
            _("Required: map a column to %(fields)s. The file has: %(heads)s.")
            % {"fields": ", ".join(lacking), "heads": ", ".join(opened.heads)}
        )
    if not opened.sample:
        raise Unreadable(_("The file has heads but no rows below them."))
    checker = opened.checker(target, plan)
    # The column of each field, for sentences about it.
    heads_of = {mapped.name: (place, opened.heads[place]) for place, mapped in opened.mapping.items()}
    mapping = {head: name for name, (_place, head) in heads_of.items()}
    try:
        with acting(by=by, reason=reason, source=Source.UPLOAD):
            stage = Stage(target, [*checker.mapping.values(), *checker.fixed], target.given(by))
            stage.fill(checker.values(opened.body))
            problems = checker.problems + stage.alike(heads_of, by)
            ids: list[int] = []
            if not plan.only_check and (plan.good_rows_only or not problems):
                stage.drop({problem.row for problem in problems})
                ids = stage.insert()
                target.created(ids)
    except IntegrityError:
        raise Unreadable(
            _("Somebody stored a row like one of the file in this moment. Nothing was written; try again.")
        ) from None
    if plan.only_check:
        problems = _with_cells(problems, file, opened.reading)
    return Outcome(mapping, checker.rows, ids, problems, checker.skipped, checker.strangers)


def _with_cells(problems: list[Problem], file: BinaryIO, reading: Reading) -> list[Problem]:
    """Problems that the stage found know the number of their row only; the file is read again for cells."""
    bare = {problem.row for problem in problems if not problem.cells}
    if not bare:
        return problems
    cells = {record.row: tuple(record.cells) for record in records(file, reading) if record.row in bare}
    return [found if found.cells else replace(found, cells=cells.get(found.row, ())) for found in problems]
