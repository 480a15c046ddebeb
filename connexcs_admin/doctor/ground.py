"""What the application stands on: the database as a server, and the files that were collected."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import connection

from connexcs_admin.backups.server import OLDEST_MAJOR
from connexcs_admin.doctor.finding import ERROR, WARNING, Finding

EXTENSIONS = ("btree_gist", "pg_trgm")
SKEW_AT_MOST = timedelta(seconds=2)


def database() -> Iterator[Finding]:
    major = _ask("SELECT current_setting('server_version_num')::int / 10000")
    if major < OLDEST_MAJOR:
        yield Finding(
            "database.version",
            ERROR,
            f"The database is PostgreSQL {major}; Connex needs {OLDEST_MAJOR} or newer.",
            f"Move to PostgreSQL {OLDEST_MAJOR} or newer: back up, install it, set DATABASE_URL, restore.",
        )
    yield from _rights()


def extensions() -> Iterator[Finding]:
    """The first migration makes them; somebody may have dropped one since."""
    there = _ask("SELECT array_agg(extname::text) FROM pg_extension")
    for name in sorted(set(EXTENSIONS) - set(there)):
        yield Finding(
            f"database.extension.{name}",
            ERROR,
            f"The extension {name} is missing in the database.",
            f"As the server's administrator: psql {_name()} -c 'CREATE EXTENSION {name}'",
        )


def _rights() -> Iterator[Finding]:
    role, is_superuser, may_make_databases = _row(
        "SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    )
    if is_superuser:
        yield Finding(
            "database.superuser",
            WARNING,
            f"The application signs in as {role}, who may do anything on that server: whoever gets into the "
            "application has every database there, and files of the machine.",
            f'Make a role without that right, or as another administrator: ALTER ROLE "{role}" NOSUPERUSER;',
        )
    elif not may_make_databases:
        yield Finding(
            "database.createdb",
            WARNING,
            f"The role {role} may not make databases, so backups can be neither verified nor restored.",
            f'As the server\'s administrator: ALTER ROLE "{role}" CREATEDB;',
        )
    if not _ask("SELECT has_schema_privilege(current_schema(), 'CREATE')"):
        yield Finding(
            "database.create",
            ERROR,
            f"The role {role} may not make tables, so neither upgrades nor new partitions can work.",
            f'As the server\'s administrator: ALTER DATABASE "{_name()}" OWNER TO "{role}";',
        )


def clocks() -> Iterator[Finding]:
    """Figures are cut into minutes by one clock and compared with the other."""
    begun = datetime.now(UTC)
    theirs = _ask("SELECT clock_timestamp()")
    ours = begun + (datetime.now(UTC) - begun) / 2
    skew = abs(theirs - ours)
    if skew > SKEW_AT_MOST:
        yield Finding(
            "clock.skew",
            WARNING,
            f"The clocks of this machine and the database differ by {skew.total_seconds():.0f} s: live "
            "figures and sign-in codes go wrong.",
            "Set both by NTP: timedatectl set-ntp true, on each machine.",
        )


def static_files() -> Iterator[Finding]:
    """Pages without style are what one sees first."""
    if settings.DEBUG:
        return
    name = getattr(staticfiles_storage, "manifest_name", None)
    if name is None:
        return
    try:
        known = json.loads((Path(settings.STATIC_ROOT) / name).read_text())["paths"]
    except (OSError, ValueError, KeyError):
        known = {}
    folder = Path(settings.BASE_DIR) / "static"
    missing = [path for path in folder.rglob("*.css") if str(path.relative_to(folder)) not in known]
    if missing:
        yield Finding(
            "static.missing",
            ERROR,
            f"Static files are not collected in {settings.STATIC_ROOT}: pages fail or come without style.",
            "manage.py collectstatic --noinput",
        )


def _name() -> str:
    return str(settings.DATABASES["default"]["NAME"])


def _row(question: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return tuple(cursor.fetchone())


def _ask(question: str) -> Any:
    return _row(question)[0]
