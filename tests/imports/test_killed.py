"""An import that is killed, wherever it is, leaves nothing or everything, and can be done again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from billing.models import Account
from customers.models import Customer, Listing
from tests import factories

ROOT = Path(__file__).resolve().parents[2]
ROWS = 4_000
ROUNDS = 3
LONGEST_SECONDS = 30
MOMENT_SECONDS = 0.02


def until_rolled_back() -> None:
    """Waits until the server has noticed that a client is gone."""
    with connection.cursor() as cursor:
        for _ in range(int(LONGEST_SECONDS / MOMENT_SECONDS)):
            if not others():
                return
            cursor.execute("SELECT pg_sleep(%s)", [MOMENT_SECONDS])
    raise AssertionError("the server goes on with what nobody waits for")


def until_begun(process: subprocess.Popen[bytes]) -> None:
    """Waits until the process is inside a transaction, or has ended already."""
    for _ in range(int(LONGEST_SECONDS / MOMENT_SECONDS)):
        try:
            process.wait(MOMENT_SECONDS)
            return
        except subprocess.TimeoutExpired:
            if others():
                return
    raise AssertionError("the import neither began nor ended")


def others() -> int:
    """Connections to this database besides our own that are inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND xact_start IS NOT NULL"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_killed_anywhere_leaves_all_or_nothing(tmp_path: Path) -> None:
    factories.make_currency("EUR")
    server, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    environment = {**os.environ, "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}"}
    for number in range(ROUNDS):
        file = tmp_path / f"round-{number}.csv"
        rows = "".join(f"Round {number} customer {row},EUR\n" for row in range(ROWS))
        file.write_text(f"Name,Currency\n{rows}")
        command = [sys.executable, "manage.py", "import", "customers", str(file)]
        before = Customer.objects.count()
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet) as process:
            until_begun(process)
            try:
                process.wait(random.uniform(0, 1.5))
            except subprocess.TimeoutExpired:
                process.kill()
            process.wait()
        until_rolled_back()
        stored = Customer.objects.count() - before
        assert stored in (0, ROWS)
        assert Listing.objects.count() == Account.objects.count() == Customer.objects.count()
        if not stored:
            subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=quiet)
            assert Customer.objects.count() == before + ROWS
