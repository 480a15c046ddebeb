"""The steps of `manage.py upgrade`. Each may run again; where nothing is to be done, nothing changes."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from calls import partitions, rollups
from calls import tasks as calls
from connexcs_admin.backups import journal
from users import roles

BACKUP_AT_MOST = timedelta(hours=24)
_LOCK = 0x555047  # "UPG": one upgrade at a time, in our own advisory key space

# What a release wants done once its schema is there: what it says, and what does it. A backfill belongs here:
# in batches, safe to repeat, cheap when there is nothing to do.
AFTERWARDS: tuple[tuple[str, Callable[[], object]], ...] = (
    ("Partitions for the coming days' calls", calls.make_partitions),
    ("Starts of calls to the second", partitions.cut_starts),
    ("Hourly and daily sums of calls", lambda: rollups.fill(partitions.existing())),
)


class Stopped(Exception):
    """The upgrade ends here, with nothing half done; the text says why and what to do."""


@contextmanager
def alone() -> Iterator[None]:
    """Raises Stopped while another upgrade runs on this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise Stopped(
                "Another upgrade is running on this database. Wait for it, then run this one again."
            )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def missing_migrations() -> list[str]:
    """ "app.name" of those that the database does not have yet."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def want_backup(now: datetime | None = None) -> None:
    """Raises Stopped unless a backup was made lately."""
    made = journal.last(journal.MADE)
    if made and (now or datetime.now(UTC)) - made.at <= BACKUP_AT_MOST:
        return
    last = f"The last one is of {made.at:%Y-%m-%d %H:%M} UTC." if made else "None was ever made here."
    raise Stopped(
        f"The schema is about to change, and there is no backup of today. {last} Make one: manage.py backup. "
        "To go on without: manage.py upgrade --no-backup."
    )


def upgrade(*, no_backup: bool, database_only: bool = False, say: Callable[[str], None]) -> None:
    """Bring database, groups and (unless database_only) static files to this release. Raises Stopped."""
    call_command("check", stdout=StringIO())  # raises with what is wrong; that all is well needs no line
    with alone():
        if missing := missing_migrations():
            if not no_backup and connection.introspection.table_names():
                want_backup()
            say(f"Migrating: {len(missing)} to apply, the first is {missing[0]} …")
            call_command("migrate", interactive=False, verbosity=0)
        else:
            say("The schema is up to date.")
        call_command("check", databases=["default"], stdout=StringIO())
        if not database_only:
            _collect_static_files(say)
        changed = roles.seed()
        say(f"New rights for: {', '.join(changed)}." if changed else "Groups have every right that is new.")
        for words, work in AFTERWARDS:
            say(f"{words} …")
            work()


def _collect_static_files(say: Callable[[str], None]) -> None:
    """An image has them, in a place that nobody can write."""
    if Path(settings.STATIC_ROOT).exists() and not os.access(settings.STATIC_ROOT, os.W_OK):
        say("Static files came with the image.")
        return
    say("Collecting static files …")
    call_command("collectstatic", interactive=False, verbosity=0)
