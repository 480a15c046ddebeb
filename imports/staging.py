"""Checked rows on their way into a table: COPY into a stage, questions by sets, one INSERT … SELECT.

The stage is a temporary table that ends with the transaction: a process killed at any point leaves nothing,
and two imports share nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from django.db import connection, models
from django.utils.translation import gettext as _

from imports.fields import Target
from imports.problems import Problem

if TYPE_CHECKING:
    from users.models import User

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
STAGE = "imports_stage"


class Stage:
    """The stage of one import; made and used inside one transaction.

    names: fields that a file or a fixed value fills; given: field -> value, the same for every row.
    """

    def __init__(self, target: Target, names: Sequence[str], given: Mapping[str, Any]) -> None:
        self.target = target
        self.names = [name for name in names if name not in given]
        self.constants = _defaults(target.model, set(self.names)) | dict(given)
        self.columns = [*self.names, *self.constants]
        self.quoted = ", ".join(f'"{self._field(name).column}"' for name in self.columns)
        self.table = target.model._meta.db_table

    def fill(self, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> int:
        """Copies rows (number, values) into a new stage; returns how many."""
        with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as spool:
            count = self._write(rows, spool)
            spool.seek(0)
            with connection.cursor() as cursor:
                cursor.execute(f"DROP TABLE IF EXISTS {STAGE}")
                cursor.execute(
                    f"CREATE TEMPORARY TABLE {STAGE} ON COMMIT DROP AS"  # noqa: S608 - our own model's columns
                    f" SELECT 0 AS row_number, {self.quoted} FROM {self.table} WITH NO DATA"
                )
                cursor.cursor.copy_expert(f"COPY {STAGE} (row_number, {self.quoted}) FROM STDIN", spool)
                cursor.execute(f"ANALYZE {STAGE}")
        return count

    def alike(self, heads: Mapping[str, tuple[int, str]], by: User | None) -> list[Problem]:
        """Rows that are like an earlier row of the file, or like a stored one.

        The stored one is named to those who may see it (by; None: to the operator at the keyboard).

        heads: field name -> number and head of its column.
        """
        found: list[Problem] = []
        for name, condition in self.target.unique.items():
            if name in self.names:
                column = f'"{self._field(name).column}"'
                place, head = heads.get(name, (-1, name))
                about = {"column": head, "place": place, "name": name}
                found += self._alike_stored(column, condition, about, by)
                found += self._alike_each_other(column, about)
        return sorted(found, key=lambda problem: problem.row)

    def drop(self, rows: Iterable[int]) -> None:
        """Takes rows off the stage."""
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {STAGE} WHERE row_number = ANY(%s)", [list(rows)])  # noqa: S608

    def insert(self) -> list[int]:
        """Moves the stage into the table in the order of the file; returns the new ids."""
        key = self.target.model._meta.pk.column
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {self.table} ({self.quoted})"  # noqa: S608 - columns of our own model
                f" SELECT {self.quoted} FROM {STAGE} ORDER BY row_number RETURNING {key}"
            )
            return [row[0] for row in cursor.fetchall()]

    def _write(self, rows: Iterable[tuple[int, Mapping[str, Any]]], spool: IO[str]) -> int:
        blank = {name: _blank(self._field(name)) for name in self.names}
        tail = "".join(f"\t{_copied(value)}" for value in self.constants.values())
        count = 0
        for number, values in rows:
            count += 1
            cells = "\t".join(_copied(values.get(name, blank[name])) for name in self.names)
            spool.write(f"{number}\t{cells}{tail}\n" if cells else f"{number}{tail}\n")
        return count

    def _alike_stored(
        self, column: str, condition: str, about: dict[str, Any], by: User | None
    ) -> list[Problem]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT staged.row_number, staged.{column}, stored.id, stored.{column}"  # noqa: S608
                f" FROM {STAGE} staged JOIN {self.table} stored"
                f" ON lower(stored.{column}) = lower(staged.{column}) AND {condition}"
                f" WHERE staged.{column} <> ''"
            )
            found = cursor.fetchall()
        rows = self.target.model._default_manager.all()
        if by is not None:
            rows = rows.visible_to(by)  # type: ignore[attr-defined]
        seen = set(
            rows.filter(pk__in=[key for _row, _text, key, _other in found]).values_list("pk", flat=True)
        )
        return [
            Problem(
                row=row,
                text=text,
                message=_exists(other, key) if key in seen else _exists_unseen(),
                kind=_("exists already"),
                **about,
            )
            for row, text, key, other in found
        ]

    def _alike_each_other(self, column: str, about: dict[str, Any]) -> list[Problem]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT row_number, {column}, first_row FROM"  # noqa: S608
                f" (SELECT row_number, {column}, min(row_number)"
                f" OVER (PARTITION BY lower({column})) AS first_row FROM {STAGE}"
                f" WHERE {column} <> '') AS each WHERE row_number > first_row"
            )
            return [
                Problem(
                    row=row,
                    text=text,
                    message=_("is in row %(row)s already. Keep one of them.") % {"row": first},
                    kind=_("is in the file twice"),
                    **about,
                )
                for row, text, first in cursor.fetchall()
            ]

    def _field(self, name: str) -> Any:
        return self.target.model._meta.get_field(name)


def _defaults(model: type[models.Model], filled: set[str]) -> dict[str, Any]:
    """What Django would give the fields that nobody fills, where the database has no default of its own."""
    return {
        field.name: field.get_default()
        for field in model._meta.concrete_fields
        if field.name not in filled and not field.primary_key and not field.has_db_default()
    }


def _exists(name: str, key: int) -> str:
    return _("exists already: “%(name)s”, number %(id)s. Change it or remove the row.") % {
        "name": name,
        "id": key,
    }


def _exists_unseen() -> str:
    return _("is taken already. Change it or remove the row.")


def _blank(field: Any) -> Any:
    """What a blank cell stands for: the field's default."""
    return field.get_default()


def _copied(value: Any) -> str:
    """A value as COPY's text format has it."""
    if value is None:
        return "\\N"
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, list):
        parts = (str(part).replace("\\", "\\\\").replace('"', '\\"') for part in value)
        return ("{" + ",".join(f'"{part}"' for part in parts) + "}").translate(_ESCAPES)
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value).translate(_ESCAPES)
