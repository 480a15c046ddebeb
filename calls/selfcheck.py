"""Proof that figures equal the records they are made from, and their repair.

Deliveries go on meanwhile: each comparison is one statement, hence of one instant, and an instant in which a
record is stored but not yet folded says so itself (see `calls.rollups`). One UTC day is looked at at a time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.db import transaction

from calls import listing, partitions, rollups
from calls.pulse import refresh_all
from customers.models import FeedState
from customers.selfcheck import Difference

NAMED_PER_DAY = 1_000


def differences(at: datetime | None = None) -> Iterator[Difference]:
    """Rollups that differ from their records, and windows in the listing that differ from their minutes.

    At most NAMED_PER_DAY of each kind and day, so that a table that was lost does not fill the memory.
    """
    at = at or datetime.now(UTC)
    days = partitions.existing()
    kept = rollups.minute_of(at) - rollups.KEPT
    for first, end in rollups.spans(kept, days):
        yield from _differences(rollups.MINUTES, first, end)
    for first, end in rollups.spans(datetime.min.replace(tzinfo=UTC), days):
        for rollup in rollups.LASTING:
            yield from _differences(rollup, first, end)
    with transaction.atomic():
        rollups.lock()  # no tick between what was last ticked and what it left
        state = FeedState.objects.filter(pk=1).first()
        if state and state.ticked_at:
            yield from listing.differences(state.ticked_at)


def _differences(rollup: rollups.Rollup, first: datetime, end: datetime) -> Iterator[Difference]:
    for customer_id, moment, found, right in rollups.differences(rollup, first, end, most=NAMED_PER_DAY):
        name = rollup.table.removeprefix("calls_")
        yield Difference(f"{name} {moment:%Y-%m-%d %H:%M}", customer_id, found, right)


def repair(at: datetime | None = None) -> None:
    """Makes minutes, hours, days and all windows anew from the records, as far back as there are records."""
    at = at or datetime.now(UTC)
    rollups.rebuild_minutes(at - rollups.KEPT)
    rollups.rebuild_lasting(partitions.existing())
    refresh_all(at)
