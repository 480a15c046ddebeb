"""What a column puts into a file: values for programs, in SQL, so that PostgreSQL itself can write it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, ExpressionWrapper, F, Func, TextField, Value
from django.db.models.functions import Cast, NullIf, Round

MILLISECONDS = Decimal("0.001")  # of a second
WIDE = DecimalField(max_digits=40, decimal_places=12)


@dataclass(frozen=True)
class Filed:
    """One column of a file. key: its name for programs; label: for people.

    value: expression over the rows as the grid selects them. is_text: whether it is words, which a
    spreadsheet could take for a formula.
    """

    key: str
    label: str
    value: Any
    is_text: bool = False


class Trimmed(Func):
    """A number without the zeros at its end: `18420.55` for 18420.55000000."""

    function = "trim_scale"
    output_field = WIDE


class UtcMoment(Func):
    """A moment as ISO 8601 in UTC, to the second: `2026-11-27T13:05:09Z`."""

    template = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""
    output_field = TextField()


def words(value: Any) -> Any:
    """Any value as text."""
    return Cast(value, TextField())


def ratio(part: str, whole: str, scale: Decimal | int) -> Any:
    """part ÷ whole × scale to four decimals; nothing while nothing was counted."""
    upper = ExpressionWrapper(Cast(F(part), WIDE) * Value(Decimal(scale), WIDE), output_field=WIDE)
    lower = NullIf(Cast(F(whole), WIDE), Value(Decimal(0), WIDE))
    return Trimmed(Round(ExpressionWrapper(upper / lower, output_field=WIDE), 4))


def seconds(source: str) -> Any:
    """Milliseconds as seconds."""
    whole = Cast(F(source), WIDE)
    return Trimmed(ExpressionWrapper(whole * Value(MILLISECONDS, WIDE), output_field=WIDE))
