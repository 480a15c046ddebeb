"""The traffic plan: all that the simulator knows, since it reads no table of ours."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from connexcs_admin.demo.arguments import RESELLERS, SWITCH_IP, Arguments
from connexcs_admin.demo.calls import choose_destinations, cli_ranges
from connexcs_admin.demo.customers import DemoCustomer
from connexcs_admin.demo.ground import CARRIERS, Ground
from connexcs_admin.demo.tariff import DESTINATIONS, as_text, rate
from customers.models import Status

MOST = 5_000  # customers in a plan; the tail beyond hardly ever calls


def path() -> Path:
    return Path(settings.CONNEX_HOME) / "traffic-plan.json"


def make(customers: list[DemoCustomer], arguments: Arguments, ground: Ground) -> dict[str, Any]:
    """The plan as JSON types. Rates are decimal texts per minute in the party's currency."""
    callers = [customer for customer in customers if _may_call(customer)]
    callers = sorted(callers, key=lambda customer: -customer.weight)[:MOST]
    return {
        "version": 1,
        "token": ground.token,
        "switch_ip": SWITCH_IP,
        "carriers": [
            {
                "id": carrier.pk,
                "name": shape.name,
                "currency": shape.currency,
                "failing": shape.failing,
                "share": shape.share,
                "rates": {
                    destination.prefix: as_text(rate(destination.cost, shape.currency, shape.cost))
                    for destination in DESTINATIONS
                },
            }
            for carrier, shape in zip(ground.carriers, CARRIERS, strict=True)
        ],
        "destinations": [
            {
                "prefix": destination.prefix,
                "country": destination.country,
                "digits": destination.digits,
                "weight": destination.weight,
            }
            for destination in DESTINATIONS
        ],
        "customers": [_caller(customer, arguments, ground) for customer in callers],
    }


def _may_call(customer: DemoCustomer) -> bool:
    return bool(
        customer.weight
        and customer.status == Status.ACTIVE
        and customer.has_auth
        and customer.has_route
        and not customer.exhausted
        and not customer.stops
    )


def _caller(customer: DemoCustomer, arguments: Arguments, ground: Ground) -> dict[str, Any]:
    chosen = choose_destinations(customer, arguments)
    caller: dict[str, Any] = {
        "id": customer.id,
        "weight": round(customer.weight, 9),
        "asr": round(customer.asr, 2),
        "acd_s": round(customer.acd, 1),
        "hours": customer.company.place.hours,
        "channels_limit": customer.channels_limit,
        "cps_limit": customer.cps_limit,
        "currency": customer.currency,
        "rates": {
            destination.prefix: as_text(rate(destination.cost, customer.currency, customer.markup))
            for destination in chosen
        },
        "ingress_route_id": customer.route_id,
        "tech_prefix": customer.tech_prefix,
        "source_ip": customer.source_ip,
        "auth_user": customer.auth_user,
        "cli_ranges": cli_ranges(customer, arguments),
        "reseller": None,
    }
    if customer.reseller is not None:
        currency = RESELLERS[customer.reseller][1]
        caller["reseller"] = {
            "id": ground.resellers[customer.reseller].pk,
            "currency": currency,
            "rates": {
                destination.prefix: as_text(rate(destination.cost, currency, (100 + customer.markup) // 2))
                for destination in chosen
            },
        }
    return caller


def write(plan: Mapping[str, Any]) -> None:
    """Puts the plan in its place, readable by its owner only: it carries the switch's token."""
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(plan, file)
    draft.replace(target)


def remove() -> None:
    path().unlink(missing_ok=True)
