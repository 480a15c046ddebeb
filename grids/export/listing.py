"""A plain list as a file: PostgreSQL writes it, in one statement, whatever its size.

The file lies in a temporary place until it is whole. So what goes wrong is a page with a reason and never
half a file; and a client on a slow line holds no transaction open.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction

from grids.columns.filed import Filed
from grids.export.formulas import defused_sql

if TYPE_CHECKING:
    from grids.grid import Grid

# JSON of one row a line: text of no format that COPY knows, so it is CSV whose signs cannot occur in JSON.
_RAW = r"FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02'"


def filed_columns(grid: Grid) -> list[Filed]:
    """The columns of the file: those on screen in their order; one that two of them bring stands once."""
    found: dict[str, Filed] = {}
    for column in grid.columns.values():
        for filed in column.filed():
            found.setdefault(filed.key, filed)
    return list(found.values())


def write_csv(grid: Grid, columns: list[Filed], file: IO[bytes]) -> int:
    """The rows as CSV, without heads; returns how many."""
    with _statement(grid, columns, safe=True) as sql:
        names = ", ".join(f"e{place}" for place in range(len(columns)))
        chosen = f"SELECT {names} FROM ({sql}) AS rows"  # noqa: S608 - names of ours, values bound
        return _copy(f"COPY ({chosen}) TO STDOUT WITH (FORMAT csv)", file)


def write_json_lines(grid: Grid, columns: list[Filed], file: IO[bytes]) -> int:
    """Each row as an object on a line of its own; returns how many."""
    quote = connection.ops.quote_name
    with _statement(grid, columns, safe=False) as sql:
        named = ", ".join(f"e{place} AS {quote(one.key)}" for place, one in enumerate(columns))
        inner = f"SELECT {named} FROM ({sql}) AS rows"  # noqa: S608 - names of ours, values bound
        objects = f"SELECT row_to_json(one) FROM ({inner}) AS one"  # noqa: S608 - as above
        return _copy(f"COPY ({objects}) TO STDOUT WITH ({_RAW})", file)


def rows(grid: Grid, columns: list[Filed]) -> Generator[tuple[Any, ...]]:
    """The rows as Python values, a few thousand at a time. Within a transaction."""
    named = {f"e{place}": one.value for place, one in enumerate(columns)}
    yield from _selected(grid).values_list(*named.values()).iterator(chunk_size=5_000)


def _selected(grid: Grid) -> Any:
    needed = {
        key: value
        for column in (*grid.columns.values(), *(grid.filterable[key.column] for key in grid.state.sort))
        for key, value in column.annotations.items()
    }
    return grid.matching().annotate(**needed).order_by(*grid.ordering())


@contextmanager
def _statement(grid: Grid, columns: list[Filed], *, safe: bool) -> Iterator[str]:
    """The SELECT of the rows with everything bound, as COPY takes no parameters; in a transaction in which it
    may take as long as it takes. Its columns are called e0, e1, …"""
    named = {
        f"e{place}": defused_sql(one.value) if safe and one.is_text else one.value
        for place, one in enumerate(columns)
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        try:
            sql, params = _selected(grid).values(**named).query.sql_with_params()
        except EmptyResultSet:
            sql, params = f"SELECT {', '.join(f'NULL AS {name}' for name in named)} WHERE false", ()
        yield cursor.mogrify(sql, params).decode()


def _copy(sql: str, file: IO[bytes]) -> int:
    with connection.cursor() as cursor:
        cursor.copy_expert(sql, file)
        return int(cursor.rowcount)
