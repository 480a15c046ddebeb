"""Demo customers: who they are, how they pay, and how much they call."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connexcs_admin.demo.arguments import DAYS, LIVE_CPS, Arguments
from connexcs_admin.demo.ground import Ground
from connexcs_admin.demo.names import Companies, Company
from connexcs_admin.demo.tariff import DIGITS, PER_DOLLAR
from connexcs_admin.demo.trades import TRADES, Trade
from customers.models import Status

DAYS_OF_CALLS_LEFT_BY_CREDIT = (14, 90)
_STATUSES = (
    [Status.ACTIVE] * 84
    + [Status.INACTIVE] * 7
    + [Status.PENDING] * 3
    + [Status.PENDING_APPROVAL] * 3
    + [Status.PENALTY] * 3
)
_TAGS = ("vip", "watch", "review", "toll-free", "new", "partner", "night-shift", "high-margin")
_MANUFACTURERS = ("", "", "Asterisk", "Kamailio", "FreeSWITCH", "OpenSIPS")
_NEVER_CALLED = 0.30
_QUIET_FOR_DAYS = 0.15


@dataclass(slots=True)
class DemoCustomer:
    """One customer while the demo is made.

    number: from 1, whatever the ids are. weight: share of all calls, 0: none. stops: hours before `until`
    after which it did not call. markup: percent of the cost. Money is in ten-thousandths of the currency.
    """

    id: int
    number: int
    company: Company
    trade: Trade
    status: str
    has_auth: bool
    has_route: bool
    created_at: datetime
    reseller: int | None
    asr: float
    acd: float
    pdd: float
    markup: int
    weight: float = 0.0
    stops: int = 0
    exhausted: bool = False
    postpaid: bool = False
    channels_limit: int | None = None
    cps_limit: int | None = None
    debit_limit: int = 0
    burn: int = 0
    tech_prefix: str = ""
    source_ip: str | None = None
    auth_user: str = ""
    route_id: int | None = None

    @property
    def currency(self) -> str:
        return self.company.place.currency

    @property
    def slug(self) -> str:
        return f"{self.company.slug[:40]}{self.number}"


def invent(ids: range, arguments: Arguments, taken: set[str]) -> list[DemoCustomer]:
    """The customers with `ids`. taken: names in lower case that exist already; grows."""
    rng = arguments.chance("customers")
    companies = Companies(rng, taken)
    trades = [trade for trade in TRADES for _ in range(trade.share)]
    customers = [
        _one(rng, pk, number, companies.next(), rng.choice(trades), arguments)
        for number, pk in enumerate(ids, start=1)
    ]
    _spread_traffic(rng, customers)
    for customer in customers:
        _set_limits(rng, customer)
    return customers


def _one(
    rng: random.Random, pk: int, number: int, company: Company, trade: Trade, arguments: Arguments
) -> DemoCustomer:
    status = rng.choice(_STATUSES)
    pending = status in (Status.PENDING, Status.PENDING_APPROVAL)
    age = rng.uniform(0.2, 12) if pending else rng.uniform(DAYS + 2, 1600)
    chance = rng.random()
    return DemoCustomer(
        id=pk,
        number=number,
        company=company,
        trade=trade,
        status=status.value,
        has_auth=rng.random() > (0.6 if pending else 0.02),
        has_route=rng.random() > (0.6 if pending else 0.02),
        created_at=(arguments.until - timedelta(days=age)).replace(microsecond=0),
        reseller=0 if chance < 0.08 else 1 if chance < 0.13 else None,
        asr=rng.uniform(*trade.asr),
        acd=rng.uniform(*trade.acd),
        pdd=rng.uniform(0.8, 1.3),
        markup=rng.randrange(*trade.markup),
    )


def _spread_traffic(rng: random.Random, customers: list[DemoCustomer]) -> None:
    """Gives weights like Zipf's law: a few big customers, a long tail, many that never called."""
    callers = [
        customer
        for customer in customers
        if customer.has_auth
        and customer.has_route
        and customer.status not in (Status.PENDING, Status.PENDING_APPROVAL)
        and rng.random() > _NEVER_CALLED
    ]
    callers.sort(key=lambda customer: rng.random() ** customer.trade.size)
    callers.reverse()
    for rank, customer in enumerate(callers):
        customer.weight = 1 / (rank + 7) ** 1.05
        if customer.status == Status.INACTIVE:
            customer.stops = rng.randrange(48, 26 * 24)
        elif customer.status == Status.PENALTY:
            customer.stops = rng.randrange(1, 30)
        elif rank > len(callers) // 10 and rng.random() < _QUIET_FOR_DAYS:
            customer.stops = rng.randrange(30, 28 * 24)
        elif rank > 5 and rng.random() < 0.025:
            customer.exhausted, customer.stops = True, rng.randrange(1, 60)
    total = sum(customer.weight for customer in callers) or 1.0
    for customer in callers:
        customer.weight /= total


def _set_limits(rng: random.Random, customer: DemoCustomer) -> None:
    """Limits and credit that fit its traffic."""
    cps = customer.weight * LIVE_CPS
    live = cps * (customer.asr / 100 * customer.acd + 12)
    if rng.random() < 0.88:
        customer.channels_limit = _round(max(rng.choice((5, 10, 20, 30)), live * rng.uniform(2.2, 7)))
        customer.cps_limit = _round(max(rng.choice((2, 3, 5, 10)), cps * rng.uniform(8, 20)))
    dollars_a_day = cps * 86_400 * customer.asr / 100 * customer.acd / 60 * 0.028 * customer.markup / 100
    customer.burn = int(dollars_a_day * PER_DOLLAR[customer.currency] * 10)
    customer.postpaid = rng.random() * 100 < customer.trade.postpaid
    unit = PER_DOLLAR[customer.currency] * 10  # a dollar's worth, in ten-thousandths
    if customer.postpaid:
        days = rng.uniform(*DAYS_OF_CALLS_LEFT_BY_CREDIT)
        customer.debit_limit = _round(max(rng.choice((100, 250, 500)) * unit, customer.burn * days * 1.6))
        customer.debit_limit -= customer.debit_limit % 10_000  # limits are whole units
    elif rng.random() < 0.05:
        customer.debit_limit = -max(10_000, 5 * unit - 5 * unit % 10_000)  # a safety buffer


def _round(value: float) -> int:
    """To two figures, as people set limits: 1,234 -> 1,200."""
    number = max(1, int(value))
    step = 10 ** max(0, len(str(number)) - 2)
    return number // step * step


def rows(customers: list[DemoCustomer], arguments: Arguments, ground: Ground) -> Iterator[dict[str, Any]]:
    """Rows of the customers' table."""
    rng = arguments.chance("details")
    for customer in customers:
        place = customer.company.place
        penalty = customer.status == Status.PENALTY
        retail = customer.trade.name == "retail"
        yield {
            "id": customer.id,
            "demo": True,
            "name": customer.company.name,
            "created_at": customer.created_at,
            "status": customer.status,
            "penalty_until": arguments.until + timedelta(hours=rng.randrange(2, 240))
            if penalty and rng.random() < 0.7
            else None,
            "channels_limit": customer.channels_limit,
            "cps_limit": customer.cps_limit,
            "debit_limit": Decimal(customer.debit_limit) / 10_000,
            "min_payment": Decimal(rng.choice((10, 25, 50, 100))) if rng.random() < 0.3 else None,
            "topup_currencies": [customer.currency] if rng.random() < 0.15 else [],
            "tax": Decimal(rng.choice((0, 0, 0, 5, 19, 20, 21, 25))),
            "currency_id": customer.currency,
            "paypal_email": f"pay@{customer.slug}.example" if rng.random() < 0.2 else "",
            "website": f"https://www.{customer.slug}.example" if rng.random() < 0.6 else "",
            "portal_access": rng.random() < 0.93,
            "portal_hide": ["rate_cards"] if rng.random() < 0.05 else [],
            "tags": _tags(rng, customer),
            "vars": "[cli]\npersist = 600\n" if rng.random() < 0.05 else "",
            "reseller_id": None if customer.reseller is None else ground.resellers[customer.reseller].pk,
            "account_manager_id": rng.choice(ground.managers).pk if rng.random() < 0.75 else None,
            "invoice_schedule": rng.choice(("disabled", "daily", "weekly", "monthly", "monthly")),
            "invoice_on_payment": rng.random() < 0.2,
            "invoice_due_days": rng.choice((0, 7, 14, 30)) if customer.postpaid else 0,
            "invoice_template_id": rng.choice(ground.templates).pk if rng.random() < 0.4 else None,
            "ext_accounting_id": f"{place.country}-{10_000 + customer.number}" if rng.random() < 0.5 else "",
            "rtp_firewall": rng.choice(("locked", "unlocked", "unlocked")),
            "recording_days": rng.choice((0, 0, 0, 30, 90)),
            "domain_id": ground.domain.pk if rng.random() < 0.4 else None,
            "daily_spend_limit": _daily_limit(rng, customer),
            "stir_attestation": rng.choice(("A", "B", "C", ""))
            if place.country in ("US", "CA", "FR")
            else "",
            "address1": place.street.format(rng.randrange(1, 180)),
            "city": rng.choice(place.cities),
            "postcode": str(rng.randrange(10_000, 99_999)),
            "country": place.country,
            "approved_clis_only": retail and rng.random() < 0.2,
            "email_verification": rng.random() < 0.1,
            "mobile_verification": rng.random() < 0.05,
            "notes": "Prefers calls before noon." if rng.random() < 0.06 else "",
            "time_zone": place.zone,
        }


def _tags(rng: random.Random, customer: DemoCustomer) -> list[str]:
    tags = [*customer.trade.tags, "postpaid" if customer.postpaid else "prepaid"]
    if rng.random() < 0.25:
        tags.append(rng.choice(_TAGS))
    return tags if rng.random() < 0.8 else []


def _daily_limit(rng: random.Random, customer: DemoCustomer) -> Decimal | None:
    """Some cap a day's spend; a few of them so low that today reaches it."""
    if rng.random() > 0.18:
        return None
    unit = PER_DOLLAR[customer.currency] * 10
    amount = _round(max(20 * unit, customer.burn * rng.uniform(2, 6)))
    if customer.weight and rng.random() < 0.02:
        amount = unit // 2
    digits = DIGITS[customer.currency]
    return round(Decimal(amount) / 10_000, digits)


def manufacturer(rng: random.Random) -> str:
    return rng.choice(_MANUFACTURERS)
