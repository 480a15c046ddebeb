"""Making a backup."""

import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import psycopg2
from psycopg2 import sql

from connexcs_admin import release
from connexcs_admin.backups import BackupError, archive, journal, keys, server, tools
from connexcs_admin.backups.manifest import Manifest
from connexcs_admin.backups.server import Database
from connexcs_admin.backups.tools import Tools

Say = Callable[[str], None]
_EVERY_BYTES = 256 * 1024 * 1024


def make(database: Database, folder: Path, *, with_secrets: bool = False, say: Say) -> Path:
    """Write a backup of `database` into `folder`; returns its path.

    Rows are counted in the very snapshot that is dumped, so that the counts hold whatever calls come in
    meanwhile. Readers and writers go on; only dropping a table waits.
    """
    with closing(database.connect()) as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        major = connection.server_version // 10_000
        fit = tools.find(server=major)
        at = datetime.now(UTC)
        with archive.new_file(folder, at) as (file, path):
            say(f"Backing up {database.name} (PostgreSQL {major}) with pg_dump {fit.major} …")
            snapshot = _take_snapshot(connection)
            counted = server.count_rows(connection)
            say(f"{len(counted)} tables with {sum(counted.values()):,} rows; writing them …")
            writer = archive.Writer(file, at)
            _dump(database, fit, snapshot, writer, say)
            manifest = Manifest(
                made_at=at,
                connex_version=release.version(),
                revision=release.revision(),
                database=database.name,
                server_major=major,
                tool_major=fit.major,
                migrations=_applied(connection),
                tables=counted,
                keys=keys.needed(),
                with_secrets=with_secrets,
            )
            writer.add(archive.MANIFEST, manifest.to_json())
            if with_secrets:
                writer.add(archive.SECRETS, keys.as_lines().encode())
            writer.end()
    journal.note(journal.MADE, path)
    return path


def _take_snapshot(connection: Any) -> str:
    """Its name for pg_dump. Every table is held, so that none is dropped between count and dump."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = str(cursor.fetchone()[0])
        names = [sql.Identifier(*name) for name in server.tables(connection)]
        if names:
            try:
                cursor.execute(
                    sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(sql.SQL(", ").join(names))
                )
            except psycopg2.errors.UndefinedTable as error:
                raise BackupError(
                    f"A table was dropped at this very moment ({str(error).strip()}). "
                    "Run the same command again."
                ) from error
    return snapshot


def _applied(connection: Any) -> list[str]:
    """ "app.name" of each migration that the snapshot holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations')")
        if cursor.fetchone()[0] is None:
            raise BackupError(
                "This database has no table django_migrations, so it is none of Connex. Check DATABASE_URL."
            )
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        return [f"{app}.{name}" for app, name in cursor.fetchall()]


def _dump(database: Database, fit: Tools, snapshot: str, writer: archive.Writer, say: Say) -> None:
    command = [fit / "pg_dump", "--format=custom", f"--snapshot={snapshot}", "--no-password"]
    environment = tools.variables(
        host=database.host,
        port=database.port,
        user=database.user,
        password=database.password,
        database=database.name,
    )
    said = _EVERY_BYTES

    def progress(size: int) -> None:
        nonlocal said
        if size >= said:
            say(f"{size // 1024 // 1024:,} MB …")
            said += _EVERY_BYTES

    with tempfile.TemporaryFile() as words:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=words, env=environment) as dump:
            try:
                writer.add_stream(archive.DUMP, _output(dump), progress)
            except BaseException:
                dump.kill()
                raise
        if dump.returncode:
            words.seek(0)
            said_by = words.read().decode(errors="replace").strip()
            raise BackupError(f"pg_dump ended with code {dump.returncode}, and no backup was made: {said_by}")


def _output(process: "subprocess.Popen[bytes]") -> IO[bytes]:
    assert process.stdout is not None
    return process.stdout
