"""pytest plugin: real PostgreSQL and Valkey for every run, up before Django reads its settings.

Loaded by `-p tests.servers`, so that it comes before conftest files and before pytest-django.
Each run has servers and folders of its own, hence any number of runs at the same time; the workers
of pytest-xdist share those of their controller (pytest-django gives each worker its own database).

CONNEX_TEST_DATABASE_URL  test on that server instead of one of ours (its role must be able to CREATEDB)
CONNEX_TEST_HOME          keep the cluster in that folder for the next run; `make test` does
"""

import atexit
import fcntl
import os
import secrets
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from launcher import throwaway
from launcher.refusal import Refusal

_running = ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(args: list[str]) -> None:
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        _give_worker_its_own_corner(worker)
    elif not {"-h", "--help", "--version", "-V", "--markers"} & set(args):
        try:
            _start()
        except Refusal as refusal:
            raise pytest.UsageError(str(refusal)) from None


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "soak: a loop; runs a few rounds, or as many as CONNEX_SOAK says (`make soak`: 100)"
    )


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _stop()


def _start() -> None:
    atexit.register(_stop)  # also when pytest ends before it is configured
    folder = _folder()
    servers = _running.enter_context(throwaway.servers(folder))
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    (home / "static").mkdir(parents=True)  # WhiteNoise warns of a missing one, and warnings are errors here
    os.environ.update(servers)
    if url := os.environ.get("CONNEX_TEST_DATABASE_URL"):
        os.environ["DATABASE_URL"] = url
    os.environ.update(
        CONNEX_HOME=str(home),
        SECRET_KEY=secrets.token_urlsafe(50),
        ENCRYPTION_KEYS=secrets.token_urlsafe(48),
        DEBUG="true",  # static files as they lie, not collected; Django turns settings.DEBUG off in tests
        DJANGO_ALLOW_ASYNC_UNSAFE="true",  # Playwright's event loop runs in the thread of the tests
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connexcs_admin.settings")
    if chromium := shutil.which("chromium") or shutil.which("chromium-browser"):
        os.environ.setdefault("CONNEX_CHROMIUM", chromium)


def _folder() -> Path:
    """Where this run's servers live: the kept folder when it is ours for now, else a temporary one."""
    kept = os.environ.get("CONNEX_TEST_HOME")
    if kept:
        folder = Path(kept)
        folder.mkdir(parents=True, exist_ok=True)
        lock = _running.enter_context((folder / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return folder
        except OSError:
            print(
                f"{folder} is in use by another test run: this one uses a temporary folder", file=sys.stderr
            )
    folder = Path(tempfile.mkdtemp(prefix="connex-test-"))
    _running.callback(shutil.rmtree, folder, ignore_errors=True)
    # A run that is told to end still ends its servers and removes its folder.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return folder


def _give_worker_its_own_corner(worker: str) -> None:
    """Tests of two workers must not meet: databases of the queue, and the data folder."""
    number = int(worker.removeprefix("gw"))
    base, _, _database = os.environ["REDIS_URL"].rpartition("/")
    os.environ["REDIS_URL"] = f"{base}/{4 * (number + 1)}"  # four for each: queue, results, cache, one spare
    home = Path(os.environ["CONNEX_HOME"]) / worker
    (home / "static").mkdir(parents=True, exist_ok=True)
    os.environ["CONNEX_HOME"] = str(home)


def _stop() -> None:
    _running.close()
