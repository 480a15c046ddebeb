"""A Celery worker of its own on this test's database and queue."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 60


@contextmanager
def celery_worker(**environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs one until the block ends. environment: settings beside those of the tests."""
    server, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    here = {"DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}"}
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "INFO"]
    with subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "connexcs_admin", "worker", "--pool", "solo", *quiet],
        cwd=ROOT,
        env={**os.environ, **here, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        yield process
        process.terminate()
        process.wait(30)


def until(holds: Callable[[], bool], otherwise: str) -> None:
    """Waits for what a worker does. otherwise: what is said where it does not."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)
