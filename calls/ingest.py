"""Taking call records in: each attempt stored once, however often it is delivered.

A delivery comes as a body in one of the formats (`receive`) or, read already, as records (`store`). What is
refused goes to the quarantine in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from psycopg2 import sql
from psycopg2.extras import execute_values

from calls import callers, known, partitions, quarantine, records, switches
from calls.fields import Refusal
from calls.models import Cdr, CdrBatch, CdrFormat, Switch
from calls.readers import READERS
from calls.records import Incoming
from calls.signals import cdrs_stored

PAGE = 2_000
REFUSALS_TOLD = 1_000
_KEY = ("customer_id", "started_at", "callid", "attempt")
_COLUMNS = ("switch_id", "batch_id", *records.CDR_FIELDS)

# One statement stores a page of records, notes what the new ones add to each customer's minute, and says
# what they cost. What was known already takes no part in either.
_STORE = sql.SQL(
    """
    WITH stored AS (
        INSERT INTO calls_cdr ({columns}) VALUES %s ON CONFLICT DO NOTHING
        RETURNING customer_id, started_at, is_last, connected, duration_ms, pdd_ms, customer_charge
    ), noted AS (
        INSERT INTO calls_figuredelta
            (customer_id, minute, attempts, connected, duration_ms, pdd_sum_ms, pdd_count, pdd_max_ms,
             charge, last_call_at)
        SELECT customer_id, date_trunc('minute', started_at, 'UTC'),
               count(*) FILTER (WHERE is_last),
               count(*) FILTER (WHERE is_last AND connected),
               coalesce(sum(duration_ms) FILTER (WHERE is_last AND connected), 0),
               coalesce(sum(pdd_ms) FILTER (WHERE is_last), 0),
               count(pdd_ms) FILTER (WHERE is_last),
               coalesce(max(pdd_ms) FILTER (WHERE is_last), 0),
               coalesce(sum(customer_charge), 0),
               max(started_at)
          FROM stored GROUP BY 1, 2
    )
    SELECT customer_id, count(*), coalesce(sum(customer_charge), 0) FROM stored GROUP BY customer_id
    """
)


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
    good, bad = records.read(incoming, now)
    bad += nameless
    with transaction.atomic():
        good, strangers = known.split(good)
        refused = sorted([*refused, *bad, *_with_raw(strangers, incoming)], key=lambda refusal: refusal.index)
        if quarantine_as:
            quarantine.keep(switch, quarantine_as, refused, now)
        if not good:
            return Receipt(None, 0, 0, refused)
        partitions.ensure({row["started_at"].date() for _index, row in good})
        batch = CdrBatch.objects.create(switch=switch, refused=len(refused))
        stored, charges = _insert([row for _index, row in good], switch.pk, batch.pk)
        batch.stored, batch.known = stored, len(good) - stored
        batch.save(update_fields=["stored", "known"])
        cdrs_stored.send(Cdr, batch_id=batch.pk, charges=charges)
    return Receipt(batch.pk, stored, len(good) - stored, refused)


def _with_raw(refused: list[Refusal], incoming: list[Incoming]) -> list[Refusal]:
    """The same, each with what was sent."""
    if not refused:
        return refused
    sent = {one.index: one.sent for one in incoming}
    return [replace(refusal, raw=sent[refusal.index]) for refusal in refused]


def _insert(rows: list[dict[str, Any]], switch_id: int, batch_id: int) -> tuple[int, dict[int, Decimal]]:
    """Inserts rows in key order, so that two deliveries of the same records cannot deadlock."""
    rows.sort(key=lambda row: tuple(row[name] for name in _KEY))
    values = [(switch_id, batch_id, *(row[name] for name in records.CDR_FIELDS)) for row in rows]
    columns = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
    stored = 0
    charges: dict[int, Decimal] = {}
    with connection.cursor() as cursor:
        statement = _STORE.format(columns=columns).as_string(cursor.cursor)
        for customer_id, count, charge in execute_values(
            cursor.cursor, statement, values, page_size=PAGE, fetch=True
        ):
            stored += count
            charges[customer_id] = charges.get(customer_id, Decimal(0)) + charge
    return stored, charges
