"""The pulse: the one process that writes live figures. One tick a second, each one transaction.

A tick folds what ingest left (deltas), moves the 24-hour window on, counts channels and calls per second,
and writes the listing rows that changed, in id order. It keeps in memory only what it last wrote, and
reads all of it anew after any failure.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Max

from calls import dialogs, listing, rollups
from calls.models import LiveSample, Switch
from calls.querysets import LIVE_SQL
from customers.models import FeedState, Listing

log = logging.getLogger(__name__)

LOCK = 0x50554C53  # "PULS" in our advisory key space
CPS_MEAN_S = 10
# Starts are reported up to this late; the second that is called the last one has settled by then.
SETTLE = timedelta(seconds=1)
FORGET_EVERY = timedelta(seconds=10)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_IDLE = (0, 0, Decimal("0.0"))

_CHANNELS = f"""
    SELECT dialog.customer_id, count(*)
      FROM calls_dialog AS dialog JOIN calls_switch AS switch ON switch.id = dialog.switch_id
     WHERE {LIVE_SQL} GROUP BY dialog.customer_id
"""  # noqa: S608 - constants of this module
# A start is known from a live call or, where it failed at once, from its record; never counted twice.
_STARTS = """
    SELECT customer_id, count(*) FILTER (WHERE started_at >= %(last)s), count(*)
      FROM (SELECT customer_id, switch_id, callid, min(started_at) AS started_at
              FROM (SELECT customer_id, switch_id, callid, started_at FROM calls_dialog
                     WHERE start_told AND started_at >= %(first)s AND started_at < %(end)s
                    UNION ALL
                    SELECT customer_id, switch_id, callid, started_at FROM calls_cdr
                     WHERE started_at >= %(first)s AND started_at < %(end)s) AS either
             GROUP BY 1, 2, 3) AS starts
     GROUP BY customer_id
"""


def refresh_all(at: datetime | None = None) -> None:
    """Folds everything that waits and sums every customer's window and sparkline anew."""
    at = at or datetime.now(UTC)
    with transaction.atomic():
        listing.lock()
        while changes := rollups.fold(at):
            listing.add(changes)
        listing.write_windows(at)
        listing.lower_peaks(at)
        listing.write_sparklines(at)


@dataclass
class Pulse:
    """One running pulse. `tick` may be called at any rate; time only has to go forward."""

    shown: dict[int, tuple[int, int, Decimal]] = field(default_factory=dict)
    restless: set[int] = field(default_factory=set)  # customers whose sparkline may have changed
    last: datetime | None = None
    forgot: datetime = _LONG_AGO

    def tick(self, at: datetime) -> None:
        """Brings all live figures up to `at`, or changes nothing."""
        try:
            with transaction.atomic():
                self._tick(at)
        except Exception:
            self.last = None  # what is in memory may not be what is stored: start over
            raise
        self.last = at

    def _tick(self, at: datetime) -> None:
        if self.last is None:
            self._start_over(at)
        changes = rollups.fold(at)
        live, peaked = self._live(at)
        relit = self._relit(live)
        left = self._left_by_the_window(at)
        touched = {row[0] for row in changes} | left
        listing.lock(touched | peaked.keys() | relit.keys())
        listing.add(changes)
        listing.write_windows(at, sorted(touched))
        listing.lower_peaks(at, sorted(left))
        listing.raise_peaks(peaked)
        listing.write_live(relit)
        self.shown = {customer_id: figures for customer_id, figures in live.items() if figures != _IDLE}
        self.restless |= touched
        if self.last is None or rollups.minute_of(self.last) != rollups.minute_of(at):
            self._each_minute(at)
        if at - self.forgot >= FORGET_EVERY:
            dialogs.forget_old(at)
            self.forgot = at
        FeedState.objects.update_or_create(
            pk=1, defaults={"ticked_at": at, "heard_at": Switch.objects.aggregate(at=Max("heard_at"))["at"]}
        )

    def _start_over(self, at: datetime) -> None:
        refresh_all(at)
        self.restless.clear()
        self._read_shown()

    def _read_shown(self) -> None:
        """What lists show as live now, whoever wrote it."""
        lit = Listing.objects.exclude(channels=0, cps_last=0, cps=0)
        self.shown = {
            row[0]: (row[1], row[2], row[3]) for row in lit.values_list("pk", "channels", "cps_last", "cps")
        }

    def _live(self, at: datetime) -> tuple[dict[int, tuple[int, int, Decimal]], dict[int, int]]:
        """Channels and calls per second by customer, and the peaks of the minute that rose."""
        end = (at - SETTLE).replace(microsecond=0)
        span = {
            "first": end - timedelta(seconds=CPS_MEAN_S),
            "last": end - timedelta(seconds=1),
            "end": end,
        }
        with connection.cursor() as cursor:
            cursor.execute(_CHANNELS, {"at": at})
            channels = dict(cursor.fetchall())
            cursor.execute(_STARTS, span)
            starts = {row[0]: row[1:] for row in cursor.fetchall()}
            rising = [(customer_id, last) for customer_id, (last, _sum) in starts.items() if last]
            peaked = self._raise_peaks(rollups.minute_of(span["last"]), rising)
        live = {}
        for customer_id in channels.keys() | starts.keys():
            last, total = starts.get(customer_id, (0, 0))
            mean = (Decimal(total) / CPS_MEAN_S).quantize(Decimal("0.1"))
            live[customer_id] = (channels.get(customer_id, 0), last, mean)
        return live, peaked

    def _raise_peaks(self, minute: datetime, rising: list[tuple[int, int]]) -> dict[int, int]:
        """Keeps the busiest second of each minute; returns the new ones, by customer."""
        if not rising:
            return {}
        with connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO calls_minutebucket AS bucket (customer_id, minute, cps_peak)
                SELECT customer_id, %s, cps FROM unnest(%s::bigint[], %s::int[]) AS peak (customer_id, cps)
                 ORDER BY customer_id
                ON CONFLICT (customer_id, minute) DO UPDATE SET cps_peak = excluded.cps_peak
                 WHERE bucket.cps_peak < excluded.cps_peak
                RETURNING customer_id, cps_peak
                """,
                [minute, *map(list, zip(*sorted(rising), strict=True))],
            )
            return dict(cursor.fetchall())

    def _left_by_the_window(self, at: datetime) -> set[int]:
        """Customers with a minute that has just left the window, and at UTC midnight all with a charge."""
        if self.last is None:
            return set()
        before, after = rollups.window_start(self.last), rollups.window_start(at)
        left: set[int] = set()
        if before != after:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT DISTINCT customer_id FROM calls_minutebucket WHERE minute >= %s AND minute < %s",
                    [before, after],
                )
                left = {row[0] for row in cursor.fetchall()}
        if listing.midnight_of(self.last) != listing.midnight_of(at):
            left |= set(Listing.objects.exclude(charge_today=0).values_list("pk", flat=True))
        return left

    def _relit(self, live: dict[int, tuple[int, int, Decimal]]) -> dict[int, tuple[int, int, Decimal]]:
        """The live figures that differ from what is shown, those that went out included."""
        return {
            customer_id: live.get(customer_id, _IDLE)
            for customer_id in live.keys() | self.shown.keys()
            if live.get(customer_id, _IDLE) != self.shown.get(customer_id, _IDLE)
        }

    def _each_minute(self, at: datetime) -> None:
        """Sparklines of those who called, everybody's on the hour; and a sample for the live curve.

        What is shown as live is read back too, so that a stray write lasts a minute at most.
        """
        self._read_shown()
        on_the_hour = self.last is None or self.last.hour != at.hour
        listing.write_sparklines(at, None if on_the_hour else sorted(self.restless))
        self.restless.clear()
        take_sample(at)


def take_sample(at: datetime) -> None:
    """Stores channels and calls per second of each group of customers for the minute of `at`."""
    minute = rollups.minute_of(at)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO calls_livesample (minute, reseller_id, account_manager_id, channels, cps)
            SELECT %(minute)s, reseller_id, account_manager_id, sum(channels), sum(cps)
              FROM customers_listing WHERE (channels > 0 OR cps > 0) AND deleted_at IS NULL GROUP BY 2, 3
            ON CONFLICT (minute, reseller_id, account_manager_id)
            DO UPDATE SET channels = excluded.channels, cps = excluded.cps
            """,
            {"minute": minute},
        )
    # A minute without calls is a zero, not a gap.
    LiveSample.objects.get_or_create(
        minute=minute, reseller_id=None, account_manager_id=None, defaults={"channels": 0, "cps": 0}
    )


def run(stopped: Callable[[], bool]) -> None:
    """Ticks until told to stop; waits while another pulse holds the lock, and outlives the database."""
    pulse = Pulse()
    while not stopped():
        started = time.monotonic()
        try:
            if _hold_lock():
                pulse.tick(datetime.now(UTC))
        except (OperationalError, InterfaceError) as error:
            log.warning("The database does not answer, trying again: %s", str(error).strip())
            connection.close()
        except DatabaseError:
            log.exception("A tick failed; figures stand still until the next one succeeds")
            connection.close()
        time.sleep(max(0.0, settings.PULSE_TICK_MS / 1000 - (time.monotonic() - started)))
    connection.close()


_holder: object = None


def _hold_lock() -> bool:
    """True while this process is the one pulse. The lock lives and dies with the database session."""
    global _holder
    connection.ensure_connection()
    if _holder is connection.connection:
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        held = cursor.fetchone()[0]
    _holder = connection.connection if held else None
    return held
