"""Rows into PostgreSQL by COPY, with ids of our own and sequences that stay right."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import chain, islice
from typing import Any

from django.db import connection, models
from django.db.models import NOT_PROVIDED

_CHUNK = 64 * 1024  # characters handed over at once
# Triggers run at the end of a COPY, planned by what is known of the tables then. After a removal that is
# "empty", and 100,000 rows are looked up by reading the table once for each; so a few rows go ahead.
_VANGUARD = 500
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def reserve_ids(model: type[models.Model], count: int) -> range:
    """`count` ids that the sequence of `model` will never give out again."""
    assert model._meta.pk is not None
    table, column = model._meta.db_table, model._meta.pk.column
    if count < 1:
        return range(0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(name), name FROM pg_get_serial_sequence(%s, %s) AS sequence (name)",
            [table, column],
        )
        first, sequence = cursor.fetchone()
        cursor.execute("SELECT setval(%s, %s)", [sequence, first + count - 1])
    return range(first, first + count)


def copy_rows(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """COPY dicts of column -> value; columns left out get the field's default, or the database's."""
    fields = [
        field
        for field in model._meta.local_concrete_fields
        if not field.generated and not isinstance(field, models.CompositePrimaryKey)
    ]
    rows = iter(rows)
    head = next(rows, None)
    if head is None:
        return
    fields = [field for field in fields if field.column in head or not _database_fills(field)]
    columns = [str(field.column) for field in fields]
    place = {column: index for index, column in enumerate(columns)}
    defaults = ["\\N" if _database_fills(field) else _encoded(field.get_default()) for field in fields]

    def lines() -> Iterator[str]:
        for row in chain([head], rows):
            line = defaults.copy()
            for column, value in row.items():
                line[place[column]] = _encoded(value)
            yield "\t".join(line) + "\n"

    source = lines()
    copy_lines(model._meta.db_table, columns, islice(source, _VANGUARD))
    if (further := next(source, None)) is not None:
        analyze(model._meta.db_table)
        copy_lines(model._meta.db_table, columns, chain([further], source))


def copy_lines(table: str, columns: Iterable[str], lines: Iterable[str]) -> None:
    """COPY lines that are in COPY's text format already."""
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.copy_expert(f'COPY "{table}" ({names}) FROM STDIN', _Pages(lines))


def _database_fills(field: models.Field) -> bool:
    return field.primary_key or getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED


def analyze(*tables: str) -> None:
    """Lets the planner know how large tables are."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'ANALYZE "{table}"')


def pack() -> None:
    """Rewrites the listing without the dead rows of loading, which every list would read past.

    Cheap (0.8 s for 100,000 customers), and nobody looks at a listing that is just being made.
    """
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (FULL, ANALYZE) customers_listing")


def _encoded(value: Any) -> str:
    """A value in COPY's text format."""
    match value:
        case None:
            return "\\N"
        case bool():
            return "t" if value else "f"
        case str():
            return value.translate(_ESCAPES)
        case int() | Decimal():
            return str(value)
        case datetime():
            return value.isoformat()
        case list() | tuple():
            return "{" + ",".join('"' + str(item) + '"' for item in value) + "}"
    raise TypeError(f"{value!r} has no place in a COPY line.")


class _Pages:
    """A file of lines, as COPY wants to read one."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = iter(lines)

    def read(self, _size: int = -1) -> str:
        page: list[str] = []
        length = 0
        for line in self.lines:
            page.append(line)
            length += len(line)
            if length >= _CHUNK:
                break
        return "".join(page)
