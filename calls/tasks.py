"""Work of this room that a worker does. Each may run twice or late."""

from datetime import UTC, datetime

from celery import shared_task
from django.db import transaction

from calls import halves, partitions, quarantine, rollups


@shared_task(name="calls.make_partitions")
def make_partitions() -> None:
    """Makes the coming days' partitions and drops those beyond CDR_KEEP_DAYS."""
    today = datetime.now(UTC).date()
    with transaction.atomic():
        partitions.ensure_ahead(today)
    partitions.drop_old(today)


@shared_task(name="calls.drop_old_minutes")
def drop_old_minutes() -> None:
    """Deletes what nothing reads any more: minutes, samples, batches, refused records, finished halves.

    Halves that waited longer than a call can last are given up.
    """
    now = datetime.now(UTC)
    rollups.drop_old(now)
    quarantine.drop_old(now)
    halves.give_up(now)
    halves.drop_old(now)
