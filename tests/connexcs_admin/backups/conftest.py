"""An installation of its own for each test: backups see what is committed, and restores rename databases."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings

from connexcs_admin import env
from connexcs_admin.backups import making
from connexcs_admin.backups.server import Database, Server


def run(database: Database, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """manage.py on that database, as a person runs it."""
    command = [sys.executable, "manage.py", *words]
    environment = {
        **os.environ,
        "DATABASE_URL": database.url,
        "DEMO_PASSWORD": "a long enough one",
        **variables,
    }
    return subprocess.run(
        command,
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def rows(database: Database, statement: str) -> list[tuple]:
    with closing(database.connect()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def databases(server: Server, beginning: str) -> list[str]:
    return [
        name
        for (name,) in server._do("SELECT datname FROM pg_database ORDER BY 1")
        if name.startswith(beginning)
    ]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    given = env.database()
    with closing(
        Server(Database(*(str(given[key]) for key in ("HOST", "PORT", "USER", "PASSWORD", "NAME"))))
    ) as there:
        yield there


@pytest.fixture(scope="session")
def model_installation(server: Server) -> Iterator[Database]:
    """Migrated once and filled with demo data; tests get copies."""
    model = server.database.named(f"keeping_model_{os.getpid()}")
    server._do(f'CREATE DATABASE "{model.name}"')
    for words in (["migrate", "--verbosity", "0"], ["demo", "--customers", "12", "--cdrs", "400"]):
        done = run(model, *words)
        assert done.returncode == 0, done.stderr
    yield model
    server.drop(model.name)


@pytest.fixture(scope="session")
def standing(model_installation: Database) -> Database:
    """A database with customers, calls and money, for tests that leave it as it is."""
    return model_installation


@pytest.fixture(scope="session")
def good_backup(standing: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return making.make(standing, tmp_path_factory.mktemp("good"), say=lambda _line: None)


@pytest.fixture
def backup(good_backup: Path, tmp_path: Path) -> Path:
    """A backup of `standing`, and so of a fresh `installation`, in a file that a test may spoil."""
    return Path(shutil.copy(good_backup, tmp_path / good_backup.name))


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, settings) -> None:
    settings.CONNEX_HOME = tmp_path / "home"


@pytest.fixture
def installation(server: Server, model_installation: Database) -> Iterator[Database]:
    """The same to be changed or replaced."""
    copy = server.database.named(f"keeping_{os.getpid()}")
    server._do(f'CREATE DATABASE "{copy.name}" TEMPLATE "{model_installation.name}"')
    yield copy
    for name in databases(server, copy.name):
        server.drop(name)


@pytest.fixture
def empty(server: Server) -> Iterator[Database]:
    """A database without tables."""
    database = server.database.named(f"keeping_empty_{os.getpid()}")
    server._do(f'CREATE DATABASE "{database.name}"')
    yield database
    for name in databases(server, database.name):
        server.drop(name)
