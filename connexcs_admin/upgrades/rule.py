"""The migration rule, applied to migrations that are newer than the last release.

The code of the last release must work on the new schema, and no migration may hold a table that is in use for
longer than a moment. A migration that has to break the rule says so, with a reason, in its class:

    breaks_no_release = {"RemoveField customers.Customer.fax": "no code since 1.3 reads or writes it"}

What happens to tables that the last release does not know is free.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Field, ManyToManyField
from django.db.models.fields import NOT_PROVIDED

from connexcs_admin.upgrades import last_release
from connexcs_admin.upgrades.last_release import LastRelease

SHORTEST_REASON = 20  # characters
EXCUSE = "breaks_no_release"


@dataclass(frozen=True)
class Breach:
    """key: what an excuse names. reason: why it breaks; instead: what to do."""

    migration: str
    key: str
    reason: str
    instead: str

    def __str__(self) -> str:
        return f"{self.migration}: {self.key} {self.reason} {self.instead}"


# Words of plain SQL, what is wrong with them, and what to do.
_WORDS = (
    (r"\bDROP\s+(TABLE|COLUMN|VIEW)\b", "drops what the last release uses.", "Drop it one release later."),
    (r"\bRENAME\b", "renames what the last release uses.", "Add the new beside the old."),
    (r"\bSET\s+NOT\s+NULL\b", "refuses rows that the last release writes.", "Add a CHECK, NOT VALID, first."),
    (r"\bALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE\b", "rewrites the table.", "Add a new column instead."),
    (
        r"\bADD\s+CONSTRAINT\b(?![^;]*(\bNOT\s+VALID\b|\bUSING\s+INDEX\b))",
        "reads the whole table under lock.",
        "Add it NOT VALID, and VALIDATE it in a migration of its own.",
    ),
    (
        r"\bCREATE\s+(UNIQUE\s+)?INDEX\b(?!\s+CONCURRENTLY)(?![^;]*\bON\s+ONLY\b)",
        "keeps writers waiting until the index is built.",
        "CREATE INDEX CONCURRENTLY, in a migration with atomic = False.",
    ),
    (r"\bTRUNCATE\b", "empties what the last release uses.", "Delete in batches, one release later."),
)


def breaches(release: LastRelease | None = None) -> list[Breach]:
    """What new migrations do against the rule and have no excuse for, and excuses that nothing needs."""
    release = release or last_release.read()
    loader = MigrationLoader(None)
    plan: list[tuple[str, str]] = []
    for target in loader.graph.leaf_nodes():
        plan += [node for node in loader.graph.forwards_plan(target) if node not in plan]
    return _judge([(app, name, loader.disk_migrations[app, name]) for app, name in plan], release)


def _judge(plan: list[tuple[str, str, Any]], release: LastRelease) -> list[Breach]:
    ours = last_release.our_apps()
    state, new_tables, found = ProjectState(), set[str](), []
    for app, name, migration in plan:
        is_new = app in ours and f"{app}.{name}" not in release.migrations
        seen = []
        for operation in migration.operations:
            if is_new:
                seen += list(_breaches_of(operation, app, f"{app}.{name}", state, new_tables))
                new_tables |= _tables_made(operation, app)
            operation.state_forwards(app, state)
        if is_new:
            found += _without_excused(seen, migration, f"{app}.{name}")
    return found


def _without_excused(seen: list[Breach], migration: Any, name: str) -> list[Breach]:
    excuses: dict[str, str] = getattr(migration, EXCUSE, {})
    left = [breach for breach in seen if len(excuses.get(breach.key, "")) < SHORTEST_REASON]
    needless = sorted(excuses.keys() - {breach.key for breach in seen})
    return left + [
        Breach(name, key, "is excused, but does nothing against the rule.", f"Take it out of {EXCUSE}.")
        for key in needless
    ]


def _tables_made(operation: Operation, app: str) -> set[str]:
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        return set().union(*(_tables_made(each, app) for each in operation.database_operations))
    return {f"{app}.{operation.name}".lower()} if isinstance(operation, migrations.CreateModel) else set()


def _breaches_of(
    operation: Operation, app: str, migration: str, state: ProjectState, new_tables: set[str]
) -> Iterator[Breach]:
    """What one operation does against the rule. state: before it. new_tables: "app.model" made since."""
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        for each in operation.database_operations:
            yield from _breaches_of(each, app, migration, state, new_tables)
        return
    model = getattr(operation, "model_name", None) or getattr(operation, "old_name", None)
    model = model if isinstance(model, str) else getattr(operation, "name", "")
    if isinstance(operation, migrations.RunSQL):
        yield from _breaches_of_sql(operation, migration, state, new_tables)
        return
    if isinstance(operation, migrations.RunPython):
        name = getattr(operation.code, "__name__", "code")
        if operation.code is not migrations.RunPython.noop:
            yield Breach(
                migration,
                f"RunPython {name}",
                "may hold rows that are in use for as long as it runs.",
                "Backfill in batches (upgrades/steps.py, AFTERWARDS), or excuse it and say why it is short.",
            )
        return
    if f"{app}.{model}".lower() in new_tables:
        return
    verdict = _verdict(operation, app, state)
    if verdict:
        reason, instead = verdict
        what = getattr(operation, "name", "") if getattr(operation, "model_name", None) else ""
        if constraint := getattr(operation, "constraint", None) or getattr(operation, "index", None):
            what = constraint.name
        key = f"{type(operation).__name__} {app}.{model}{f'.{what}' if what else ''}"
        yield Breach(migration, key, reason, instead)


def _verdict(operation: Operation, app: str, state: ProjectState) -> tuple[str, str] | None:
    """Why an operation on a table of the last release breaks the rule, and what to do; None: it does not."""
    match operation:
        case migrations.RemoveField() | migrations.DeleteModel():
            return (
                "takes away what the last release uses.",
                "Stop using it in this release (state_operations alone) and drop it in the next.",
            )
        case migrations.RenameField() | migrations.RenameModel() | migrations.AlterModelTable():
            return "takes the name away that the last release uses.", "Add the new one beside the old one."
        case migrations.AddField():
            return _verdict_on_new(operation.field)
        case migrations.AlterField():
            old = state.models[app, operation.model_name_lower].fields[operation.name]
            return _verdict_on_changed(old, operation.field)
        case (
            AddConstraintNotValid()
            | ValidateConstraint()
            | AddIndexConcurrently()
            | RemoveIndexConcurrently()
        ):
            return None
        case migrations.AddConstraint():
            return (
                "reads the whole table under lock, and may refuse what the last release writes.",
                "AddConstraintNotValid, then ValidateConstraint in a migration of its own.",
            )
        case migrations.AddIndex():
            return (
                "keeps writers waiting until the index is built.",
                "AddIndexConcurrently, with atomic = False.",
            )
        case migrations.RemoveIndex():
            return "waits for everybody who reads the table.", "RemoveIndexConcurrently, with atomic = False."
        case migrations.AlterUniqueTogether() | migrations.AlterOrderWithRespectTo():
            return "builds an index under lock.", "Add a unique index concurrently."
    return None


def _verdict_on_new(field: Any) -> tuple[str, str] | None:
    if isinstance(field, ManyToManyField):
        return None
    if getattr(field, "generated", False):
        return (
            "rewrites the whole table under lock.",
            "Add a plain column and let a trigger or a backfill fill it.",
        )
    if not field.null and field.db_default is NOT_PROVIDED:
        return (
            "refuses rows that the last release inserts, since it does not know the column.",
            "Add null or db_default.",
        )
    if field.unique or field.db_index:
        return (
            "builds an index under lock.",
            "Add the column without it (db_index=False), then AddIndexConcurrently.",
        )
    return None


def _verdict_on_changed(old: Any, new: Any) -> tuple[str, str] | None:
    if isinstance(old, ManyToManyField) or isinstance(new, ManyToManyField):
        return None
    if old.null and not new.null:
        return (
            "refuses rows that the last release writes, and reads the whole table under lock.",
            "Add a CHECK (… IS NOT NULL), NOT VALID, validate it, and set NOT NULL one release later.",
        )
    if old.db_default is not NOT_PROVIDED and new.db_default is NOT_PROVIDED:
        return (
            "takes away the default that the last release asks for.",
            "Keep db_default until the next release.",
        )
    if (new.unique and not old.unique) or (new.db_index and not old.db_index):
        return "builds an index under lock.", "AddIndexConcurrently, or a unique index made concurrently."
    if old.db_column != new.db_column:
        return "renames the column that the last release uses.", "Add the new one beside the old one."
    if _type(old) != _type(new) and not _is_wider_text(old, new):
        return (
            "changes the type: rewrites the table, and the last release sends the old one.",
            "Add a new column.",
        )
    return None


def _type(field: Field) -> str | None:
    """The column's type; of a key to another table only that it is one: its target is not at hand."""
    return field.get_internal_type() if field.remote_field else field.db_type(connection)


def _is_wider_text(old: Field, new: Field) -> bool:
    """varchar(n) to a longer one or to text: no rewrite, and what the last release sends still fits."""
    kinds = {"CharField", "EmailField", "SlugField", "URLField", "TextField"}
    if {old.get_internal_type(), new.get_internal_type()} <= kinds:
        wide = new.max_length if new.get_internal_type() != "TextField" else None
        return wide is None or (old.max_length is not None and wide >= old.max_length)
    return False


def _breaches_of_sql(
    operation: migrations.RunSQL, migration: str, state: ProjectState, new_tables: set[str]
) -> Iterator[Breach]:
    """Plain SQL is judged by its words, statement by statement; those about tables made since are free."""
    new_names = {name.replace(".", "_") for name in new_tables}
    for statement in _statements(operation.sql):
        bare = re.sub(r"\$(\w*)\$.*?\$\1\$|'[^']*'|--[^\n]*", "''", statement, flags=re.DOTALL)
        if new_names & set(re.findall(r"\w+", bare.lower())):
            continue
        for words, reason, instead in _WORDS:
            if found := re.search(words, bare, re.IGNORECASE):
                yield Breach(migration, f"RunSQL {' '.join(found.group().split())}", reason, instead)


def _statements(text: Any) -> list[str]:
    if isinstance(text, str):
        return [text]
    return [each if isinstance(each, str) else each[0] for each in text]
