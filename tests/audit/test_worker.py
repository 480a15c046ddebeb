"""A task in a real worker: its changes carry reason and actor like all others."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from customers.models import Customer, Status
from customers.tasks import end_penalties
from tests import factories

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A Celery worker on this test's database and queue."""
    server, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING"]
    with subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "connexcs_admin", "worker", "--pool", "solo", *quiet],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        yield
        process.terminate()
        process.wait(30)


def test_what_a_worker_changes_carries_its_reason(worker):
    customer = factories.make_customer(
        status=Status.PENALTY,
        status_after_penalty=Status.PENDING,
        penalty_until=timezone.now() - timedelta(1),
    )
    end_penalties.delay()
    deadline = time.monotonic() + 60
    while Customer.objects.get(pk=customer.pk).status != Status.PENDING:
        assert time.monotonic() < deadline, "the worker did not do the task"
        time.sleep(0.1)
    event = apps.get_model("customers", "CustomerEvent").objects.filter(pgh_label="update").get()
    told = event.pgh_context.metadata
    assert (told["user"], told["email"], told["reason"]) == (None, "", "The penalty's time is over")
    assert "ip" not in told
