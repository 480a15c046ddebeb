"""The code of the last release works on the schema of this one, so that calls go on during an upgrade."""

import io
import os
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings

from connexcs_admin import env
from connexcs_admin.backups.server import Database, Server
from connexcs_admin.upgrades import last_release

EMAIL, PASSWORD = "admin@connex.example", "a long enough one"
DONE = [
    "check",
    "sign-in",
    "home",
    "customers grid",
    "customer page",
    "cdrs",
    "dialogs",
    "pulse",
    "a customer is renamed",
]


@pytest.fixture
def old_checkout(tmp_path: Path) -> Path:
    """The files of the last release."""
    revision = last_release.read().revision
    archive = subprocess.run(["git", "archive", revision], cwd=settings.BASE_DIR, capture_output=True)
    if archive.returncode:
        pytest.fail(
            f"The last release, {revision[:12]}, is not in this clone, so nothing tells whether it works "
            "on the new schema. Fetch the history: git fetch --unshallow, or git fetch origin " + revision
        )
    folder = tmp_path / "last release"
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


@pytest.fixture
def database():
    given = env.database()
    with closing(
        Server(Database(*(str(given[key]) for key in ("HOST", "PORT", "USER", "PASSWORD", "NAME"))))
    ) as there:
        fresh = there.database.named(f"upgrade_{os.getpid()}")
        there._do(f'CREATE DATABASE "{fresh.name}"')
        yield fresh
        there.drop(fresh.name)


def test_the_last_release_works_on_a_schema_that_this_one_migrated(old_checkout, database, tmp_path):
    def run(checkout: Path, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=checkout,
            env={
                **os.environ,
                "DATABASE_URL": database.url,
                "DEMO_PASSWORD": PASSWORD,
                "PYTHONPATH": str(checkout),
                "CONNEX_HOME": str(tmp_path),
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
        return done.stdout

    new_checkout = Path(settings.BASE_DIR)
    run(old_checkout, "manage.py", "migrate", "--verbosity", "0")
    run(old_checkout, "manage.py", "demo", "--customers", "5", "--cdrs", "50")
    run(new_checkout, "manage.py", "migrate", "--verbosity", "0")
    work = run(old_checkout, str(Path(__file__).with_name("a_days_work.py")), EMAIL, PASSWORD)
    assert [line for line in work.splitlines() if line in DONE] == DONE
    run(new_checkout, "manage.py", "upgrade")  # its backfills, over what the old code did meanwhile
    run(new_checkout, "manage.py", "check_figures")
