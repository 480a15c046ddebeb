"""The live curve of the last day, counted back from the records."""

from datetime import datetime, timedelta

from django.db import connection

# Channels up at the end of each minute and calls per second in it, by the groups that can be asked for.
_SAMPLES = """
    WITH of_customer AS (
        SELECT id, reseller_id, account_manager_id FROM customers_customer WHERE demo
    ), calls AS (
        SELECT of_customer.reseller_id, of_customer.account_manager_id, cdr.started_at,
               cdr.started_at + make_interval(secs => (coalesce(cdr.pdd_ms, 0) + coalesce(cdr.ring_ms, 0)
                                                       + cdr.duration_ms) / 1000.0) AS ended_at
          FROM calls_cdr AS cdr JOIN of_customer ON of_customer.id = cdr.customer_id
         WHERE cdr.is_last AND cdr.started_at >= %(since)s - interval '1 hour'
    ), ends AS (
        SELECT reseller_id, account_manager_id, minute, 1 AS live,
               (started_at >= minute - interval '1 minute')::int AS starts
          FROM calls, generate_series(date_trunc('minute', started_at, 'UTC') + interval '1 minute',
                                      ended_at, '1 minute') AS minute
        UNION ALL
        SELECT reseller_id, account_manager_id, date_trunc('minute', started_at, 'UTC') + interval '1 minute',
               0, 1
          FROM calls WHERE ended_at < date_trunc('minute', started_at, 'UTC') + interval '1 minute'
    )
    INSERT INTO calls_livesample (minute, reseller_id, account_manager_id, channels, cps)
    SELECT minute, reseller_id, account_manager_id, sum(live), round(sum(starts) / 60.0, 1)
      FROM ends WHERE minute >= %(since)s AND minute < %(until)s
     GROUP BY 1, 2, 3
    ON CONFLICT DO NOTHING
"""


def count(until: datetime) -> None:
    """Fills the samples of the 24 hours before `until`."""
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLES, {"since": until - timedelta(days=1), "until": until})
