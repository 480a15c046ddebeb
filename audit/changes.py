"""What history tells: changes of rows, the latest first, each with what was before and after.

Histories are read table by table and laid over each other by time. This room knows none of the tables; who
asks says which of their rows are meant, and which fields are not to be seen.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    Field,
    ForeignKey,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from audit.sources import Source
from grids import formats

HIDDEN = "•••"


@dataclass(frozen=True)
class Trail:
    """Rows of one table of history. hidden: names of fields whose values are not shown.

    noise: fields that say nothing to people, such as a row's version.
    """

    events: QuerySet[Any]
    hidden: frozenset[str] = frozenset()
    noise: frozenset[str] = frozenset()

    @property
    def model(self) -> type[Model]:
        """Whose history it is."""
        tracked: type[Model] = self.events.model.pgh_tracked_model
        return tracked

    @property
    def key(self) -> str:
        return str(self.model._meta.model_name)


@dataclass(frozen=True)
class Difference:
    """One field that is another after the change. before, after: as people read them.

    was, became: as the table holds them; a foreign key is the other row's key.
    """

    name: str
    label: str
    before: str
    after: str
    was: Any
    became: Any
    hidden: bool = False


@dataclass(frozen=True)
class Mark:
    """The place of one change among all, for pages that go from change to change."""

    at: datetime
    key: str
    event_id: int

    @property
    def word(self) -> str:
        return f"{self.at.isoformat()}~{self.key}~{self.event_id}"

    @classmethod
    def read(cls, word: str) -> Mark | None:
        """What `word` gave; None for anything else."""
        at, _sign, rest = word.partition("~")
        key, _sign, number = rest.partition("~")
        try:
            moment = parse_datetime(at)
        except ValueError:
            return None
        if moment is None or moment.tzinfo is None or not (number.isascii() and number.isdigit()):
            return None
        return cls(moment, key, int(number)) if len(number) < 19 else None


@dataclass
class Change:
    """One change of one row.

    verb: insert, update or delete. who: email, empty where nobody is known. old, new: the whole row as JSON
    has it, None where there was none.
    """

    key: str
    model: type[Model]
    event_id: int
    object_id: Any
    at: datetime
    verb: str
    subject: str
    who: str
    user_id: int | None
    ip: str
    reason: str
    source: str
    differences: list[Difference] = field(default_factory=list)
    old: dict[str, Any] | None = None
    new: dict[str, Any] | None = None

    @property
    def mark(self) -> Mark:
        return Mark(self.at, self.key, self.event_id)

    @property
    def word(self) -> str:
        """How an address names it."""
        return f"{self.key}-{self.event_id}"

    @property
    def kind(self) -> str:
        """What was changed, as people call it."""
        return str(self.model._meta.verbose_name)

    @property
    def did(self) -> str:
        words = {"insert": _("added"), "update": _("changed"), "delete": _("deleted")}
        return words.get(self.verb, self.verb)

    @property
    def came_by(self) -> str:
        return str(Source(self.source).label) if self.source in Source.values else ""


def latest(trails: Sequence[Trail], most: int, *, before: Mark | None = None) -> list[Change]:
    """At most `most` changes, the latest first, of those older than `before`."""
    heads: list[QuerySet[Any]] = [_heads(trail, before)[:most] for trail in trails]
    if not heads:
        return []
    rows = heads[0] if len(heads) == 1 else heads[0].union(*heads[1:], all=True)
    found = list(rows.order_by("-pgh_created_at", "-trail", "-pgh_id")[:most])
    return _told(trails, [(row["trail"], row["pgh_id"], row["earlier"]) for row in found])


def one(trails: Sequence[Trail], word: str) -> Change | None:
    """The change that an address names; None where there is none in these trails."""
    key, _sign, number = word.rpartition("-")
    if not (number.isascii() and number.isdigit() and len(number) < 10):  # history is numbered by int4
        return None
    trail = next((trail for trail in trails if trail.key == key), None)
    row = _heads(trail, None).filter(pgh_id=int(number)).first() if trail else None
    if row is None:
        return None
    return next(iter(_told(trails, [(row["trail"], row["pgh_id"], row["earlier"])])), None)


def _heads(trail: Trail, before: Mark | None) -> QuerySet[Any]:
    """When, which table, which row, and the row of history before it."""
    rows = trail.events
    if before is not None:
        older = Q(pgh_created_at__lt=before.at)
        if trail.key < before.key:
            older |= Q(pgh_created_at=before.at)
        elif trail.key == before.key:
            older |= Q(pgh_created_at=before.at, pgh_id__lt=before.event_id)
        rows = rows.filter(older)
    earlier = trail.events.model._default_manager.filter(
        pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id")
    ).order_by("-pgh_id")
    return rows.order_by("-pgh_created_at", "-pgh_id").values(
        "pgh_created_at", "pgh_id", trail=Value(trail.key), earlier=Subquery(earlier.values("pgh_id")[:1])
    )


def _told(trails: Sequence[Trail], places: list[tuple[str, int, int | None]]) -> list[Change]:
    """The changes at `places`: (trail, row of history, the row before it), with names for foreign keys."""
    by_key = {trail.key: trail for trail in trails}
    rows: dict[str, dict[int, Any]] = {}
    for key in {key for key, _id, _earlier in places}:
        ids = {pk for name, *both in places if name == key for pk in both if pk is not None}
        events = by_key[key].events.model._default_manager.select_related("pgh_context")
        rows[key] = {event.pgh_id: event for event in events.filter(pgh_id__in=ids)}
    names = Names(
        (column, getattr(event, column.attname))
        for events in rows.values()
        for event in events.values()
        for column in event._meta.concrete_fields
        if not column.name.startswith("pgh_")
    )
    found = []
    for key, pk, earlier in places:
        event, previous = rows[key][pk], rows[key].get(earlier or 0)
        change = _change(by_key[key], event, previous, names)
        if change.verb != "update" or change.differences or previous is None:
            found.append(change)
    return found


def _change(trail: Trail, event: Any, previous: Any, names: Names) -> Change:
    told = (event.pgh_context.metadata if event.pgh_context else None) or {}
    verb = event.pgh_label
    change = Change(
        key=trail.key,
        model=trail.model,
        event_id=event.pgh_id,
        object_id=event.pgh_obj_id,
        at=event.pgh_created_at,
        verb=verb,
        subject=_subject(trail, event),
        who=told.get("email") or "",
        user_id=told.get("user"),
        ip=told.get("ip") or "",
        reason=told.get("reason") or "",
        source=told.get("source") or "",
    )
    if verb == "delete":
        change.old = _document(trail, event)
    else:
        change.old = None if verb == "insert" or previous is None else _document(trail, previous)
        change.new = _document(trail, event)
    if verb == "update" and previous is not None:
        change.differences = _differences(trail, previous, event, names)
    return change


def _differences(trail: Trail, previous: Any, event: Any, names: Names) -> list[Difference]:
    found = []
    for column in _columns(trail):
        was, became = getattr(previous, column.attname), getattr(event, column.attname)
        if was == became:
            continue
        hidden = column.name in trail.hidden
        found.append(
            Difference(
                name=column.name,
                label=capfirst(str(column.verbose_name)),
                before=HIDDEN if hidden else names.words(column, was),
                after=HIDDEN if hidden else names.words(column, became),
                was=was,
                became=became,
                hidden=hidden,
            )
        )
    return found


def _columns(trail: Trail) -> list[Any]:
    """Fields of the tracked model that its history keeps and people want to read."""
    kept = {column.attname for column in trail.events.model._meta.concrete_fields}
    own = trail.model._meta.concrete_fields
    return [column for column in own if column.attname in kept and column.name not in trail.noise]


def _subject(trail: Trail, event: Any) -> str:
    """The row's own name at that time."""
    kept = {column.attname for column in event._meta.concrete_fields}
    own = [column.attname for column in trail.model._meta.concrete_fields if column.attname in kept]
    return str(trail.model(**{name: getattr(event, name) for name in own}))


def _document(trail: Trail, event: Any) -> dict[str, Any]:
    return {
        column.attname: HIDDEN if column.name in trail.hidden else plain(getattr(event, column.attname))
        for column in _columns(trail)
    }


def plain(value: Any) -> Any:
    """A value as JSON has it: amounts as text, so that no digit is lost."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


class Names:
    """Names of the rows that foreign keys lead to, read once per table. values: (field, key or anything)."""

    def __init__(self, values: Iterable[tuple[Field[Any, Any], Any]]) -> None:
        wanted: dict[type[Model], set[Any]] = {}
        for column, key in values:
            if isinstance(column, ForeignKey) and key is not None:
                wanted.setdefault(column.remote_field.model, set()).add(key)
        self._names = {
            model: {row.pk: str(row) for row in model._default_manager.filter(pk__in=keys)}
            for model, keys in wanted.items()
        }

    def words(self, column: Field[Any, Any], value: Any) -> str:
        """A value as people read it; a dash for none."""
        if value in (None, "", []):
            return formats.NO_VALUE
        if isinstance(column, ForeignKey):
            return self._names.get(column.remote_field.model, {}).get(value, f"#{value}")
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        if column.flatchoices:
            return str(dict(column.flatchoices).get(value, value))
        if isinstance(value, datetime):
            return formats.format_moment(value)
        if isinstance(value, list | tuple):
            return ", ".join(map(str, value))
        return str(plain(value))
