"""What records add up to: minutes for the 24-hour figures, hours and days for charts and pivots.

Records are folded batch by batch, by the pulse alone. `CdrBatch.unfolded` is set and cleared in the very
transactions that store records and add them up, so in any snapshot of the database a rollup equals the
records of its folded batches; `differences` and `repair` rest on that and hold up no delivery.
"""

# ruff: noqa: S608 - statements are put together from names of our own tables and columns, nothing else

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from calls.models import (
    CdrBatch,
    CustomerDay,
    CustomerHour,
    LiveSample,
    MinuteBucket,
    TrafficDay,
    TrafficHour,
)
from calls.records import oldest_kept

KEPT = timedelta(hours=48)
# The live curve shows today and the same weekday of last week.
SAMPLES_KEPT = timedelta(days=15)
WINDOW = timedelta(minutes=1_440)
DAY = timedelta(days=1)
FOLDED_AT_ONCE = 50_000
_LOCK = 0x464F4C44  # "FOLD" in our advisory key space: one writer of rollups at a time

Change = tuple[int, Decimal, datetime | None]

# UTC has no summer time: minutes, hours and days are equally long parts of the time since a midnight. To cut
# by that costs a fraction of looking up a time zone for each record.
_ORIGIN = "timestamptz '2000-01-01 00:00:00+00'"

# Records of some batches or of some time, summed as finely as any rollup needs: by customer, minute,
# carrier, country, SIP code and currency. A call counts for its customer by its last attempt.
_GRAINS = f"""
    SELECT cdr.customer_id, date_bin('1 minute', cdr.started_at, {_ORIGIN}) AS minute,
           coalesce(cdr.carrier_id, 0) AS carrier_id, cdr.destination_country AS country, cdr.sip_code,
           cdr.carrier_currency AS cost_currency,
           count(*) AS attempts,
           count(*) FILTER (WHERE is_last) AS calls,
           count(*) FILTER (WHERE is_last AND connected) AS connected,
           count(*) FILTER (WHERE is_last AND NOT connected AND carrier_id IS NULL) AS refused,
           coalesce(sum(duration_ms) FILTER (WHERE is_last AND connected), 0) AS duration_ms,
           coalesce(sum(customer_billed_ms), 0) AS billed_ms,
           coalesce(sum(carrier_billed_ms), 0) AS carrier_billed_ms,
           coalesce(sum(customer_charge), 0) AS charge,
           coalesce(sum(carrier_charge), 0) AS cost,
           coalesce(sum(pdd_ms) FILTER (WHERE is_last), 0) AS pdd_sum_ms,
           count(pdd_ms) FILTER (WHERE is_last) AS pdd_count,
           coalesce(max(pdd_ms) FILTER (WHERE is_last), 0) AS pdd_max_ms,
           coalesce(sum(pdd_out_ms), 0) AS pdd_out_sum_ms,
           count(pdd_out_ms) AS pdd_out_count,
           coalesce(max(pdd_out_ms), 0) AS pdd_out_max_ms,
           max(cdr.started_at) AS last_call_at
      FROM calls_cdr AS cdr WHERE {{which}} GROUP BY 1, 2, 3, 4, 5, 6
"""
_SUMS = (
    "attempts", "calls", "connected", "refused", "duration_ms", "billed_ms", "carrier_billed_ms", "charge",
    "cost", "pdd_sum_ms", "pdd_count", "pdd_out_sum_ms", "pdd_out_count",
)  # fmt: skip
_HIGHEST = ("pdd_max_ms", "pdd_out_max_ms")
_HOUR = f"date_bin('1 hour', minute, {_ORIGIN})"
_DAY = f"date_bin('24 hours', minute, {_ORIGIN})"
_CELL = {name: name for name in ("carrier_id", "country", "sip_code", "cost_currency")}
_CURRENCIES = """
    JOIN (SELECT id AS currency_of, currency_id AS charge_currency FROM customers_customer) AS customer
      ON currency_of = customer_id
"""


@dataclass(frozen=True)
class Rollup:
    """One table of sums. key, sums, highest: its columns, each with its expression over grains."""

    table: str
    moment: str  # the column of time, part of the key
    key: dict[str, str]
    sums: dict[str, str]
    highest: dict[str, str]
    currencies: bool = False  # the customer's currency is part of the key

    @property
    def columns(self) -> list[str]:
        return [*self.key, *self.sums, *self.highest]

    def cells(self, grains: str, where: str = "true", *, currencies: bool = False) -> str:
        """The statement that groups the relation `grains` into cells of this table.

        currencies: that relation has the customers' currencies already.
        """
        join = _CURRENCIES if self.currencies and not currencies else ""
        chosen = [
            *(f"{expression} AS {name}" for name, expression in self.key.items()),
            *(f"sum({expression}) AS {name}" for name, expression in self.sums.items()),
            *(f"max({expression}) AS {name}" for name, expression in self.highest.items()),
        ]
        places = ", ".join(str(place + 1) for place in range(len(self.key)))
        return f"SELECT {', '.join(chosen)} FROM {grains} {join} WHERE {where} GROUP BY {places}"

    def add(self, cells: str) -> str:
        """The statement that adds cells to the table, in key order as all writers do."""
        key = ", ".join(self.key)
        added = [
            *(f"{name} = kept.{name} + excluded.{name}" for name in self.sums),
            *(f"{name} = greatest(kept.{name}, excluded.{name})" for name in self.highest),
        ]
        return (
            f"INSERT INTO {self.table} AS kept ({', '.join(self.columns)}) {cells} ORDER BY {key}"
            f" ON CONFLICT ({key}) DO UPDATE SET {', '.join(added)}"
        )


def _same(names: Iterable[str]) -> dict[str, str]:
    return {name: name for name in names}


MINUTES = Rollup(
    MinuteBucket._meta.db_table,
    "minute",
    {"customer_id": "customer_id", "minute": "minute"},
    {"attempts": "calls", **_same(["connected", "duration_ms", "pdd_sum_ms", "pdd_count", "charge"])},
    _same(["pdd_max_ms"]),
)
LASTING = (
    Rollup(
        CustomerHour._meta.db_table,
        "hour",
        {"customer_id": "customer_id", "hour": _HOUR, "cost_currency": "cost_currency"},
        _same(_SUMS),
        _same(_HIGHEST),
    ),
    Rollup(
        CustomerDay._meta.db_table,
        "day",
        {"customer_id": "customer_id", "day": _DAY, **_CELL},
        _same(_SUMS),
        _same(_HIGHEST),
    ),
    Rollup(
        TrafficHour._meta.db_table,
        "hour",
        {"hour": _HOUR, **_CELL, "charge_currency": "charge_currency"},
        _same(_SUMS),
        _same(_HIGHEST),
        currencies=True,
    ),
    Rollup(
        TrafficDay._meta.db_table,
        "day",
        {"day": _DAY, **_CELL, "charge_currency": "charge_currency"},
        _same(_SUMS),
        _same(_HIGHEST),
        currencies=True,
    ),
)

# Takes at most a number of deltas off the table; gives what they add to balances. Older versions of Connex
# left their records there too, minute by minute.
_TAKE_DELTAS = f"""
    WITH taken AS (
        DELETE FROM calls_figuredelta
         WHERE id IN (SELECT id FROM calls_figuredelta ORDER BY id LIMIT %(most)s)
        RETURNING *, attempts AS calls
    ), bucketed AS (
        {MINUTES.add(MINUTES.cells("taken", "minute >= %(oldest)s"))}
    )
    SELECT customer_id, sum(balance), max(last_call_at) FROM taken GROUP BY customer_id
"""
_TAKE_BATCHES = """
    UPDATE calls_cdrbatch AS batch SET unfolded = false
      FROM (SELECT id, sum(stored) OVER (ORDER BY id) - stored AS before
              FROM calls_cdrbatch WHERE unfolded) AS waiting
     WHERE batch.id = waiting.id AND batch.unfolded AND before < %(most)s
    RETURNING batch.id, first_at, last_at
"""
_OF_BATCHES = "cdr.batch_id = ANY(%(batches)s) AND cdr.started_at BETWEEN %(first)s AND %(last)s"
_CUSTOMER_HOURS, _CUSTOMER_DAYS, _TRAFFIC_HOURS, _TRAFFIC_DAYS = LASTING
# Traffic has far fewer cells than customers have, so its days are added up from its hours.
_TRAFFIC_AS_GRAINS = "(SELECT *, hour AS minute FROM traffic) AS hours"
_FOLD_BATCHES = f"""
    WITH fresh AS MATERIALIZED (
        {_GRAINS.format(which=_OF_BATCHES)}
    ), traffic AS MATERIALIZED (
        {_TRAFFIC_HOURS.cells("fresh")}
    ), minutes AS (
        {MINUTES.add(MINUTES.cells("fresh", "minute >= %(oldest)s"))}
    ), customer_hours AS (
        {_CUSTOMER_HOURS.add(_CUSTOMER_HOURS.cells("fresh"))}
    ), customer_days AS (
        {_CUSTOMER_DAYS.add(_CUSTOMER_DAYS.cells("fresh"))}
    ), traffic_hours AS (
        {_TRAFFIC_HOURS.add("TABLE traffic")}
    ), traffic_days AS (
        {_TRAFFIC_DAYS.add(_TRAFFIC_DAYS.cells(_TRAFFIC_AS_GRAINS, currencies=True))}
    )
    SELECT customer_id, 0::numeric, max(last_call_at) FROM fresh GROUP BY customer_id
"""


def minute_of(at: datetime) -> datetime:
    """The start of the minute that holds `at`."""
    return at.replace(second=0, microsecond=0)


def window_start(at: datetime) -> datetime:
    """The first minute of the 24-hour window: 1,440 whole minutes before the current one."""
    return minute_of(at) - WINDOW


def lock() -> None:
    """Waits until nobody else writes rollups; holds them until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def fold(at: datetime, *, most: int = FOLDED_AT_ONCE) -> list[Change]:
    """Folds batches and deltas that wait, about `most` records of each; an empty list: nothing waits.

    Rows, one per customer: its id, change of balance, newest call or None. Only the pulse calls this:
    whatever it takes must reach the listing in the same transaction.
    """
    lock()
    oldest = minute_of(at) - KEPT
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_DELTAS, {"most": most, "oldest": oldest})
        changes: dict[int, Change] = {row[0]: row for row in cursor.fetchall()}
        cursor.execute(_TAKE_BATCHES, {"most": most})
        if batches := cursor.fetchall():
            # A partition that nobody has analyzed yet looks as if reading all of it were cheap.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(
                _FOLD_BATCHES,
                {
                    "batches": [row[0] for row in batches],
                    "first": min(row[1] for row in batches),
                    "last": max(row[2] for row in batches),
                    "oldest": oldest,
                },
            )
            for customer_id, amount, newest in cursor.fetchall():
                _id, balance, last = changes.get(customer_id, (customer_id, amount, newest))
                changes[customer_id] = (customer_id, balance, max(last or newest, newest))
            cursor.execute("SET LOCAL enable_seqscan = on")
    return list(changes.values())


_LACKS = """
    SELECT (SELECT count(*) FROM calls_cdr WHERE started_at >= %(first)s AND started_at < %(end)s
               AND batch_id NOT IN (SELECT id FROM calls_cdrbatch WHERE unfolded))
         > (SELECT coalesce(sum(attempts), 0) FROM calls_trafficday WHERE day >= %(first)s AND day < %(end)s)
"""

# --- Proof and repair, one rollup and one UTC day at a time

# Kept cells, with what older versions left waiting, against the records of folded batches.
_COMPARE = """
    WITH grains AS MATERIALIZED (
        {grains}
    ), right_ones AS (
        {cells}
    ), kept AS (
        SELECT {key}, {sums}, {highest} FROM {table} WHERE {moment} >= %(first)s AND {moment} < %(end)s
    ), all_kept AS (
        {all_kept}
    ), wrong AS (
        SELECT {key}, {differing}, {right_highest}, {shown}
          FROM all_kept FULL JOIN right_ones USING ({key})
         WHERE ({kept_values}) IS DISTINCT FROM ({right_values})
    )
"""


def _compare(rollup: Rollup) -> str:
    names = [*rollup.sums, *rollup.highest]
    kept = ", ".join(f"coalesce(all_kept.{name}, 0)" for name in names)
    right = ", ".join(f"coalesce(right_ones.{name}, 0)" for name in names)
    all_kept = "TABLE kept"
    if rollup is MINUTES:
        waiting = "SELECT customer_id, minute, {} FROM calls_figuredelta WHERE minute >= %(first)s".format(
            ", ".join(names)
        )
        summed = [f"sum({name}) AS {name}" for name in rollup.sums]
        summed += [f"max({name}) AS {name}" for name in rollup.highest]
        all_kept = (
            f"SELECT customer_id, minute, {', '.join(summed)} FROM (TABLE kept UNION ALL {waiting}"
            " AND minute < %(end)s) AS either GROUP BY 1, 2"
        )
    return _COMPARE.format(
        grains=_GRAINS.format(
            which="cdr.started_at >= %(first)s AND cdr.started_at < %(end)s"
            " AND cdr.batch_id NOT IN (SELECT id FROM calls_cdrbatch WHERE unfolded)"
        ),
        cells=rollup.cells("grains"),
        key=", ".join(rollup.key),
        sums=", ".join(rollup.sums),
        highest=", ".join(rollup.highest),
        table=rollup.table,
        moment=rollup.moment,
        all_kept=all_kept,
        differing=", ".join(
            f"coalesce(right_ones.{name}, 0) - coalesce(all_kept.{name}, 0) AS {name}" for name in rollup.sums
        ),
        right_highest=", ".join(f"coalesce(right_ones.{name}, 0) AS {name}" for name in rollup.highest),
        shown=f"ROW({kept})::text AS found, ROW({right})::text AS right_one",
        kept_values=kept,
        right_values=right,
    )


def differences(rollup: Rollup, first: datetime, end: datetime, *, most: int) -> list[tuple[Any, ...]]:
    """At most `most` cells between `first` and `end` that are not the sum of their records.

    Rows: customer id or None, moment, what is kept, what is right (rows as text, sums first).
    """
    customer = "customer_id" if "customer_id" in rollup.key else "NULL::bigint"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_compare(rollup)} SELECT {customer}, {rollup.moment}, found, right_one FROM wrong"
            " LIMIT %(most)s",
            {"first": first, "end": end, "most": most},
        )
        return cursor.fetchall()


def repair(rollup: Rollup, first: datetime, end: datetime) -> int:
    """Makes cells between `first` and `end` (within one day) what their records add up to.

    Returns how many were wrong. Holds up the pulse, and no delivery.
    """
    key = ", ".join(rollup.key)
    mended = [
        *(f"{name} = kept.{name} + excluded.{name}" for name in rollup.sums),
        *(f"{name} = excluded.{name}" for name in rollup.highest),
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        lock()
        cursor.execute(
            f"{_compare(rollup)} INSERT INTO {rollup.table} AS kept ({', '.join(rollup.columns)})"
            f" SELECT {', '.join(rollup.columns)} FROM wrong ORDER BY {key}"
            f" ON CONFLICT ({key}) DO UPDATE SET {', '.join(mended)}",
            {"first": first, "end": end},
        )
        wrong = cursor.rowcount
        if rollup is not MINUTES:  # those also keep the busiest second
            cursor.execute(
                f"DELETE FROM {rollup.table} WHERE attempts = 0"
                f" AND {rollup.moment} >= %(first)s AND {rollup.moment} < %(end)s",
                {"first": first, "end": end},
            )
        return wrong


def spans(since: datetime, days: Iterable[date]) -> Iterator[tuple[datetime, datetime]]:
    """The parts of these UTC days that lie after `since`, oldest first."""
    for day in sorted(days):
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        if midnight + DAY > since:
            yield max(midnight, since), midnight + DAY


def rebuild_minutes(since: datetime) -> None:
    """Makes all minutes from `since` on anew from the records; peaks of calls per second stay."""
    since = minute_of(since)
    days = [
        since.date() + timedelta(days=n) for n in range((datetime.now(UTC).date() - since.date()).days + 2)
    ]
    for first, end in spans(since, days):
        repair(MINUTES, first, end)


def rebuild_lasting(days: Iterable[date]) -> None:
    """Makes the hours and days of these UTC days anew from the records."""
    for first, end in spans(datetime.min.replace(tzinfo=UTC), days):
        for rollup in LASTING:
            repair(rollup, first, end)


def fill(days: Iterable[date]) -> None:
    """Makes the hours and days of those UTC days that lack records, as after an upgrade; counts only.

    A day that has more than its records keeps it: its figures outlive them, and where `CDR_KEEP_DAYS` was
    raised since, late records may have come for a day whose others are gone.
    """
    lacking = []
    for first, end in spans(datetime.min.replace(tzinfo=UTC), days):
        with connection.cursor() as cursor:
            cursor.execute(_LACKS, {"first": first, "end": end})
            if cursor.fetchone()[0]:
                lacking.append(first.date())
    rebuild_lasting(lacking)


def drop_old(at: datetime) -> int:
    """Deletes minutes, hours, days, samples and batches that nothing reads; returns how many minutes."""
    records_kept = oldest_kept(at)
    days_kept = at - timedelta(days=settings.FIGURES_KEEP_DAYS)
    LiveSample.objects.filter(minute__lt=at - SAMPLES_KEPT).delete()
    CdrBatch.objects.filter(received_at__lt=records_kept, unfolded=False).delete()
    CustomerHour.objects.filter(hour__lt=records_kept).delete()
    TrafficHour.objects.filter(hour__lt=records_kept).delete()
    CustomerDay.objects.filter(day__lt=days_kept).delete()
    TrafficDay.objects.filter(day__lt=days_kept).delete()
    return MinuteBucket.objects.filter(minute__lt=minute_of(at) - KEPT).delete()[0]
