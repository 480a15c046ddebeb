"""One customer's days, ISO weeks or months (UTC), from daily sums: the figures that invoices are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Q, Sum
from django.db.models.functions import TruncDay, TruncMonth, TruncWeek

from calls.models import CustomerDay
from calls.summary import Sums

DAY = timedelta(days=1)


class By(StrEnum):
    """How long one row is. LIVE: hours of the last 24, which calls.summary has."""

    LIVE = "live"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_TRUNC = {By.DAY: TruncDay, By.WEEK: TruncWeek, By.MONTH: TruncMonth}
SHOWN = {By.DAY: 31, By.WEEK: 26, By.MONTH: 24}  # rows, where nobody asks for a span
MOST = 400  # rows at once: more than a year of days


@dataclass(kw_only=True)
class Period(Sums):
    """One row. begin: its first day; end: the first day after it; both at midnight UTC.

    billed_ms: what the customer was billed for. cost: what carriers took, in the customer's currency;
    foreign: whether they also took other currencies, so that there is no profit to be told.
    """

    begin: date
    end: date
    billed_ms: int = 0
    cost: Decimal = field(default_factory=Decimal)
    foreign: bool = False
    so_far: bool = False

    @property
    def profit(self) -> Decimal | None:
        return None if self.foreign else self.charge - self.cost

    @property
    def profit_percent(self) -> Decimal | None:
        """Of the charge; None without one."""
        return None if self.profit is None or not self.charge else self.profit * 100 / self.charge


@dataclass(frozen=True)
class Span:
    """First and last day asked for, both included."""

    first: date
    last: date


def span_of(by: By, first: date | None, last: date | None, today: date) -> Span:
    """What is shown: whole periods, at most the latest MOST; where nobody asks, SHOWN of them up to today."""
    last = min(last or today, today)
    end = _next(by, _begin_of(by, last))
    begin = _begin_of(by, first) if first and first <= last else _back(by, end, SHOWN[by])
    return Span(max(begin, _back(by, end, MOST)), end - DAY)


def periods(
    customer_id: int, by: By, span: Span, *, currency: str, today: date
) -> tuple[list[Period], Period]:
    """The rows, newest first, and their sum. Periods without calls are there, with zeros."""
    found = {row["period"].date(): row for row in _rows(customer_id, by, span, currency)}
    rows: list[Period] = []
    begin = _begin_of(by, span.first)
    while begin <= span.last:
        end = _next(by, begin)
        row = found.get(begin, {})
        rows.append(
            Period(
                begin=begin,
                end=end,
                so_far=begin <= today < end,
                attempts=row.get("calls_sum", 0),
                connected=row.get("connected_sum", 0),
                duration_ms=row.get("duration_sum", 0),
                billed_ms=row.get("billed_sum", 0),
                charge=row.get("charge_sum", Decimal(0)),
                cost=row.get("cost_sum") or Decimal(0),
                foreign=bool(row.get("foreign_sum")),
            )
        )
        begin = end
    rows.reverse()
    return rows, _sum(rows, span)


def _rows(customer_id: int, by: By, span: Span, currency: str) -> Iterable[Any]:
    begin, end = _midnight(span.first), _midnight(span.last + DAY)
    own = Q(cost_currency__in=["", currency])
    return (
        CustomerDay.objects.filter(customer_id=customer_id, day__gte=begin, day__lt=end)
        .order_by()
        .values(period=_TRUNC[by]("day", tzinfo=UTC))
        .annotate(
            calls_sum=Sum("calls"),
            connected_sum=Sum("connected"),
            duration_sum=Sum("duration_ms"),
            billed_sum=Sum("billed_ms"),
            charge_sum=Sum("charge"),
            cost_sum=Sum("cost", filter=own),
            foreign_sum=Sum("cost", filter=~own),
        )
    )


def _sum(rows: list[Period], span: Span) -> Period:
    total = Period(begin=span.first, end=span.last + DAY)
    for row in rows:
        total.attempts += row.attempts
        total.connected += row.connected
        total.duration_ms += row.duration_ms
        total.billed_ms += row.billed_ms
        total.charge += row.charge
        total.cost += row.cost
        total.foreign = total.foreign or row.foreign
    return total


def _begin_of(by: By, day: date) -> date:
    if by == By.WEEK:
        return day - day.weekday() * DAY
    return day.replace(day=1) if by == By.MONTH else day


def _next(by: By, begin: date) -> date:
    if by == By.MONTH:
        return (begin + 31 * DAY).replace(day=1)
    return begin + (7 * DAY if by == By.WEEK else DAY)


def _back(by: By, end: date, rows: int) -> date:
    """The first day of the period that begins `rows` periods before `end`."""
    if by == By.MONTH:
        months = end.year * 12 + end.month - 1 - rows
        return date(months // 12, months % 12 + 1, 1)
    return end - rows * (7 * DAY if by == By.WEEK else DAY)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
