"""A task in a real worker: its changes carry reason and actor like all others."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from customers.models import Customer, Status
from customers.tasks import end_penalties
from tests import factories
from tests.workers import celery_worker, until


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    with celery_worker():
        yield


def test_what_a_worker_changes_carries_its_reason(worker):
    customer = factories.make_customer(
        status=Status.PENALTY,
        status_after_penalty=Status.PENDING,
        penalty_until=timezone.now() - timedelta(1),
    )
    end_penalties.delay()
    until(
        lambda: Customer.objects.get(pk=customer.pk).status == Status.PENDING,
        "the worker did not do the task",
    )
    event = apps.get_model("customers", "CustomerEvent").objects.filter(pgh_label="update").get()
    told = event.pgh_context.metadata
    assert (told["user"], told["email"], told["reason"]) == (None, "", "The penalty's time is over")
    assert "ip" not in told
