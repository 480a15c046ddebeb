"""Taking call records in: each attempt stored once, however often it is delivered.

A delivery comes as a body in one of the formats (`receive`) or, read already, as records (`store`). What is
refused goes to the quarantine in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from io import StringIO

from django.db import connection, transaction
from django.utils import timezone

from calls import callers, known, lines, partitions, quarantine, switches
from calls.fields import Refusal
from calls.lines import Line
from calls.models import Cdr, CdrBatch, CdrFormat, Switch
from calls.readers import READERS
from calls.records import Incoming
from calls.signals import cdrs_stored, delivery_received

REFUSALS_TOLD = 1_000
NAMES = ", ".join(["switch_id", "batch_id", *lines.COLUMNS])

# Records are copied to a table of this database session and from there stored by one statement, which says
# what the new ones cost; what was known already takes no part. Copying costs a third of long VALUES lists.
_STAGE = f"""
    CREATE TEMPORARY TABLE IF NOT EXISTS cdr_stage ON COMMIT DELETE ROWS
        AS SELECT {NAMES} FROM calls_cdr WITH NO DATA
"""  # noqa: S608 - names of our own columns
_COPY = f"COPY cdr_stage ({NAMES}) FROM STDIN"
_STORE = f"""
    WITH stored AS (
        INSERT INTO calls_cdr ({NAMES}) SELECT {NAMES} FROM cdr_stage WHERE batch_id = %s
            ON CONFLICT DO NOTHING
        RETURNING customer_id, customer_charge
    )
    SELECT customer_id, count(*), coalesce(sum(customer_charge), 0) FROM stored GROUP BY customer_id
"""  # noqa: S608 - names of our own columns


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivery.

    known: stored before. refused: not taken, each with its reason. skipped: right, but no record of ours.
    waiting: calls of which a half is still to come.
    """

    batch_id: int | None
    stored: int
    known: int
    refused: list[Refusal]
    skipped: Sequence[Refusal] = ()
    waiting: int = 0

    def as_json(self) -> dict[str, object]:
        return {
            "batch": self.batch_id,
            "stored": self.stored,
            "known": self.known,
            "refused": [refusal.as_json() for refusal in self.refused[:REFUSALS_TOLD]],
            "refused_count": len(self.refused),
            "skipped": len(self.skipped),
            "waiting": self.waiting,
        }


def receive(switch: Switch, body: bytes, cdr_format: str = CdrFormat.CONNEX) -> Receipt:
    """Stores the good records of a body; when this returns they are committed.

    Raises wire.BadBody where nothing can be read.
    """
    delivery = READERS[cdr_format](switch, body)
    receipt = store(switch, delivery.records, delivery.refused, cdr_format=cdr_format)
    delivery_received.send(Switch, stored=receipt.stored, known=receipt.known, refused=len(receipt.refused))
    return replace(receipt, skipped=delivery.skipped)


def store(
    switch: Switch,
    incoming: list[Incoming],
    refused: list[Refusal],
    *,
    cdr_format: str = CdrFormat.CONNEX,
) -> Receipt:
    """Stores the good ones of `incoming` and quarantines the others, all in one transaction.

    refused: what the reader of the format has refused already; it is counted and answered with the rest,
    and kept where it has a `raw`.
    """
    now = timezone.now()
    switches.note_heard(switch, now)
    return take(switch, incoming, refused, now, quarantine_as=cdr_format)


def take(
    switch: Switch,
    incoming: list[Incoming],
    refused: list[Refusal],
    now: datetime,
    *,
    quarantine_as: str | None = None,
) -> Receipt:
    """The work of `store`. quarantine_as: the format that refused records are kept under; None: not kept."""
    incoming, nameless = callers.settle(incoming)
    good, bad = lines.read(incoming, now)
    bad += nameless
    with transaction.atomic():
        good, strangers = _split(good)
        refused = sorted([*refused, *bad, *_with_raw(strangers, incoming)], key=lambda refusal: refusal.index)
        if quarantine_as:
            quarantine.keep(switch, quarantine_as, refused, now)
        if not good:
            return Receipt(None, 0, 0, refused)
        good.sort()
        starts = {line.started_at for line in good}
        partitions.ensure({start.date() for start in starts})
        batch = CdrBatch.objects.create(
            switch=switch, refused=len(refused), unfolded=True, first_at=min(starts), last_at=max(starts)
        )
        stored, charges = _insert(good, switch.pk, batch.pk)
        batch.stored, batch.known, batch.unfolded = stored, len(good) - stored, stored > 0
        batch.save(update_fields=["stored", "known", "unfolded"])
        cdrs_stored.send(Cdr, batch_id=batch.pk, charges=charges)
    return Receipt(batch.pk, stored, len(good) - stored, refused)


def _with_raw(refused: list[Refusal], incoming: list[Incoming]) -> list[Refusal]:
    """The same, each with what was sent."""
    if not refused:
        return refused
    sent = {one.index: one.sent for one in incoming}
    return [replace(refusal, raw=sent[refusal.index]) for refusal in refused]


def _split(good: list[Line]) -> tuple[list[Line], list[Refusal]]:
    """Splits off the lines of customers that never existed."""
    named = {line.customer_id for line in good}
    unknown = named - known.among(named)
    if not unknown:
        return good, []
    strangers = [known.stranger(line.place, line.customer_id) for line in good if line.customer_id in unknown]
    return [line for line in good if line.customer_id not in unknown], strangers


def _insert(good: list[Line], switch_id: int, batch_id: int) -> tuple[int, dict[int, Decimal]]:
    """Stores the lines that are new. Returns how many those are, and what they cost each customer."""
    stored = 0
    charges: dict[int, Decimal] = {}
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        cursor.cursor.copy_expert(_COPY, StringIO(copy_text(good, switch_id, batch_id)))
        cursor.execute(_STORE, [batch_id])
        for customer_id, count, charge in cursor.fetchall():
            stored += count
            charges[customer_id] = charge
    return stored, charges


def copy_text(good: list[Line], switch_id: int, batch_id: int) -> str:
    """Lines as the text format of COPY has them, with the columns of NAMES."""
    head = f"{switch_id}\t{batch_id}\t"
    return "".join([f"{head}{line.text}\n" for line in good])
