"""The quarantine inbox: keeping what was refused, dismissing it, forgetting it in the end.

Replaying is in `calls.replay`, because it goes through the door of the deliveries again.
"""

import hashlib
import json
import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _
from psycopg2.extras import execute_values

from calls.fields import Refusal
from calls.models import QuarantinedRecord, QuarantineState, Switch, UnreadBody
from calls.models.quarantine import QuarantineQuerySet

if TYPE_CHECKING:
    from users.models import User

log = logging.getLogger(__name__)

RAW_KEPT_BYTES = 64 * 1024

# What was dismissed stays dismissed; what was replayed and is refused all the same waits again.
_KEEP = """
    INSERT INTO calls_quarantinedrecord AS kept
        (switch_id, format, fingerprint, raw, whole, cause, field, reason, times, received_at,
         last_received_at, state, note)
    VALUES %s
    ON CONFLICT (switch_id, fingerprint) DO UPDATE SET
        cause = excluded.cause, field = excluded.field, reason = excluded.reason,
        times = kept.times + excluded.times, last_received_at = excluded.last_received_at,
        state = CASE kept.state WHEN 'dismissed' THEN kept.state ELSE excluded.state END,
        closed_at = CASE kept.state WHEN 'dismissed' THEN kept.closed_at END
"""
_COUNT = """
    INSERT INTO calls_unreadbody AS seen (switch_id, day, door, status, times, last_at, last_reason)
    VALUES (%s, %s, %s, %s, 1, %s, %s)
    ON CONFLICT (switch_id, day, door, status) DO UPDATE SET
        times = seen.times + 1, last_at = excluded.last_at, last_reason = excluded.last_reason
"""


def keep(switch: Switch, cdr_format: str, refused: Iterable[Refusal], now: datetime) -> int:
    """Keeps the refused records that have a `raw`; returns how many that are.

    Call it in the transaction of the delivery and before its good rows are stored: a replay holds rows of
    this table while it stores, and two orders would deadlock.
    """
    rows: dict[str, list[Any]] = {}
    count = 0
    for refusal in refused:
        if refusal.raw is None:
            continue
        count += 1
        raw = written(refusal.raw)
        fingerprint = hashlib.sha256(f"{cdr_format}\0".encode() + raw).hexdigest()
        if fingerprint in rows:
            rows[fingerprint][8] += 1
            continue
        rows[fingerprint] = [
            switch.pk, cdr_format, fingerprint, raw[:RAW_KEPT_BYTES], len(raw) <= RAW_KEPT_BYTES,
            str(refusal.cause), refusal.field, refusal.reason.replace("\x00", "\\0"), 1, now, now,
            QuarantineState.WAITING.value, "",
        ]  # fmt: skip
    if rows:
        with connection.cursor() as cursor:
            # In one order for all, so that two deliveries of the same bad records cannot deadlock.
            execute_values(cursor.cursor, _KEEP, [row for _key, row in sorted(rows.items())], page_size=500)
    return count


def written(raw: Any) -> bytes:
    """What was sent, as bytes; objects as JSON."""
    if isinstance(raw, bytes):
        return raw
    if not isinstance(raw, str):
        try:
            raw = json.dumps(raw)
        except RecursionError:
            raw = repr(type(raw))  # nested so deeply that it could hardly be read: nobody can replay it
    # Text that a switch escaped badly may hold half a surrogate pair: kept as it is.
    return raw.encode("utf-8", "surrogatepass")


def count_unread(switch: Switch, door: str, status: int, reason: str, now: datetime) -> None:
    """Counts a body that was refused as a whole, by switch, UTC day, door and HTTP status."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [switch.pk, now.astimezone(UTC).date(), door, status, now, reason])


def dismiss(records: QuarantineQuerySet, *, by: "User | None", reason: str) -> int:
    """Closes waiting records for good; returns how many. A repeat of them is counted and stays closed.

    Raises ValidationError without a reason.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why they are dismissed: nobody will look at them again.")})
    return records.waiting().update(
        state=QuarantineState.DISMISSED,
        closed_at=datetime.now(UTC),
        closed_by=by,
        note=reason.strip(),
    )


def drop_old(at: datetime) -> int:
    """Forgets what was last received before CDR_KEEP_DAYS: its call would be dropped by now too."""
    limit = at - timedelta(days=settings.CDR_KEEP_DAYS)
    old = QuarantinedRecord.objects.filter(last_received_at__lt=limit)
    if waiting := old.waiting().count():
        log.warning("%s refused records waited longer than records are kept and are forgotten", waiting)
    UnreadBody.objects.filter(day__lt=limit.date()).delete()
    return old.delete()[0]
