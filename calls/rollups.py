"""Minute buckets: what the 24-hour figures are summed from."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from calls.models import CdrBatch, LiveSample, MinuteBucket

KEPT = timedelta(hours=48)
# The live curve shows today and the same weekday of last week.
SAMPLES_KEPT = timedelta(days=15)
WINDOW = timedelta(minutes=1_440)

# Takes at most a number of deltas off the table and adds them to their minutes; gives what the listing
# needs besides: balance and last call per customer.
_FOLD = """
    WITH taken AS (
        DELETE FROM calls_figuredelta
         WHERE id IN (SELECT id FROM calls_figuredelta ORDER BY id LIMIT %(most)s)
        RETURNING *
    ), bucketed AS (
        INSERT INTO calls_minutebucket AS bucket
            (customer_id, minute, attempts, connected, duration_ms, pdd_sum_ms, pdd_count, pdd_max_ms, charge)
        SELECT customer_id, minute, sum(attempts), sum(connected), sum(duration_ms), sum(pdd_sum_ms),
               sum(pdd_count), max(pdd_max_ms), sum(charge)
          FROM taken WHERE minute >= %(oldest)s GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (customer_id, minute) DO UPDATE SET
            attempts = bucket.attempts + excluded.attempts,
            connected = bucket.connected + excluded.connected,
            duration_ms = bucket.duration_ms + excluded.duration_ms,
            pdd_sum_ms = bucket.pdd_sum_ms + excluded.pdd_sum_ms,
            pdd_count = bucket.pdd_count + excluded.pdd_count,
            pdd_max_ms = greatest(bucket.pdd_max_ms, excluded.pdd_max_ms),
            charge = bucket.charge + excluded.charge
    )
    SELECT customer_id, sum(balance), max(last_call_at) FROM taken GROUP BY customer_id
"""

_REBUILD = """
    INSERT INTO calls_minutebucket AS bucket
        (customer_id, minute, attempts, connected, duration_ms, pdd_sum_ms, pdd_count, pdd_max_ms, charge)
    SELECT customer_id, date_trunc('minute', started_at, 'UTC'),
           count(*) FILTER (WHERE is_last),
           count(*) FILTER (WHERE is_last AND connected),
           coalesce(sum(duration_ms) FILTER (WHERE is_last AND connected), 0),
           coalesce(sum(pdd_ms) FILTER (WHERE is_last), 0),
           count(pdd_ms) FILTER (WHERE is_last),
           coalesce(max(pdd_ms) FILTER (WHERE is_last), 0),
           coalesce(sum(customer_charge), 0)
      FROM calls_cdr WHERE started_at >= %(since)s GROUP BY 1, 2
    ON CONFLICT (customer_id, minute) DO UPDATE SET
        (attempts, connected, duration_ms, pdd_sum_ms, pdd_count, pdd_max_ms, charge)
        = (excluded.attempts, excluded.connected, excluded.duration_ms, excluded.pdd_sum_ms,
           excluded.pdd_count, excluded.pdd_max_ms, excluded.charge)
"""


def minute_of(at: datetime) -> datetime:
    """The start of the minute that holds `at`."""
    return at.replace(second=0, microsecond=0)


def window_start(at: datetime) -> datetime:
    """The first minute of the 24-hour window: 1,440 whole minutes before the current one."""
    return minute_of(at) - WINDOW


def fold(at: datetime, *, most: int = 50_000) -> list[tuple]:
    """Folds waiting deltas into minutes. Rows: customer id, change of balance, newest call or None.

    Only the pulse calls this: whatever it takes must reach the listing in the same transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOLD, {"most": most, "oldest": minute_of(at) - KEPT})
        return cursor.fetchall()


def rebuild_minutes(since: datetime) -> None:
    """Makes all minutes from `since` on anew from the records; peaks of calls per second stay.

    Waits for deliveries under way and holds up new ones meanwhile, because a delta that is folded later
    would count a second time.
    """
    since = minute_of(since)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE calls_figuredelta IN EXCLUSIVE MODE")
        cursor.execute(
            "UPDATE calls_figuredelta SET attempts = 0, connected = 0, duration_ms = 0, pdd_sum_ms = 0,"
            " pdd_count = 0, pdd_max_ms = 0, charge = 0 WHERE minute >= %s",
            [since],
        )
        cursor.execute(
            "UPDATE calls_minutebucket SET attempts = 0, connected = 0, duration_ms = 0, pdd_sum_ms = 0,"
            " pdd_count = 0, pdd_max_ms = 0, charge = 0 WHERE minute >= %s",
            [since],
        )
        cursor.execute(_REBUILD, {"since": since})


def drop_old(at: datetime) -> int:
    """Deletes minutes, live samples and batches that nothing reads any more; returns how many minutes."""
    LiveSample.objects.filter(minute__lt=at - SAMPLES_KEPT).delete()
    CdrBatch.objects.filter(received_at__lt=at - timedelta(days=settings.CDR_KEEP_DAYS)).delete()
    return MinuteBucket.objects.filter(minute__lt=minute_of(at) - KEPT).delete()[0]
