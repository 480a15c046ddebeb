"""The databases of one PostgreSQL server: the one in use, and scratch ones beside it."""

import re
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import psycopg2
from django.conf import settings
from psycopg2 import sql

from connexcs_admin.backups import BackupError, Refused

OLDEST_MAJOR = 15
_NAME_LIMIT = 63
_SCRATCH = "_scratch_"
_LOCK_SPACE = 0x425550  # "BUP": advisory locks of this package, on the maintenance database
_MAINTENANCE = ("postgres", "template1")
# Settings whose value is a list of quoted names; quoted once more it would be one name.
_LISTS = {"search_path", "local_preload_libraries", "session_preload_libraries", "temp_tablespaces"}

# What a backup counts: every table that holds rows itself, of ours or of a package, but none of an extension.
_TABLES = """
    SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE relkind = 'r' AND relpersistence <> 't' AND nspname <> 'information_schema' AND nspname !~ '^pg_'
       AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
     ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Database:
    """One database and how to reach it."""

    host: str
    port: str
    user: str
    password: str
    name: str

    @classmethod
    def in_use(cls) -> "Database":
        """The one that DATABASE_URL names."""
        given: dict[str, Any] = settings.DATABASES["default"]
        return cls(given["HOST"], str(given["PORT"]), given["USER"], given["PASSWORD"], given["NAME"])

    @property
    def url(self) -> str:
        password = f":{quote(self.password, safe='')}" if self.password else ""
        user = quote(self.user, safe="")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgres://{user}{password}@{host}:{self.port}/{quote(self.name, safe='')}"

    def named(self, name: str) -> "Database":
        return replace(self, name=name)

    def connect(self) -> Any:
        """A psycopg2 connection. Raises BackupError with the server's own words."""
        try:
            return psycopg2.connect(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
                dbname=self.name,
                connect_timeout=10,
                application_name="connex backup",
                options="-c timezone=UTC",
            )
        except psycopg2.OperationalError as error:
            raise BackupError(
                f"The database {self.name} on {self.host}:{self.port} does not let us in: "
                f"{str(error).strip()}"
            ) from error

    def ask(self, question: str | sql.Composable, values: Any = None) -> list[tuple[Any, ...]]:
        with closing(self.connect()) as connection, connection, connection.cursor() as cursor:
            cursor.execute(question, values)
            return list(cursor.fetchall())


def tables(connection: Any) -> list[tuple[str, str]]:
    """Schema and name of every table that holds rows."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return list(cursor.fetchall())


def count_rows(connection: Any) -> dict[str, int]:
    """Exact rows of every table, "schema.table" to count, as the connection's transaction sees them."""
    counts = {}
    with connection.cursor() as cursor:
        for schema, name in tables(connection):
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, name)))
            counts[f"{schema}.{name}"] = cursor.fetchone()[0]
    return counts


class Server:
    """The server of one database, seen from a maintenance database, since nobody renames where he stands."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._connection = self._enter()
        self._connection.autocommit = True
        self.major = self._connection.server_version // 10_000
        if self.major < OLDEST_MAJOR:
            self.close()
            raise Refused(f"That server is PostgreSQL {self.major}. Use {OLDEST_MAJOR} or newer.")

    def _enter(self) -> Any:
        for name in _MAINTENANCE:
            try:
                return self.database.named(name).connect()
            except BackupError as error:
                refusal = error
        raise refusal

    def close(self) -> None:
        self._connection.close()

    def _do(self, statement: str | sql.Composable, values: Any = None) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []

    def exists(self) -> bool:
        return bool(self._do("SELECT 1 FROM pg_database WHERE datname = %s", [self.database.name]))

    def is_empty(self) -> bool:
        """True where the database has no table of ours."""
        with closing(self.database.connect()) as connection:
            return not tables(connection)

    def sessions(self) -> list[str]:
        """Who is connected to the database, one line each."""
        rows = self._do(
            "SELECT pid, usename, coalesce(host(client_addr), 'here'), nullif(application_name, '')"
            "  FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
            "   AND application_name <> 'connex backup' ORDER BY pid",
            [self.database.name],
        )
        return [
            f"process {pid} of {user} from {where}" + (f" ({app})" if app else "")
            for pid, user, where, app in rows
        ]

    # --- scratch databases -------------------------------------------------------------------------

    @contextmanager
    def scratch(self) -> Iterator[Database]:
        """An empty database with letters and order like the one in use; dropped at the end if still there."""
        self._drop_leftovers()
        name = _shortened(self.database.name, f"{_SCRATCH}{datetime.now(UTC):%Y%m%d%H%M%S%f}")
        self._do("SELECT pg_advisory_lock(%s, %s)", [_LOCK_SPACE, _lock_number(name)])
        try:
            self._create(name)
            yield self.database.named(name)
        finally:
            self._drop(name)
            self._do("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_SPACE, _lock_number(name)])

    def _create(self, name: str) -> None:
        try:
            self._do(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0 ").format(sql.Identifier(name))
                + self._locale()
            )
        except psycopg2.errors.InsufficientPrivilege as error:
            raise Refused(
                f"The role {self.database.user} may not make databases, and a backup is restored into one of "
                f'its own first. As the server\'s administrator: ALTER ROLE "{self.database.user}" CREATEDB;'
            ) from error

    def _drop(self, name: str) -> None:
        drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
        try:
            self._do(drop + sql.SQL(" WITH (FORCE)"))
        except psycopg2.errors.InsufficientPrivilege:
            # FORCE asks for a right over each process there, autovacuum's too, which is nobody's. Without
            # it the server sends autovacuum away itself, and waits some seconds for anybody else.
            self._do(drop)

    def _locale(self) -> sql.Composable:
        """The options that make a database like the one in use; none where that does not exist."""
        column = "datlocale" if self.major >= 17 else "daticulocale"
        rows = self._do(
            f"SELECT pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider, {column}"  # noqa: S608
            "  FROM pg_database WHERE datname = %s",
            [self.database.name],
        )
        if not rows:
            return sql.SQL("ENCODING 'UTF8'")
        encoding, collate, ctype, provider, locale = rows[0]
        options = {"ENCODING": encoding, "LC_COLLATE": collate, "LC_CTYPE": ctype}
        match provider:
            case "i":
                options |= {"LOCALE_PROVIDER": "icu", "ICU_LOCALE": locale}
            case "b":
                options |= {"LOCALE_PROVIDER": "builtin", "BUILTIN_LOCALE": locale}
        return sql.SQL(" ").join(
            sql.SQL("{} {}").format(sql.SQL(key), sql.Literal(value)) for key, value in options.items()
        )

    def _drop_leftovers(self) -> None:
        """Scratch databases whose maker was killed: his lock is gone."""
        prefix = self.database.name[: _NAME_LIMIT - len(_SCRATCH) - 20] + _SCRATCH
        rows = self._do("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        for (name,) in rows:
            if not re.fullmatch(r"\d{20}", name.removeprefix(prefix)):
                continue
            number = _lock_number(name)
            if self._do("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_SPACE, number])[0][0]:
                self._drop(name)
                self._do("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_SPACE, number])

    # --- the swap ----------------------------------------------------------------------------------

    def swap(self, new: Database) -> str | None:
        """`new` takes the name of the database in use, which is kept under another; both or neither.

        Returns that other name, None where there was no database. Raises BackupError while somebody is
        connected, with nothing changed.
        """
        kept = None
        if self.exists():
            kept = _shortened(self.database.name, f"_before_{datetime.now(UTC):%Y%m%d_%H%M%S}")
            self._copy_settings(new)
        renames = [(new.name, self.database.name)]
        if kept:
            renames.insert(0, (self.database.name, kept))
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        try:  # sent as one text, hence one transaction
            self._do(sql.SQL(";").join(rename.format(*map(sql.Identifier, names)) for names in renames))
        except psycopg2.errors.ObjectInUse as error:
            raise BackupError(
                f"The database {self.database.name} is in use, so that nothing was changed:\n  "
                + "\n  ".join(self.sessions() or [str(error).strip()])
                + "\nStop web, worker, beat and pulse, and run the same command again."
            ) from error
        return kept

    def _copy_settings(self, new: Database) -> None:
        """What ALTER DATABASE … SET says of the database in use: a dump does not hold it."""
        rows = self._do(
            "SELECT unnest(setconfig) FROM pg_db_role_setting"
            " JOIN pg_database ON pg_database.oid = setdatabase WHERE setrole = 0 AND datname = %s",
            [self.database.name],
        )
        for (line,) in rows:
            key, _, value = line.partition("=")
            quoted = sql.SQL(value) if key in _LISTS else sql.Literal(value)
            self._do(
                sql.SQL("ALTER DATABASE {} SET {} = {}").format(
                    sql.Identifier(new.name), sql.SQL(".").join(map(sql.Identifier, key.split("."))), quoted
                )
            )

    def drop(self, name: str) -> None:
        self._drop(name)


def _shortened(name: str, ending: str) -> str:
    """PostgreSQL cuts names of more than 63 bytes off without a word, the ending first."""
    return name[: _NAME_LIMIT - len(ending)] + ending


def _lock_number(name: str) -> int:
    return zlib.crc32(name.encode()) & 0x7FFFFFFF
