"""Proof that figures equal the records they are made from, and their repair."""

from datetime import UTC, datetime

from django.db import connection, transaction

from calls import listing, rollups
from calls.pulse import refresh_all
from customers.models import FeedState
from customers.selfcheck import Difference

_SUMS = "attempts, connected, duration_ms, pdd_sum_ms, pdd_count, charge"

# Minutes as they are kept, with what still waits to be folded, against the records themselves.
_MINUTES = f"""
    WITH kept AS (
        SELECT customer_id, minute, sum(attempts) AS attempts, sum(connected) AS connected,
               sum(duration_ms) AS duration_ms, sum(pdd_sum_ms) AS pdd_sum_ms, sum(pdd_count) AS pdd_count,
               sum(charge) AS charge
          FROM (SELECT customer_id, minute, {_SUMS} FROM calls_minutebucket WHERE minute >= %(since)s
                UNION ALL
                SELECT customer_id, minute, {_SUMS} FROM calls_figuredelta
                 WHERE minute >= %(since)s) AS either
         GROUP BY 1, 2
    ), right_ones AS (
        SELECT customer_id, date_trunc('minute', started_at, 'UTC') AS minute,
               count(*) FILTER (WHERE is_last) AS attempts,
               count(*) FILTER (WHERE is_last AND connected) AS connected,
               coalesce(sum(duration_ms) FILTER (WHERE is_last AND connected), 0) AS duration_ms,
               coalesce(sum(pdd_ms) FILTER (WHERE is_last), 0) AS pdd_sum_ms,
               count(pdd_ms) FILTER (WHERE is_last) AS pdd_count,
               coalesce(sum(customer_charge), 0) AS charge
          FROM calls_cdr WHERE started_at >= %(since)s GROUP BY 1, 2
    )
    SELECT customer_id, minute,
           coalesce((kept.attempts, kept.connected, kept.duration_ms, kept.pdd_sum_ms, kept.pdd_count,
                     kept.charge)::text, 'missing'),
           coalesce((right_ones.attempts, right_ones.connected, right_ones.duration_ms, right_ones.pdd_sum_ms,
                     right_ones.pdd_count, right_ones.charge)::text, 'nothing')
      FROM kept FULL JOIN right_ones USING (customer_id, minute)
     WHERE (coalesce(kept.attempts, 0), coalesce(kept.connected, 0), coalesce(kept.duration_ms, 0),
            coalesce(kept.pdd_sum_ms, 0), coalesce(kept.pdd_count, 0), coalesce(kept.charge, 0))
           IS DISTINCT FROM
           (coalesce(right_ones.attempts, 0), coalesce(right_ones.connected, 0),
            coalesce(right_ones.duration_ms, 0), coalesce(right_ones.pdd_sum_ms, 0),
            coalesce(right_ones.pdd_count, 0), coalesce(right_ones.charge, 0))
"""  # noqa: S608 - constants of this module


def differences(at: datetime | None = None) -> list[Difference]:
    """Minutes that differ from their records, and windows in the listing that differ from their minutes.

    Holds deliveries and the pulse up for the moment it takes, so that both sides are of one instant.
    """
    at = at or datetime.now(UTC)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE calls_figuredelta IN EXCLUSIVE MODE")
        cursor.execute(_MINUTES, {"since": rollups.window_start(at)})
        found = [
            Difference(f"minute {minute:%Y-%m-%d %H:%M}", customer_id, kept, right)
            for customer_id, minute, kept, right in cursor.fetchall()
        ]
        state = FeedState.objects.filter(pk=1).first()
        if state and state.ticked_at:
            found += listing.differences(state.ticked_at)
    return found


def repair(at: datetime | None = None) -> None:
    """Makes the kept minutes of the last 48 hours and all windows anew from the records."""
    at = at or datetime.now(UTC)
    with transaction.atomic():
        rollups.rebuild_minutes(at - rollups.KEPT)
        refresh_all(at)
