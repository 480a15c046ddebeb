"""Sixty customers of all kinds, for whatever counts and sums."""

from __future__ import annotations

import random
from decimal import Decimal

from customers.models import Listing, Status
from tests.factories import make_currency, make_customer, set_figures

COUNTRIES = ("DE", "US", "")
TAGS = ((), ("vip",), ("vip", "a,b ~"), ("new",))


def sixty() -> list[Listing]:
    """The same ones each time, by id."""
    draw = random.Random(5)
    for code in ("EUR", "USD", "JPY"):
        make_currency(code)
    made = []
    for _n in range(60):
        customer = make_customer(
            currency=draw.choice(("EUR", "USD", "JPY")),
            country=draw.choice(COUNTRIES),
            status=draw.choice((Status.ACTIVE, Status.INACTIVE, Status.PENDING)),
            tags=list(draw.choice(TAGS)),
        )
        attempts = draw.randrange(5)
        made.append(
            set_figures(
                customer,
                balance=Decimal(draw.randrange(-500, 500)),
                channels=draw.randrange(9),
                attempts_24h=attempts,
                connected_24h=draw.randrange(attempts + 1),
                duration_ms_24h=draw.randrange(90_000),
            )
        )
    return list(Listing.objects.order_by("pk"))


OF = {
    "status": lambda row: row.status,
    "currency": lambda row: row.currency_id,
    "country": lambda row: row.country or None,
    "portal": lambda row: row.portal_access,
}
