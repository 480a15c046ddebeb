"""Daily partitions of the call records: made ahead, made on demand, dropped by age."""

import logging
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import OperationalError, connection, transaction
from django.db.migrations import CreateModel
from psycopg2 import sql

log = logging.getLogger(__name__)

DAYS_AHEAD = 3
_LOCK = 0x434452  # "CDR": one maker of partitions at a time, in our own advisory key space


class CreatePartitionedModel(CreateModel):
    """CreateModel for a table that is partitioned by range of one column."""

    partition_column = "started_at"

    def database_forwards(self, app_label, schema_editor, from_state, to_state) -> None:
        plain = schema_editor.sql_create_table
        schema_editor.sql_create_table = f"{plain} PARTITION BY RANGE ({self.partition_column})"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain


class AddPartitionedIndex(AddIndexConcurrently):
    """AddIndexConcurrently for the partitioned table: partition by partition, since the whole cannot.

    Its migration must not be atomic. It may be run again after it was cut short.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        columns = ", ".join(model._meta.get_field(name).column for name in self.index.fields)
        table, index = model._meta.db_table, self.index.name
        schema_editor.execute(f"CREATE INDEX IF NOT EXISTS {index} ON ONLY {table} ({columns})")
        with schema_editor.connection.cursor() as cursor:
            # Those that already have it attached (new ones get it by themselves) are left alone.
            cursor.execute(
                "SELECT inhrelid::regclass::text FROM pg_inherits AS part WHERE inhparent = %s::regclass"
                " AND NOT EXISTS (SELECT FROM pg_index JOIN pg_inherits AS has ON has.inhrelid = indexrelid"
                " WHERE indrelid = part.inhrelid AND has.inhparent = %s::regclass)",
                [table, index],
            )
            missing = [name for (name,) in cursor.fetchall()]
        for partition in sorted(missing):
            own = f"{partition}_{'_'.join(self.index.fields)}_idx"
            schema_editor.execute(f"DROP INDEX IF EXISTS {own}")  # one that was cut short is not valid
            schema_editor.execute(f"CREATE INDEX CONCURRENTLY {own} ON {partition} ({columns})")
            schema_editor.execute(f"ALTER INDEX {index} ATTACH PARTITION {own}")


def partition_name(day: date) -> str:
    return f"calls_cdr_{day:%Y%m%d}"


def existing() -> set[date]:
    """The UTC days that have a partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
            " WHERE inhparent = 'calls_cdr'::regclass"
        )
        return {date.fromisoformat(name[-8:]) for (name,) in cursor.fetchall()}


def ensure(days: Iterable[date]) -> None:
    """Makes the partitions that are missing. Safe under any number of callers at once.

    A day is a UTC date. Where all are there, which is nearly always, this locks nothing; makers wait for
    each other only.
    """
    missing = set(days) - existing()
    if not missing:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        missing -= existing()
        for day in sorted(missing):
            start = datetime(day.year, day.month, day.day, tzinfo=UTC)
            name = sql.Identifier(partition_name(day))
            # Attaching lets deliveries and readers go on; CREATE … PARTITION OF would stop them all.
            cursor.execute(
                sql.SQL("CREATE TABLE {} (LIKE calls_cdr INCLUDING DEFAULTS INCLUDING CONSTRAINTS)").format(
                    name
                )
            )
            cursor.execute(
                sql.SQL("ALTER TABLE calls_cdr ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                    name,
                    sql.Literal(start.isoformat()),
                    sql.Literal((start + timedelta(days=1)).isoformat()),
                )
            )


def ensure_ahead(today: date) -> None:
    """Makes the partitions of `today` and the next days."""
    ensure(today + timedelta(days=n) for n in range(-1, DAYS_AHEAD + 1))


# Attempts of which both resolutions were stored stay as they are: they were counted and charged as two.
_CUT = """
    UPDATE {partition} AS cdr
       SET start_us = extract(microseconds FROM started_at)::int % 1000000,
           started_at = date_trunc('second', started_at)
     WHERE started_at <> date_trunc('second', started_at)
       AND NOT EXISTS (
           SELECT FROM {partition} AS twin
            WHERE twin.customer_id = cdr.customer_id AND twin.switch_id = cdr.switch_id
              AND twin.callid = cdr.callid AND twin.attempt = cdr.attempt
              AND twin.started_at >= date_trunc('second', cdr.started_at)
              AND twin.started_at < date_trunc('second', cdr.started_at) + interval '1 second'
              AND twin.started_at <> cdr.started_at)
"""


def cut_starts() -> int:
    """Cuts the starts of records that an older version stored to the second; returns how many those were.

    One day at a time, and harmless when run again: a day that is done costs a look at its starts.
    """
    count = 0
    for day in sorted(existing()):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute(sql.SQL(_CUT).format(partition=sql.Identifier(partition_name(day))))
            count += cursor.rowcount
    return count


def drop_old(today: date) -> list[date]:
    """Drops the partitions that lie wholly beyond CDR_KEEP_DAYS; returns the days that are gone.

    A drop needs the whole table for a moment. Where somebody reads for longer, it gives way and is left
    to the next run, rather than make deliveries wait behind it.
    """
    limit = today - timedelta(days=settings.CDR_KEEP_DAYS)
    gone = []
    for day in sorted(day for day in existing() if day < limit):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql.SQL("SET LOCAL lock_timeout = '2s'"))
                cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(partition_name(day))))
        except OperationalError:
            log.warning("Records of %s are in use; their partition is dropped next time", day)
            break
        gone.append(day)
    return gone
