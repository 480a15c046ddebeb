"""Which rows stand on a page, found by its number or from a row of the page beside it (keyset paging).

Next and Previous say behind or before which row the page begins: `after=WORD`, `before=WORD`. The database
then reads that page and nothing before it, so page 1,000 costs what page 1 costs; a page asked for by number
alone makes it walk over all rows before. A word holds what the row is sorted by and its primary key.

An order (k1, k2, …) is followed in at most three statements, each of which an index over it can answer: rows
that are equal in k1, then those beyond its value, then those without any.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import F, Field, Q, QuerySet

if TYPE_CHECKING:
    from grids.columns import Row
    from grids.grid import Grid

LONGEST_WORD = 2000  # characters


@dataclass(frozen=True)
class Term:
    """One key of an order. name: of its value in the rows asked for."""

    name: str
    expression: Any
    descending: bool
    nullable: bool

    def by(self, *, backwards: bool) -> Any:
        """The term of ORDER BY; missing values last, or first where it is read backwards. Said only where a
        value can be missing: an index without it could otherwise not be used."""
        key = F(self.name)
        last = {"nulls_first" if backwards else "nulls_last": True if self.nullable else None}
        return key.desc(**last) if self.descending != backwards else key.asc(**last)

    def beyond(self, value: Any, *, backwards: bool) -> Q:
        """Rows with a value that stands behind (or before) `value`."""
        return Q(**{f"{self.name}__{'lt' if self.descending != backwards else 'gt'}": value})

    def equal(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})


@dataclass(frozen=True)
class Page:
    """The rows of a page, in order. before, after: words of its ends, "" where there is nothing beyond.

    lost: the address names a row, but not in a way that is understood, or nothing stands behind it any more.
    """

    rows: tuple[Row, ...] = ()
    before: str = ""
    after: str = ""
    lost: bool = False


def terms(grid: Grid) -> list[Term]:
    """The whole order of a grid: its sort keys, then what its primary key is made of."""
    found: list[Term] = []
    named = set()
    for place, key in enumerate(grid.state.sort):
        source, nullable = grid.filterable[key.column].sort_by, grid.is_nullable(key.column)
        expression = F(source) if isinstance(source, str) else source
        found.append(Term(f"_s{place}", expression, key.descending, nullable))
        if isinstance(source, str) and not nullable:
            named.add(source)
    for field in grid.model._meta.pk_fields:
        if field.attname not in named:  # a second key on the same values decides nothing
            found.append(Term(f"_s{len(found)}", F(field.attname), False, False))
    return found


def page(grid: Grid, rows: QuerySet[Any]) -> Page:
    """The page of `rows`, a query of dicts, that the state of `grid` asks for."""
    place, size = grid.state.place, grid.state.place.per_page
    order = terms(grid)
    rows = rows.annotate(**{term.name: term.expression for term in order})
    backwards = bool(place.before)
    word = place.before or place.after
    values = read_word(rows, order, word) if word else None
    if values:
        found = _beyond(rows, order, values, size + 1, backwards=backwards)
        more, kept = len(found) > size, found[:size]
        if kept and backwards:
            return _page(grid, order, kept[::-1], before=more, after=True)
        if kept:
            return _page(grid, order, kept, before=True, after=more)
    start = (grid.page - 1) * size
    found = list(rows.order_by(*(term.by(backwards=False) for term in order))[start : start + size + 1])
    return _page(grid, order, found[:size], before=start > 0, after=len(found) > size, lost=bool(word))


def _beyond(
    rows: QuerySet[Any], order: Sequence[Term], values: Sequence[Any], most: int, *, backwards: bool
) -> list[dict[str, Any]]:
    """Rows behind the row with these values, or before it; the nearest first."""
    ordering = [term.by(backwards=backwards) for term in order]
    found: list[dict[str, Any]] = []
    for part in _parts(order, values, backwards=backwards):
        found += rows.filter(part).order_by(*ordering)[: most - len(found)]
        if len(found) >= most:
            break
    return found


def _parts(order: Sequence[Term], values: Sequence[Any], *, backwards: bool) -> list[Q]:
    """Conditions of the rows beyond `values`, in the order in which their rows follow each other."""
    first, value = order[0], values[0]
    has_value = Q(**{f"{first.name}__isnull": False})
    parts = []
    if len(order) > 1:
        parts.append(first.equal(value) & _later(order[1:], values[1:], backwards=backwards))
    if value is not None:
        parts.append(first.beyond(value, backwards=backwards))
        if first.nullable and not backwards:
            parts.append(~has_value)
    elif backwards:
        parts.append(has_value)
    return parts


def _later(order: Sequence[Term], values: Sequence[Any], *, backwards: bool) -> Q:
    """Rows beyond `values` in this order, as one condition."""
    found, same = Q(), Q()
    for term, value in zip(order, values, strict=True):
        if value is not None:
            here = term.beyond(value, backwards=backwards)
            if term.nullable and not backwards:
                here |= Q(**{f"{term.name}__isnull": True})
            found |= same & here
        elif backwards:
            found |= same & Q(**{f"{term.name}__isnull": False})
        same &= term.equal(value)
    return found


def _page(
    grid: Grid,
    order: Sequence[Term],
    rows: Sequence[dict[str, Any]],
    *,
    before: bool,
    after: bool,
    lost: bool = False,
) -> Page:
    ends = [write_word([row[term.name] for term in order]) for row in (*rows[:1], *rows[-1:])]
    first, last = (ends[0], ends[-1]) if ends else ("", "")
    return Page(tuple(grid.keyed(rows)), first if before else "", last if after else "", lost)


# -- a row as a word -----------------------------------------------------------------------------------------


def write_word(values: Sequence[Any]) -> str:
    """What a row is sorted by, as a word that fits an address."""
    texts = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    written = json.dumps(texts, default=str, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def split_word(word: str) -> list[Any] | None:
    """The plain values of a word, of whatever types; None for what is no such word."""
    if len(word) > LONGEST_WORD:
        return None
    try:
        written = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True).decode()
        values = json.loads(written)
    except (binascii.Error, ValueError, RecursionError):
        return None
    plain = isinstance(values, list) and all(
        value is None or isinstance(value, str | int | float | bool) for value in values
    )
    return values if plain and not any(isinstance(one, str) and "\x00" in one for one in values) else None


def read_word(rows: QuerySet[Any], order: Sequence[Term], word: str) -> list[Any] | None:
    """The values of a word as those of an order; None where they cannot be."""
    plain = split_word(word)
    if plain is None or len(plain) != len(order):
        return None
    found = []
    for term, value in zip(order, plain, strict=True):
        if value is None and not term.nullable:
            return None
        try:
            found.append(None if value is None else typed(_field(rows, term), value))
        except (ValidationError, ValueError, TypeError, ArithmeticError):
            return None
    return found


def _field(rows: QuerySet[Any], term: Term) -> Field[Any, Any]:
    output: Field[Any, Any] = rows.query.annotations[term.name].output_field
    return output


def typed(field: Any, value: Any) -> Any:
    """A plain value as one of a field that the database can compare.

    Raises ValidationError, ValueError, TypeError or ArithmeticError where it is none.
    """
    while getattr(field, "remote_field", None):  # a key has the limits of the one it points to
        field = field.target_field
    found = field.to_python(value)
    if found is None:
        raise ValueError(value)
    if isinstance(found, datetime) and found.tzinfo is None:
        raise ValueError(value)
    field.run_validators(found)  # a number no column can hold is refused here, not by the database
    return found
