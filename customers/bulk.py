"""Many customers changed in one act: planned, shown, written by one statement, taken back.

A plan is made from what is stored, by the same rules when it is shown and when it is written. Rows that a
change is not possible for are refused by name and reason; the others are written, all or none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from audit import acting
from audit.changes import plain
from audit.sources import Source
from customers.models import BulkChange, Customer, Status
from customers.statuses import effective_status

if TYPE_CHECKING:
    from users.models import User

UNDO_DAYS = 30
STATUS_COLUMNS = ("status", "penalty_until", "status_after_penalty")
BELOW_ZERO = ("debit_limit",)  # amounts that may be negative

SET, CLEAR, ADD, REMOVE, ON, OFF = "set", "clear", "add", "remove", "on", "off"


def field_of(name: str) -> models.Field[Any, Any]:
    """A field of customers by its name or its column's."""
    found = Customer._meta.get_field(name)
    assert isinstance(found, models.Field)
    return found


class Refused(Exception):
    """One customer cannot be changed so. Its text says why."""


@dataclass(frozen=True)
class Instruction:
    """What is to happen with one field. value: of its type, or what is added to it or taken away."""

    name: str
    do: str
    value: Any = None

    @property
    def field(self) -> models.Field[Any, Any]:
        return field_of(self.name)

    def apply(self, present: Any) -> Any:
        """The new value. Raises Refused."""
        if self.do in (ON, OFF):
            return self.do == ON
        if self.do == CLEAR:
            return self._empty()
        if self.do == SET:
            return self.value.pk if isinstance(self.value, models.Model) else self.value
        if isinstance(present, list):
            kept = [word for word in present if self.do == ADD or word not in self.value]
            return [*kept, *(word for word in self.value if self.do == ADD and word not in kept)]
        return self._increased(present)

    def _empty(self) -> Any:
        if self.field.null:
            return None
        return [] if self.name == "tags" else "" if self.field.empty_strings_allowed else 0

    def _increased(self, present: Any) -> Any:
        label = self.field.verbose_name
        if present is None:
            raise Refused(
                _("%(field)s is empty: there is nothing to add to. Set it first.") % {"field": label}
            )
        found = present + self.value
        if found < 0 and self.name not in BELOW_ZERO:
            raise Refused(_("%(field)s would be below zero.") % {"field": label})
        return found


@dataclass(frozen=True)
class Change:
    """What becomes of one customer: columns that change, as stored before and after."""

    pk: int
    name: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass
class Plan:
    """What becomes of all. refused: (id, name, why). alike: how many are that way already."""

    changes: list[Change] = field(default_factory=list)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    alike: int = 0

    @property
    def seal(self) -> str:
        """Stands for exactly what is to be written."""
        rows = [(one.pk, plain_all(one.before), plain_all(one.after)) for one in self.changes]
        return salted_hmac("customers.bulk", repr(rows)).hexdigest()


class Differs(Exception):
    """What would be written is not what was shown. plan: what would be."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan


def columns_of(instructions: Sequence[Instruction]) -> list[str]:
    """Columns of the table that may be written."""
    found = dict.fromkeys(one.field.attname for one in instructions)
    if "status" in found:
        found |= dict.fromkeys(STATUS_COLUMNS)
    return list(found)


def plan(
    customer_ids: Iterable[int], instructions: Sequence[Instruction], *, by: User, lock: bool = False
) -> Plan:
    """What would become of the customers among those that `by` sees; writes nothing. One query."""
    columns = columns_of(instructions)
    rows = Customer.objects.visible_to(by).filter(pk__in=list(customer_ids)).order_by("pk")
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",))
    found, now = Plan(), timezone.now()
    judge = _Judge()
    for row in rows.values("pk", "name", *columns):
        pk, name = row.pop("pk"), str(row.pop("name"))
        try:
            after = _after(row, instructions, now, judge)
        except Refused as refusal:
            found.refused.append((pk, name, str(refusal)))
            continue
        changed = [column for column in columns if after[column] != row[column]]
        if changed:
            before, new = ({key: values[key] for key in changed} for values in (row, after))
            found.changes.append(Change(pk, name, before, new))
        else:
            found.alike += 1
    return found


def _after(
    row: dict[str, Any], instructions: Sequence[Instruction], now: datetime, judge: _Judge
) -> dict[str, Any]:
    after = dict(row)
    for one in instructions:
        present = row[one.field.attname]
        if one.name == "status":
            present = effective_status(row["status"], row["penalty_until"], row["status_after_penalty"], now)
        after[one.field.attname] = new = one.apply(present)
        if one.do in (ADD, REMOVE):
            judge(one, new)
        if one.name == "status" and new != present:
            after["penalty_until"] = None
            after["status_after_penalty"] = present if new == Status.PENALTY else row["status_after_penalty"]
    return after


class _Judge:
    """Asks the field whether it may hold a value that was reckoned; each value once."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], str] = {}

    def __call__(self, one: Instruction, value: Any) -> None:
        key = (one.name, repr(value))
        if key not in self.known:
            try:
                one.field.clean(value, None)
            except ValidationError as error:
                self.known[key] = f"{one.field.verbose_name}: {' '.join(error.messages)}"
            else:
                self.known[key] = ""
        if self.known[key]:
            raise Refused(self.known[key])


def change_many(
    customer_ids: Iterable[int],
    instructions: Sequence[Instruction],
    *,
    by: User,
    reason: str = "",
    said: Sequence[str] = (),
    seen: str | None = None,
) -> BulkChange:
    """Writes what `plan` says by one statement, and keeps the way back. said: the instructions in words.

    Who is refused or gone by now is left out; the record names those that were refused. seen: the seal of the
    plan that was shown; raises Differs, and writes nothing, where the rows would give another one by now.
    """
    with acting(by=by, reason=reason, source=Source.BULK):
        made = plan(customer_ids, instructions, by=by, lock=True)
        if seen is not None and not constant_time_compare(made.seal, seen):
            raise Differs(made)
        _write([(one.pk, one.after) for one in made.changes], columns_of(instructions))
        return BulkChange.objects.create(
            made_by=by,
            reason=reason,
            columns=columns_of(instructions),
            said=list(said),
            changed=len(made.changes),
            rows={str(one.pk): [plain_all(one.before), plain_all(one.after)] for one in made.changes},
            refused=[[pk, why] for pk, _name, why in made.refused],
        )


def undo(bulk_id: int, *, by: User) -> BulkChange:
    """Gives back the values that were there before, of customers that `by` sees and nobody has changed since.

    Those that were changed since are left alone and named in `conflicts`. A repeat does nothing. Raises
    BulkChange.DoesNotExist, and ValidationError after UNDO_DAYS.
    """
    with acting(by=by, reason=_("Undo of bulk change #%(id)s") % {"id": bulk_id}, source=Source.BULK):
        bulk = BulkChange.objects.visible_to(by).select_for_update(of=("self",)).get(pk=bulk_id)
        if bulk.undone_at is not None:
            return bulk
        if not is_open(bulk):
            raise ValidationError(
                _("This was changed more than %(days)s days ago and cannot be undone any more."),
                params={"days": UNDO_DAYS},
            )
        columns = sorted({column for _before, after in bulk.rows.values() for column in after})
        rows = Customer.objects.visible_to(by).filter(pk__in=map(int, bulk.rows)).order_by("pk")
        stored = {
            row.pop("pk"): plain_all(row)
            for row in rows.select_for_update(no_key=True, of=("self",)).values("pk", *columns)
        }
        back, bulk.conflicts = [], []
        for key, (before, after) in bulk.rows.items():
            present = stored.get(int(key))
            if present is None:
                bulk.conflicts.append([int(key), _("It is deleted, or you do not see it.")])
            elif others := [column for column in after if present[column] != after[column]]:
                bulk.conflicts.append([int(key), _changed_since(others)])
            else:
                back.append((int(key), present | before))
        _write(back, columns)
        bulk.undone_at, bulk.undone_by = timezone.now(), by
        bulk.save(update_fields=["undone_at", "undone_by", "conflicts"])
    return bulk


def is_open(bulk: BulkChange) -> bool:
    """Whether it can still be undone."""
    return bulk.undone_at is None and bulk.made_at > timezone.now() - timedelta(days=UNDO_DAYS)


def _changed_since(columns: list[str]) -> str:
    labels = [str(field_of(column).verbose_name) for column in columns]
    return _("Changed since: %(fields)s.") % {"fields": ", ".join(labels)}


def plain_all(values: dict[str, Any]) -> dict[str, Any]:
    return {column: plain(value) for column, value in values.items()}


def _write(rows: Sequence[tuple[int, dict[str, Any]]], columns: Sequence[str]) -> None:
    """Stores new values by one statement, so that triggers run once. Columns that a row lacks stay."""
    if not rows:
        return
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    values = [{"id": pk, "doc": plain_all(after)} for pk, after in rows]
    with connection.cursor() as cursor:
        # Names come from the model, values are bound.
        cursor.execute(
            f"""
            UPDATE {quote(Customer._meta.db_table)} AS c
               SET ({names}) = (SELECT {names} FROM jsonb_populate_record(c, new.doc))
              FROM jsonb_to_recordset(%s::jsonb) AS new(id bigint, doc jsonb)
             WHERE c.id = new.id
            """,  # noqa: S608 - no name in it comes from outside
            [json.dumps(values, cls=DjangoJSONEncoder)],
        )


def present_values(
    customer_ids: Iterable[int], names: Sequence[str], *, by: User
) -> Iterator[tuple[str, list[Any]]]:
    """Of each field the values that the customers have now, as stored. One query."""
    columns = {name: field_of(name).attname for name in names}
    rows = list(
        Customer.objects.visible_to(by).filter(pk__in=list(customer_ids)).values(*set(columns.values()))
    )
    for name, column in columns.items():
        yield name, [row[column] for row in rows]
