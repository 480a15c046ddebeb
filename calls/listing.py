"""Writing figures into customers' listing rows. Only the pulse and the self-check do, under `lock`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from psycopg2.extras import execute_values

from calls.rollups import minute_of, window_start
from customers.selfcheck import Difference

# The ratios of a listing row divide numbers of fourteen digits. Sums beyond that are nonsense of a switch,
# and one row that cannot be written would stop everybody's figures.
_MOST_MS = 10**14 - 1
# The minutes of the hour in which the window begins, and whole hours after it: some fifty rows a customer
# instead of 1,440. Midnight is the start of an hour, so that all of today's charge lies in hours.
_SUMS = f"""
    SELECT customer_id, sum(attempts) AS attempts, sum(connected) AS connected,
           least(sum(duration_ms), {_MOST_MS}) AS duration_ms,
           least(sum(pdd_sum_ms), {_MOST_MS}) AS pdd_sum_ms, sum(pdd_count) AS pdd_count,
           max(pdd_max_ms) AS pdd_max_ms, sum(charge_today) AS charge_today
      FROM (SELECT customer_id, attempts, connected, duration_ms, pdd_sum_ms, pdd_count, pdd_max_ms,
                   0 AS charge_today
              FROM calls_minutebucket WHERE minute >= %(window)s AND minute < %(hour)s {{only}}
             UNION ALL
            SELECT customer_id, calls, connected, duration_ms, pdd_sum_ms, pdd_count, pdd_max_ms,
                   CASE WHEN hour >= %(midnight)s THEN charge ELSE 0 END
              FROM calls_customerhour WHERE hour >= %(hour)s {{only}}) AS part
     GROUP BY customer_id
"""  # noqa: S608 - a constant of ours

_WRITE = """
    UPDATE customers_listing AS listing SET
           attempts_24h = coalesce(sums.attempts, 0), connected_24h = coalesce(sums.connected, 0),
           duration_ms_24h = coalesce(sums.duration_ms, 0), pdd_sum_ms_24h = coalesce(sums.pdd_sum_ms, 0),
           pdd_count_24h = coalesce(sums.pdd_count, 0), pdd_max_ms_24h = coalesce(sums.pdd_max_ms, 0),
           charge_today = coalesce(sums.charge_today, 0)
      FROM customers_listing AS old LEFT JOIN ({sums}) AS sums USING (customer_id)
     WHERE old.customer_id = listing.customer_id {which}
       AND (listing.attempts_24h, listing.connected_24h, listing.duration_ms_24h, listing.pdd_sum_ms_24h,
            listing.pdd_count_24h, listing.pdd_max_ms_24h, listing.charge_today)
           IS DISTINCT FROM
           (coalesce(sums.attempts, 0), coalesce(sums.connected, 0), coalesce(sums.duration_ms, 0),
            coalesce(sums.pdd_sum_ms, 0), coalesce(sums.pdd_count, 0), coalesce(sums.pdd_max_ms, 0),
            coalesce(sums.charge_today, 0))
"""

_RAISE_PEAKS = """
    UPDATE customers_listing AS listing SET cps_peak_24h = peak.cps
      FROM unnest(%(ids)s::bigint[], %(peaks)s::int[]) AS peak (customer_id, cps)
     WHERE listing.customer_id = peak.customer_id AND listing.cps_peak_24h < peak.cps
"""
# A peak stands for as long as any minute of the window reaches it, which the first rows usually tell.
_LOWER_PEAKS = """
    UPDATE customers_listing AS listing
       SET cps_peak_24h = coalesce((
               SELECT max(cps_peak) FROM calls_minutebucket AS bucket
                WHERE bucket.customer_id = listing.customer_id AND minute >= %(window)s), 0)
     WHERE {which} AND NOT EXISTS (
               SELECT FROM calls_minutebucket AS bucket
                WHERE bucket.customer_id = listing.customer_id AND minute >= %(window)s
                  AND cps_peak = listing.cps_peak_24h)
"""


def midnight_of(at: datetime) -> datetime:
    """The start of the UTC day that holds `at`."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def lock(customer_ids: Collection[int] | None = None) -> None:
    """Locks listing rows in id order (None: all), as every writer of several rows does.

    Call it once per transaction, with every row that will be written: two rounds are no order.
    """
    which = "" if customer_ids is None else "WHERE customer_id = ANY(%(ids)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT FROM customers_listing {which} ORDER BY customer_id FOR NO KEY UPDATE",
            {"ids": list(customer_ids or ())},
        )


def _moments(at: datetime) -> dict[str, Any]:
    """Where the window begins, its first whole hour, and the UTC day."""
    window = window_start(at)
    hour = window.replace(minute=0)
    return {
        "window": window,
        "hour": hour if hour == window else hour + timedelta(hours=1),
        "midnight": midnight_of(at),
    }


def write_windows(at: datetime, customer_ids: Sequence[int] | None = None) -> int:
    """Sums the 24-hour window anew for these customers (None: all); returns how many rows changed."""
    if customer_ids is not None and not customer_ids:
        return 0
    values = _moments(at)
    if customer_ids is None:
        statement = _WRITE.format(sums=_SUMS.format(only=""), which="")
    else:
        values["ids"] = list(customer_ids)
        statement = _WRITE.format(
            sums=_SUMS.format(only="AND customer_id = ANY(%(ids)s)"),
            which="AND listing.customer_id = ANY(%(ids)s) AND old.customer_id = ANY(%(ids)s)",
        )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def raise_peaks(peaks: Mapping[int, int]) -> None:
    """Lets the busiest second of the window be at least this, by customer id."""
    if peaks:
        with connection.cursor() as cursor:
            cursor.execute(_RAISE_PEAKS, {"ids": list(peaks), "peaks": list(peaks.values())})


def lower_peaks(at: datetime, customer_ids: Sequence[int] | None = None) -> None:
    """Finds the busiest second of the window anew, for those (None: all) of whom minutes have left it."""
    if customer_ids is None or customer_ids:
        which = "true" if customer_ids is None else "cps_peak_24h > 0 AND customer_id = ANY(%(ids)s)"
        with connection.cursor() as cursor:
            cursor.execute(
                _LOWER_PEAKS.format(which=which),
                {"window": window_start(at), "ids": list(customer_ids or ())},
            )


def differences(at: datetime) -> list[Difference]:
    """Rows whose window is not the sum of their minutes, as of the tick at `at`."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT customer_id,
                   (attempts_24h, connected_24h, duration_ms_24h, pdd_sum_ms_24h, pdd_count_24h,
                    pdd_max_ms_24h, listing.charge_today)::text AS found,
                   (coalesce(sums.attempts, 0), coalesce(sums.connected, 0), coalesce(sums.duration_ms, 0),
                    coalesce(sums.pdd_sum_ms, 0), coalesce(sums.pdd_count, 0), coalesce(sums.pdd_max_ms, 0),
                    coalesce(sums.charge_today, 0.00000000))::text AS right_one
              FROM customers_listing AS listing
              LEFT JOIN ({_SUMS.format(only="")}) AS sums USING (customer_id)
             WHERE (attempts_24h, connected_24h, duration_ms_24h, pdd_sum_ms_24h, pdd_count_24h,
                    pdd_max_ms_24h, listing.charge_today)
                   IS DISTINCT FROM
                   (coalesce(sums.attempts, 0), coalesce(sums.connected, 0), coalesce(sums.duration_ms, 0),
                    coalesce(sums.pdd_sum_ms, 0), coalesce(sums.pdd_count, 0), coalesce(sums.pdd_max_ms, 0),
                    coalesce(sums.charge_today, 0))
            """,  # noqa: S608 - constants of this module
            _moments(at),
        )
        return [Difference("listing window", *row) for row in cursor.fetchall()]


def add(changes: Iterable[tuple[int, Decimal, datetime | None]]) -> None:
    """Adds balance changes and moves last calls forward: (customer id, amount, newest call or None)."""
    rows = sorted(changes, key=lambda change: change[0])
    if not rows:
        return
    with connection.cursor() as cursor:
        execute_values(
            cursor.cursor,
            """
            UPDATE customers_listing AS listing
               SET balance = listing.balance + change.amount,
                   last_call_at = greatest(listing.last_call_at, change.last_call_at::timestamptz)
              FROM (VALUES %s) AS change (customer_id, amount, last_call_at)
             WHERE listing.customer_id = change.customer_id
               AND (change.amount <> 0 OR listing.last_call_at IS DISTINCT FROM
                    greatest(listing.last_call_at, change.last_call_at::timestamptz))
            """,
            rows,
            page_size=5_000,
        )


def write_live(changes: dict[int, tuple[int, int, Decimal]]) -> None:
    """Stores channels, calls in the last second and their 10-second mean, per customer id."""
    if not changes:
        return
    with connection.cursor() as cursor:
        execute_values(
            cursor.cursor,
            """
            UPDATE customers_listing AS listing
               SET channels = live.channels, cps_last = live.cps_last, cps = live.cps
              FROM (VALUES %s) AS live (customer_id, channels, cps_last, cps)
             WHERE listing.customer_id = live.customer_id
            """,
            [(customer_id, *figures) for customer_id, figures in sorted(changes.items())],
            page_size=5_000,
        )


def write_sparklines(at: datetime, customer_ids: Sequence[int] | None = None) -> None:
    """Stores the attempts of the last 24 hours by hour; None: everybody who has a line or called."""
    hour = minute_of(at).replace(minute=0)
    only = "" if customer_ids is None else "AND customer_id = ANY(%(ids)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH hourly AS (
                SELECT customer_id, hour, sum(calls) AS attempts
                  FROM calls_customerhour WHERE hour >= %(first)s {only} GROUP BY 1, 2
            ), concerned AS (
                SELECT customer_id FROM hourly
                UNION SELECT customer_id FROM customers_sparkline WHERE true {only}
            )
            INSERT INTO customers_sparkline AS line (customer_id, hour, points)
            SELECT concerned.customer_id, %(hour)s,
                   array_agg(coalesce(hourly.attempts, 0)::int ORDER BY hours.hour)
              FROM concerned
              JOIN customers_customer ON customers_customer.id = concerned.customer_id
             CROSS JOIN generate_series(%(first)s::timestamptz, %(hour)s, '1 hour') AS hours (hour)
              LEFT JOIN hourly ON hourly.customer_id = concerned.customer_id AND hourly.hour = hours.hour
             GROUP BY concerned.customer_id ORDER BY concerned.customer_id
            ON CONFLICT (customer_id) DO UPDATE SET hour = excluded.hour, points = excluded.points
             WHERE (line.hour, line.points) IS DISTINCT FROM (excluded.hour, excluded.points)
            """,  # noqa: S608 - the only part put in is one of two constants
            {"first": hour - timedelta(hours=23), "hour": hour, "ids": list(customer_ids or ())},
        )
