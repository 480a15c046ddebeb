"""`make test` and `make soak`: every test, with a database that is kept for the next time."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

from launcher import browser
from launcher.environment import CHECKOUT, home
from launcher.postgres import OLDEST_MAJOR, find_binaries
from launcher.refusal import Refusal

SOAK_ROUNDS = "100"
# What may differ between one PostgreSQL and another: triggers and history, COPY and partitions, generated
# columns, order and search by the letters of the system's locale, pg_dump. All else is the same Python.
DATABASE_TESTS = (
    "tests/audit/test_history.py",
    "tests/billing/test_ledger.py",
    "tests/calls/test_ingest.py",
    "tests/calls/test_pulse.py",
    "tests/customers/test_grid.py",
    "tests/customers/test_grid_parts.py",
    "tests/customers/test_grid_status.py",
    "tests/connexcs_admin/test_row_triggers.py",
    "tests/connexcs_admin/backups/test_making.py::test_it_names_its_time_its_version_its_schema_and_every_row",
    "tests/connexcs_admin/backups/test_restoring.py::test_partitions_triggers_and_sequences_work_on",
)


def test(arguments: list[str]) -> int:
    """All tests, or what pytest's `arguments` choose. Returns pytest's exit code."""
    return _pytest(["-n", str(min(4, max(2, os.cpu_count() or 2))), *(arguments or ["-q"])])


def soak(arguments: list[str]) -> int:
    """The tests marked `soak`, each with a hundred rounds instead of a few."""
    os.environ.setdefault("CONNEX_SOAK", SOAK_ROUNDS)
    return _pytest(["-m", "soak", *(arguments or ["-q"])])


def test_system_pg(arguments: list[str]) -> int:
    """The tests of the database, or pytest's `arguments`, on an installed PostgreSQL, where there is one."""
    os.environ["CONNEX_POSTGRES"] = "system"
    try:
        binaries = find_binaries()
    except Refusal:
        print(f"No installed PostgreSQL {OLDEST_MAJOR} or newer here: its tests are left out.", flush=True)
        return 0
    print(f"The tests of the database on PostgreSQL {binaries.major} in {binaries.folder}", flush=True)
    return _pytest(["-q", *(arguments or DATABASE_TESTS)], folder=home() / "test-system-pg")


def _pytest(arguments: list[str], *, folder: Path | None = None) -> int:
    """folder: where the test database is kept for the next time."""
    begun = time.monotonic()
    os.environ["CONNEX_CHROMIUM"] = browser.ensure()
    folder = folder or home() / "test"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["CONNEX_TEST_HOME"] = str(folder)
    kept = KeptDatabase(folder)
    options = ["--reuse-db", *([] if kept.is_good() else ["--create-db"])]
    kept.in_use()
    code = subprocess.run([sys.executable, "-m", "pytest", *options, *arguments], cwd=CHECKOUT).returncode
    if code in (0, 1):  # ran to the end: passed, or some failed
        kept.is_clean()
    print(f"Tests took {time.monotonic() - begun:.0f} s.", flush=True)
    return code


class KeptDatabase:
    """Whether the test database of last time may be used again."""

    def __init__(self, folder: Path) -> None:
        self.stamp = folder / "schema.stamp"
        self.wanted = schema_fingerprint()

    def is_good(self) -> bool:
        """Same schema, and the last run ended by itself: a killed one leaves rows behind."""
        try:
            return self.stamp.read_text() == self.wanted
        except OSError:
            return False

    def in_use(self) -> None:
        self.stamp.unlink(missing_ok=True)

    def is_clean(self) -> None:
        self.stamp.write_text(self.wanted)


def schema_fingerprint() -> str:
    """Changes with any migration of ours and any package (some bring migrations)."""
    seen = hashlib.sha256((CHECKOUT / "requirements.txt").read_bytes())
    for path in sorted(CHECKOUT.glob("*/migrations/*.py")):
        seen.update(path.name.encode() + path.read_bytes())
    return seen.hexdigest()
