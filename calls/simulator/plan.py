"""The plan a simulated switch works by: who calls whom, how often, at what price."""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

UNITS = 10_000  # money is counted in whole ten-thousandths, so that charges are exact


class PlanError(Exception):
    """The plan cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Destination:
    """prefix: E.164 without the plus; `digits` random ones follow."""

    prefix: str
    country: str
    digits: int
    weight: int


@dataclass(frozen=True, slots=True)
class Carrier:
    """share: weight among first attempts. rates: prefix -> ten-thousandths of `currency` per minute."""

    id: int
    currency: str
    failing: bool
    share: int
    rates: dict[str, int]


@dataclass(frozen=True, slots=True)
class Reseller:
    id: int
    currency: str
    rates: dict[str, int]


@dataclass(frozen=True, slots=True)
class Caller:
    """A customer that may call. asr: percent. acd_s: mean seconds of talk. hours: its time zone, east of UTC.

    Limits: None or 0 means unlimited. destinations and weights of equal length; rates as in Carrier.
    """

    id: int
    weight: float
    asr: float
    acd_s: float
    hours: int
    channels_limit: int | None
    cps_limit: int | None
    destinations: list[Destination]
    destination_weights: list[int]
    rates: dict[str, int]
    route_id: int | None
    tech_prefix: str
    source_ip: str | None
    auth_user: str
    cli_ranges: list[str]
    reseller: Reseller | None


@dataclass(frozen=True, slots=True)
class Plan:
    token: str
    switch_ip: str | None
    carriers: list[Carrier]
    callers: list[Caller]


def load(path: Path) -> Plan:
    """Reads a plan. Raises PlanError."""
    try:
        return _plan(json.loads(path.read_text()))
    except OSError as error:
        raise PlanError(
            f"The plan {path} cannot be read ({error.strerror}). Make one with: manage.py demo"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlanError(
            f"The plan {path} is not understood ({type(error).__name__}: {error})."
            " Make it anew with: manage.py demo --remove, then manage.py demo"
        ) from None


def _plan(data: dict[str, Any]) -> Plan:
    destinations = {
        row["prefix"]: Destination(row["prefix"], row["country"], row["digits"], row["weight"])
        for row in data["destinations"]
    }
    plan = Plan(
        token=data["token"],
        switch_ip=data["switch_ip"],
        carriers=[
            Carrier(row["id"], row["currency"], row["failing"], row["share"], _rates(row["rates"]))
            for row in data["carriers"]
        ],
        callers=[_caller(row, destinations) for row in data["customers"]],
    )
    if not plan.callers:
        raise ValueError("no customer may call")
    if not any(not carrier.failing for carrier in plan.carriers):
        raise ValueError("no carrier works")
    return plan


def _caller(row: dict[str, Any], destinations: dict[str, Destination]) -> Caller:
    chosen = [destinations[prefix] for prefix in row["rates"]]
    reseller = row["reseller"]
    return Caller(
        id=row["id"],
        weight=row["weight"],
        asr=row["asr"],
        acd_s=row["acd_s"],
        hours=row["hours"],
        channels_limit=row["channels_limit"],
        cps_limit=row["cps_limit"],
        destinations=chosen,
        destination_weights=[destination.weight for destination in chosen],
        rates=_rates(row["rates"]),
        route_id=row["ingress_route_id"],
        tech_prefix=row["tech_prefix"],
        source_ip=row["source_ip"],
        auth_user=row["auth_user"],
        cli_ranges=row["cli_ranges"],
        reseller=reseller and Reseller(reseller["id"], reseller["currency"], _rates(reseller["rates"])),
    )


def _rates(texts: dict[str, str]) -> dict[str, int]:
    return {prefix: int(Decimal(text) * UNITS) for prefix, text in texts.items()}
