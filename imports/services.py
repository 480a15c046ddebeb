"""The one write of this room: a file becomes rows, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO

from django.db import IntegrityError
from django.utils.translation import gettext as _

from audit import acting
from imports.checking import Checker, cleaned
from imports.fields import Target
from imports.mapping import guess_mapping, missing
from imports.numbers import guess_decimal_mark
from imports.problems import Problem
from imports.reading import Record, Unreadable, guess_reading, records
from imports.reading.kinds import refuse_what_is_no_text
from imports.staging import Stage

if TYPE_CHECKING:
    from users.models import User

LARGEST_BYTES = 200_000_000
SAMPLED_ROWS = 200


@dataclass(frozen=True)
class Plan:
    """What somebody decided about a file; everything has a guess.

    columns: head -> field name ("" leaves the column out); fixed: field name -> text for every row;
    heads_row: the row, as a spreadsheet counts, that holds the heads; mark: decimal mark, "" guessed.
    """

    columns: Mapping[str, str]
    fixed: Mapping[str, str]
    heads_row: int = 1
    mark: str = ""
    good_rows_only: bool = False
    only_check: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of it. mapping: head -> field name; ids: of the rows made, in the order of the file."""

    mapping: Mapping[str, str]
    rows: int
    ids: list[int]
    problems: list[Problem]


def import_file(file: BinaryIO, target: Target, plan: Plan, *, by: User | None, reason: str) -> Outcome:
    """Makes a row of `target` from every row of the file: all of them or, as the plan says, the good ones.

    Nothing is written where a row has a problem and the plan wants all, or where it only checks. Raises
    Unreadable where the file cannot be read or a required field has no column.
    """
    heads, body, checker = _prepared(file, target, plan)
    names = [*checker.mapping.values(), *plan.fixed]
    given = target.given(by)
    # The head of each field, for sentences about it.
    heads_of = {name: heads[place] for place, name in checker.mapping.items()}
    mapping = {heads[place]: name for place, name in checker.mapping.items()}
    try:
        with acting(by=by, reason=reason):
            stage = Stage(target, names, given)
            stage.fill(checker.values(body))
            problems = checker.problems + stage.alike(heads_of, by)
            if plan.only_check or (problems and not plan.good_rows_only):
                return Outcome(mapping, checker.rows, [], problems)
            stage.drop({problem.row for problem in problems})
            ids = stage.insert()
            target.created(ids)
    except IntegrityError:
        raise Unreadable(
            _("Somebody stored a row like one of the file in this moment. Nothing was written; try again.")
        ) from None
    return Outcome(mapping, checker.rows, ids, problems)


def _prepared(file: BinaryIO, target: Target, plan: Plan) -> tuple[list[str], chain[Record], Checker]:
    """The heads, the records below them, and what checks those."""
    refuse_what_is_no_text(file, largest_bytes=LARGEST_BYTES)
    below = (record for record in records(file, guess_reading(file)) if record.row >= plan.heads_row)
    first = next(below, None)
    if first is None:
        raise Unreadable(
            _("Row %(row)s, which should hold the heads, is not there.") % {"row": plan.heads_row}
        )
    heads = _heads(first)
    mapping = guess_mapping(heads, target, plan.columns)
    if lacking := missing(mapping, plan.fixed, target):
        raise Unreadable(
            _("Required: map a column to %(fields)s. The file has: %(heads)s.")
            % {"fields": ", ".join(lacking), "heads": ", ".join(heads)}
        )
    sample = list(islice(below, SAMPLED_ROWS))
    if not sample:
        raise Unreadable(_("The file has heads but no rows below them."))
    mark = plan.mark or _mark(sample, mapping, target)
    return heads, chain(sample, below), Checker(target, heads, mapping, plan.fixed, mark)


def _heads(record: Record) -> list[str]:
    """Heads of all columns: a blank one gets a number, one that comes again is counted."""
    heads: list[str] = []
    for place, cell in enumerate(record.cells, start=1):
        head = cleaned(cell) or _("column %(number)s") % {"number": place}
        times = sum(1 for other in heads if other == head or other.startswith(f"{head} ("))
        heads.append(f"{head} ({times + 1})" if times else head)
    return heads


def _mark(sample: list[Record], mapping: Mapping[int, str], target: Target) -> str:
    numeric = {field.name for field in target.fields if field.numeric}
    places = [place for place, name in mapping.items() if name in numeric]
    cells = (record.cells[place] for record in sample for place in places if place < len(record.cells))
    return guess_decimal_mark(cells).value
