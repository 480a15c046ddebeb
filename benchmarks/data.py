"""The data that is measured on: `manage.py demo` in a database that is empty before."""

import os
import subprocess
import sys
import time
from typing import Any

from benchmarks.web import CHECKOUT


class Unusable(Exception):
    """This database cannot be measured on."""


def prepare(*, customers: int, cdrs: int, reuse: bool) -> float | None:
    """Tables, static files and data. Returns the seconds that the data took, None if it was there.

    reuse: measure on the data that is there. Raises Unusable when there is some and nobody said so.
    """
    there = _ask("SELECT to_regclass('customers_customer')") and count("customers_customer")
    if there and not reuse:
        raise Unusable(
            f"This database holds {there:,} customers already. Use `make bench`, which starts an empty one, "
            "or --reuse to measure on what is there."
        )
    _manage("migrate", "--noinput", "--verbosity", "0")
    _manage("collectstatic", "--noinput", "--verbosity", "0")
    seconds = None
    if not there:
        begun = time.monotonic()
        _manage("demo", "--customers", str(customers), "--cdrs", str(cdrs))
        seconds = time.monotonic() - begun
    _tidy()
    return seconds


def _manage(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise Unusable(f"manage.py {arguments[0]} failed:\n{done.stdout}")


def _tidy() -> None:
    """What autovacuum would do in its own time; during a measurement it would fall on one page by chance.

    The listing is packed: making demo data writes each of its rows four times in one transaction, which
    leaves a table several times as large as one that grew in use.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM (FULL) customers_listing")
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("RESET statement_timeout")


def count(table: str) -> int:
    """Rows of `table`, a name of ours."""
    return int(_ask(f"SELECT count(*) FROM {table}"))


def postgres_version() -> str:
    return str(_ask("SHOW server_version"))


def backend() -> int:
    """Process id of the database session that this process uses, on the database's machine."""
    return int(_ask("SELECT pg_backend_pid()"))


def _ask(sql: str) -> Any:
    """The one value that `sql` gives."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]
