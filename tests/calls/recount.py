"""A plain recount, in Python and record by record, of everything that is kept about calls.

It shares no line with what it checks: no SQL sums, no rollup's definition.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.models import Account, LedgerEntry
from calls.models import Cdr, CustomerDay, CustomerHour, MinuteBucket, TrafficDay, TrafficHour
from customers.models import Customer, FeedState, Listing

SUMS = (
    "attempts", "calls", "connected", "refused", "duration_ms", "billed_ms", "carrier_billed_ms", "charge",
    "cost", "pdd_sum_ms", "pdd_count", "pdd_max_ms", "pdd_out_sum_ms", "pdd_out_count", "pdd_out_max_ms",
)  # fmt: skip
OF_MINUTES = ("calls", "connected", "duration_ms", "charge", "pdd_sum_ms", "pdd_count", "pdd_max_ms")

Cells = dict[tuple[Any, ...], dict[str, Any]]


def wrong() -> list[str]:
    """A sentence for each kept figure that differs from the recount; empty where all is right."""
    records = list(Cdr.objects.all())
    found = [
        *_compare("hour", CustomerHour, ("customer_id", "hour", "cost_currency"), records, _customer_hour),
        *_compare(
            "day",
            CustomerDay,
            ("customer_id", "day", "carrier_id", "country", "sip_code", "cost_currency"),
            records,
            lambda cdr: (cdr.customer_id, _day(cdr), *_cell(cdr)),
        ),
    ]
    currency = dict(Customer.objects.values_list("pk", "currency_id"))
    traffic = ("carrier_id", "country", "sip_code", "cost_currency", "charge_currency")
    for model, name, moment in ((TrafficHour, "hour", _hour), (TrafficDay, "day", _day)):
        found += _compare(
            f"traffic {name}",
            model,
            (name, *traffic),
            records,
            lambda cdr, moment=moment: (moment(cdr), *_cell(cdr), currency[cdr.customer_id]),
        )
    return [*found, *_minutes(records), *_listings(records), *_money(records)]


def _hour(cdr: Cdr) -> datetime:
    return cdr.started_at.replace(minute=0, second=0)


def _day(cdr: Cdr) -> datetime:
    return cdr.started_at.astimezone(UTC).replace(hour=0, minute=0, second=0)


def _cell(cdr: Cdr) -> tuple[Any, ...]:
    return cdr.carrier_id or 0, cdr.destination_country, cdr.sip_code, cdr.carrier_currency


def _customer_hour(cdr: Cdr) -> tuple[Any, ...]:
    return cdr.customer_id, _hour(cdr), cdr.carrier_currency


def _count(records: list[Cdr], key: Callable[[Cdr], tuple[Any, ...]]) -> Cells:
    cells: Cells = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    for cdr in records:
        cell = cells[key(cdr)]
        cell["attempts"] += 1
        cell["billed_ms"] += cdr.customer_billed_ms or 0
        cell["carrier_billed_ms"] += cdr.carrier_billed_ms or 0
        cell["charge"] += cdr.customer_charge or 0
        cell["cost"] += cdr.carrier_charge or 0
        if cdr.pdd_out_ms is not None:
            cell["pdd_out_sum_ms"] += cdr.pdd_out_ms
            cell["pdd_out_count"] += 1
            cell["pdd_out_max_ms"] = max(cell["pdd_out_max_ms"], cdr.pdd_out_ms)
        if not cdr.is_last:
            continue
        cell["calls"] += 1
        if cdr.connected:
            cell["connected"] += 1
            cell["duration_ms"] += cdr.duration_ms
        elif cdr.carrier_id is None:
            cell["refused"] += 1
        if cdr.pdd_ms is not None:
            cell["pdd_sum_ms"] += cdr.pdd_ms
            cell["pdd_count"] += 1
            cell["pdd_max_ms"] = max(cell["pdd_max_ms"], cdr.pdd_ms)
    return cells


def _compare(
    what: str, model: Any, key: tuple[str, ...], records: list[Cdr], of: Callable[[Cdr], tuple[Any, ...]]
) -> Iterator[str]:
    right = _count(records, of)
    kept = {
        tuple(getattr(row, name) for name in key): {name: getattr(row, name) for name in SUMS}
        for row in model.objects.all()
    }
    for cell in right.keys() | kept.keys():
        if right.get(cell) != kept.get(cell):
            yield f"{what} {cell}: kept {kept.get(cell)}, right {right.get(cell)}"


def _minutes(records: list[Cdr]) -> Iterator[str]:
    since = (datetime.now(UTC) - timedelta(hours=47)).replace(second=0, microsecond=0)
    young = [cdr for cdr in records if cdr.started_at >= since]
    right = _count(young, lambda cdr: (cdr.customer_id, cdr.started_at.replace(second=0)))
    kept = {(row.customer_id, row.minute): row for row in MinuteBucket.objects.filter(minute__gte=since)}
    for cell in right.keys() | kept.keys():
        expected = {name: right[cell][name] if cell in right else 0 for name in OF_MINUTES}
        row = kept.get(cell)
        is_kept = {
            name: getattr(row, "attempts" if name == "calls" else name) if row else 0 for name in OF_MINUTES
        }
        if expected != is_kept:
            yield f"minute {cell}: kept {is_kept}, right {expected}"


def _listings(records: list[Cdr]) -> Iterator[str]:
    at = FeedState.objects.get().ticked_at
    since = at.replace(second=0, microsecond=0) - timedelta(minutes=1_440)
    right = _count([cdr for cdr in records if cdr.started_at >= since], lambda cdr: (cdr.customer_id,))
    today = _count(
        [cdr for cdr in records if cdr.started_at.date() == at.date()], lambda cdr: (cdr.customer_id,)
    )
    newest: dict[int, datetime] = {}
    for cdr in records:
        newest[cdr.customer_id] = max(newest.get(cdr.customer_id, cdr.started_at), cdr.started_at)
    nothing = dict.fromkeys(SUMS, 0)
    for row in Listing.objects.all():
        sums = right.get((row.pk,), nothing)
        expected = (
            *(sums[name] for name in OF_MINUTES if name != "charge"),
            today.get((row.pk,), nothing)["charge"],
            newest.get(row.pk),
        )
        kept = (
            row.attempts_24h, row.connected_24h, row.duration_ms_24h, row.pdd_sum_ms_24h,
            row.pdd_count_24h, row.pdd_max_ms_24h, row.charge_today, row.last_call_at,
        )  # fmt: skip
        if kept != expected:
            yield f"listing of {row.pk}: kept {kept}, right {expected}"


def _money(records: list[Cdr]) -> Iterator[str]:
    charges: dict[int, Decimal] = defaultdict(Decimal)
    for cdr in records:
        charges[cdr.customer_id] += cdr.customer_charge or 0
    posted: dict[int, Decimal] = defaultdict(Decimal)
    for entry in LedgerEntry.objects.all():
        posted[entry.customer_id] += entry.amount
    for account in Account.objects.all():
        listed = Listing.objects.get(pk=account.pk).balance
        right = -charges[account.pk]
        if not right == posted[account.pk] == account.balance == listed:
            yield (
                f"money of {account.pk}: records {right}, ledger {posted[account.pk]},"
                f" account {account.balance}, listing {listed}"
            )
