"""Panels that other rooms' pages load from here."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from calls.periods import By, Period, periods, span_of
from calls.sight import CallSight
from calls.summary import Hour, Sums, last_24_hours
from customers.card import open_card
from customers.models import Customer
from grids.columns.figures import plain_decimal
from grids.signals import exported
from grids.views import wants_fragment
from users.requests import SignedInRequest

EARLIEST = date(2000, 1, 1)


@require_safe
@never_cache
@vary_on_headers("HX-Request")
@permission_required("calls.view_cdr", raise_exception=True)
def customer_summary(request: SignedInRequest, customer_id: int) -> HttpResponse:
    """A customer's calls by hour, day, week or month (`by`), over the days `from` to `until`.

    A panel for htmx, a file for `format=csv`, else a page of its own.
    """
    rows = Customer.objects.visible_to(request.user).select_related("currency")
    customer = get_object_or_404(rows, pk=customer_id)
    asked = request.GET.get("by", "")
    by = By(asked) if asked in list(By) else By.LIVE
    context = {
        "customer": customer,
        "currency": customer.currency,
        "sight": CallSight.of(request.user),
        "by": by.value,
        "tabs": ((By.LIVE.value, _("Live (24 h)")), (By.DAY.value, _("Daily")), (By.WEEK.value, _("Weekly")),
                 (By.MONTH.value, _("Monthly"))),
        **_figures(request, customer, by),
    }  # fmt: skip
    if request.GET.get("format") == "csv":
        return _file(request, customer, by, context)
    if wants_fragment(request):
        return render(request, "calls/_summary.html", context)
    return render(request, "calls/summary.html", open_card(request.user, customer_id, "main") | context)


def _figures(request: SignedInRequest, customer: Customer, by: By) -> dict[str, Any]:
    now = timezone.now()
    if by == By.LIVE:
        hours, total = last_24_hours(customer.pk, now)
        return {"rows": hours, "total": total, "query": ""}
    today = now.astimezone(UTC).date()
    first, last = _day(request, "from", today), _day(request, "until", today)
    span = span_of(by, first, last, today)
    found, whole = periods(customer.pk, by, span, currency=customer.currency_id, today=today)
    query = {"by": by.value}
    if first or last:
        query |= {"from": span.first.isoformat(), "until": span.last.isoformat()}
    return {"rows": found, "total": whole, "span": span, "query": urlencode(query)}


def _day(request: SignedInRequest, name: str, today: date) -> date | None:
    """A day that was asked for; None for what is none, or lies before there were calls or after today."""
    try:
        day = parse_date(request.GET.get(name, ""))
    except ValueError:
        return None
    return day if day and EARLIEST <= day <= today else None


# --- The file: times in UTC, plain numbers, durations in minutes


def _file(request: SignedInRequest, customer: Customer, by: By, context: dict[str, Any]) -> HttpResponse:
    sight: CallSight = context["sight"]
    name = f"summary-{customer.pk}-{by.value}.csv"
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response)
    lines = list(_lines(context["rows"], by, sight, customer.currency_id))
    writer.writerows(lines)
    exported.send(Customer, user=request.user, name=name, rows=len(lines) - 1, query=context["query"])
    return response


def _lines(
    rows: list[Hour] | list[Period], by: By, sight: CallSight, currency: str
) -> Iterator[list[object]]:
    heads = ["begin_utc", "attempts", "connected", "asr_percent", "acd_s", "duration_min"]
    longer = by != By.LIVE
    heads += ["billed_min"] if longer else []
    heads += [f"charge_{currency}"] if sight.money else []
    heads += [f"profit_{currency}", "profit_percent"] if longer and sight.costs else []
    yield list(heads)
    for row in rows:
        begin = row.begin.isoformat() if isinstance(row, Period) else f"{row.counted_from:%Y-%m-%d %H:%M}"
        line: list[object] = [begin, row.attempts, row.connected, *_ratios(row), _minutes(row.duration_ms)]
        if isinstance(row, Period):
            line.append(_minutes(row.billed_ms))
        if sight.money:
            line.append(plain_decimal(row.charge))
        if isinstance(row, Period) and sight.costs:
            line += [plain_decimal(row.profit), _rounded(row.profit_percent)]
        yield line


def _ratios(row: Sums) -> list[str]:
    return [_rounded(row.asr), _rounded(None if row.acd_ms is None else row.acd_ms / 1000)]


def _minutes(duration_ms: int) -> str:
    return _rounded(Decimal(duration_ms) / 60_000)


def _rounded(value: Decimal | None) -> str:
    return "" if value is None else f"{value:.2f}"
