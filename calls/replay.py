"""Quarantined records through the door once more, after their cause was mended."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import transaction

from calls import ingest
from calls.fields import Cause, Refusal
from calls.models import QuarantinedRecord, QuarantineState, Switch
from calls.models.quarantine import QuarantineQuerySet
from calls.readers import READERS
from calls.records import Incoming
from calls.wire import BadBody

if TYPE_CHECKING:
    from users.models import User

AT_ONCE = 500


@dataclass(slots=True)
class Outcome:
    """What became of a replay. known: stored before. refused: still refused, and still waiting."""

    stored: int = 0
    known: int = 0
    refused: int = 0


def replay(records: QuarantineQuerySet, *, by: "User | None") -> Outcome:
    """Tries waiting records again; each ends as stored, as known already, or waits on with its new reason.

    May run twice at once: rows that another replay holds are passed over. Records that were too long to be
    kept whole are not tried.
    """
    outcome = Outcome()
    # One switch and format at a time: who charges twice in one transaction locks accounts in no order.
    groups = records.waiting().filter(whole=True).order_by("switch_id", "format")
    for switch_id, cdr_format in list(groups.values_list("switch_id", "format").distinct()):
        switch = Switch.objects.get(pk=switch_id)
        rows = records.filter(switch_id=switch_id, format=cdr_format)
        last = 0
        while last := _some(rows, switch, cdr_format, after=last, by=by, outcome=outcome):
            pass
    return outcome


@transaction.atomic
def _some(
    records: QuarantineQuerySet,
    switch: Switch,
    cdr_format: str,
    *,
    after: int,
    by: "User | None",
    outcome: Outcome,
) -> int:
    """Replays the next AT_ONCE records of one switch and format; returns the last one's id, 0 if none."""
    rows = list(
        records.waiting()
        .filter(whole=True, pk__gt=after)
        .order_by("pk")
        .select_for_update(skip_locked=True, of=("self",))[:AT_ONCE]
    )
    if not rows:
        return 0
    _replay(switch, cdr_format, rows, by, outcome)
    return rows[-1].pk


def _replay(
    switch: Switch, cdr_format: str, rows: list[QuarantinedRecord], by: "User | None", outcome: Outcome
) -> None:
    now = datetime.now(UTC)
    incoming: list[Incoming] = []
    refused: list[Refusal] = []
    for place, row in enumerate(rows):
        try:
            delivery = READERS[cdr_format](switch, bytes(row.raw))
        except BadBody as error:
            refused.append(Refusal(place, "", str(error), Cause.UNREADABLE))
            continue
        incoming += [Incoming(place, one.record) for one in delivery.records]
        refused += [Refusal(place, one.field, one.reason, one.cause) for one in delivery.refused]
    receipt = ingest.take(switch, incoming, refused, now)
    still = {refusal.index: refusal for refusal in receipt.refused}
    for place, row in enumerate(rows):
        if place in still:
            row.field, row.reason, row.cause = still[place].field, still[place].reason, still[place].cause
        else:
            row.state, row.closed_at, row.closed_by = QuarantineState.REPLAYED, now, by
    QuarantinedRecord.objects.bulk_update(
        rows, ["field", "reason", "cause", "state", "closed_at", "closed_by"], batch_size=AT_ONCE
    )
    outcome.stored += receipt.stored
    outcome.known += receipt.known
    outcome.refused += len(still)
