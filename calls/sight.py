"""What of a call one user may see besides its being there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from users.zones import zone_of

if TYPE_CHECKING:
    from users.models import User


@dataclass(frozen=True)
class CallSight:
    """carriers: who carried it, every attempt of a fail-over and what the switch noted, which may name them.
    money: what it cost the customer. costs: what it cost us. switches: which machine said so.

    A reseller's user sees no carrier whatever the role says: who carries calls is the operator's business.
    """

    carriers: bool
    money: bool
    costs: bool
    switches: bool
    routes: bool
    customers: bool
    ledger: bool
    reseller_id: int | None
    zone: ZoneInfo

    @classmethod
    def of(cls, user: User) -> Self:
        ours = not user.reseller_id
        carriers = ours and user.has_perm("carriers.view_carrier")
        money = user.has_perm("customers.view_credit")
        return cls(
            carriers=carriers,
            money=money,
            costs=carriers and money,
            switches=ours and user.has_perm("calls.view_switch"),
            routes=user.has_perm("routing.view_ingressroute"),
            customers=user.has_perm("customers.view_customer"),
            ledger=money and user.has_perm("billing.view_ledgerentry"),
            reseller_id=user.reseller_id,
            zone=zone_of(user),
        )
