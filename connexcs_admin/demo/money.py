"""Payments and charges: a ledger that adds up to the balance, to the last ten-thousandth."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.models import EntryKind
from connexcs_admin.demo.arguments import DAYS, Arguments
from connexcs_admin.demo.customers import DemoCustomer
from connexcs_admin.demo.tariff import DIGITS, PER_DOLLAR
from customers.models import Status

_WAYS = ("Bank transfer", "Card payment", "PayPal", "Bank transfer")


def accounts(customers: list[DemoCustomer]) -> Iterator[dict[str, Any]]:
    for customer in customers:
        yield {"customer_id": customer.id, "currency_id": customer.currency}


def entries(
    customers: list[DemoCustomer], charges: dict[int, dict[int, int]], arguments: Arguments
) -> Iterator[dict[str, Any]]:
    """Ledger rows in order of customer: payments, then one charge per day with calls.

    charges: customer id -> {days since 1970 (UTC): ten-thousandths}.
    """
    rng = arguments.chance("money")
    for customer in customers:
        by_day = charges.get(customer.id, {})
        yield from _payments(rng, customer, sum(by_day.values()), arguments.until)
        for day, amount in sorted(by_day.items()):
            date = datetime.fromtimestamp(day * 86_400, UTC)
            yield {
                "customer_id": customer.id,
                "at": min(arguments.until, date + timedelta(days=1)),
                "kind": EntryKind.CALLS.value,
                "amount": Decimal(-amount) / 10_000,
                "reference": f"demo-{date:%Y-%m-%d}",
                "description": f"Calls of {date:%Y-%m-%d}",
            }


def _payments(
    rng: random.Random, customer: DemoCustomer, charged: int, until: datetime
) -> Iterator[dict[str, Any]]:
    """An opening payment before the first call, and up to three more since."""
    total = _in_minor_units(customer, charged + _wanted_balance(rng, customer))
    if total <= 0:
        return
    parts = rng.choice((1, 1, 2, 3, 4)) if charged else 1
    cuts = sorted(rng.uniform(0.2, 0.9) for _ in range(parts - 1))
    amounts = []
    paid = 0
    for cut in [*cuts, 1.0]:
        upto = total if cut == 1.0 else _in_minor_units(customer, int(total * cut))
        amounts.append(upto - paid)
        paid = upto
    opened = max(customer.created_at, until - timedelta(days=DAYS, hours=rng.uniform(1, 40)))
    step = (until - opened) / (len(amounts) + 1)
    for number, amount in enumerate(amount for amount in amounts if amount):
        yield {
            "customer_id": customer.id,
            "at": (opened + number * step).replace(microsecond=0),
            "kind": EntryKind.PAYMENT.value,
            "amount": Decimal(amount) / 10_000,
            "reference": f"demo-payment-{number + 1}",
            "description": "Opening payment" if number == 0 else rng.choice(_WAYS),
        }


def _wanted_balance(rng: random.Random, customer: DemoCustomer) -> int:
    """What the ledger should come to, in ten-thousandths."""
    unit = PER_DOLLAR[customer.currency] * 10
    if customer.exhausted:
        return -customer.debit_limit - round(rng.uniform(0.01, 9) * unit)
    if customer.status in (Status.PENDING, Status.PENDING_APPROVAL):
        return rng.choice((0, 10, 50)) * unit
    if customer.postpaid:
        return -round(customer.debit_limit * rng.uniform(0.02, 0.6))
    low = -customer.debit_limit + 20 * unit if customer.debit_limit < 0 else 20 * unit
    return low + round(customer.burn * rng.uniform(8, 60) + rng.expovariate(1 / 120) * unit)


def _in_minor_units(customer: DemoCustomer, amount: int) -> int:
    """Rounded to what can be paid: whole yen, cents, or thousandths of a dinar."""
    step = 10 ** (4 - DIGITS[customer.currency])
    return round(amount / step) * step
