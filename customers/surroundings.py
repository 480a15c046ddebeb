"""What lists of customers show that belongs to no customer: thresholds, currencies, how fresh figures are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Subquery
from django.db.models.expressions import RawSQL

from customers.freshness import freshness
from customers.models import FeedState
from grids.grid import Feed
from setup.models import Currency, Installation

PERCENTS = ("asr_warn", "asr_bad", "channels_warn", "channels_bad")
SETTINGS = (*PERCENTS, "pdd_warn_ms", "pdd_high_ms", "acd_definition")
MOMENTS = ("ticked_at", "heard_at")


@dataclass(frozen=True)
class Surroundings:
    """limits: percent for ASR and channels, seconds for PDD. digits: minor digits by currency code.

    revision: the last number that a write to the listing drew. ticked_at: when the pulse last folded.
    heard_at: when a switch last spoke.
    """

    limits: Mapping[str, float]
    acd_definition: str
    digits: Mapping[str, int]
    ticked_at: datetime | None
    heard_at: datetime | None
    revision: int | None


def feed_of(surroundings: Surroundings, now: datetime) -> Feed:
    """How fresh the figures are, as a grid shows it."""
    fresh = freshness(surroundings.ticked_at, surroundings.heard_at, now)
    return Feed(stale=fresh.stale, since=fresh.since)


def read_surroundings() -> Surroundings:
    """All of it in one query over three small tables, since every page and every poll needs it."""
    installation, feed = Installation.objects.filter(pk=1), FeedState.objects.filter(pk=1)
    constants: dict[str, Any] = {name: Subquery(installation.values(name)) for name in SETTINGS}
    constants |= {name: Subquery(feed.values(name)) for name in MOMENTS}
    constants["revision"] = RawSQL("SELECT last_value FROM customers_listing_revision", ())
    named = {f"the_{name}": constant for name, constant in constants.items()}
    rows: list[Any] = list(Currency.objects.order_by().values("code", "digits", **named))
    found = {name: rows[0][f"the_{name}"] for name in constants} if rows else _without_currencies()
    defaults = Installation()
    chosen: dict[str, Any] = {
        name: getattr(defaults, name) if found.get(name) is None else found[name] for name in SETTINGS
    }
    limits = {name: chosen[name] for name in PERCENTS}
    limits |= {"pdd_warn_s": chosen["pdd_warn_ms"] / 1000, "pdd_high_s": chosen["pdd_high_ms"] / 1000}
    return Surroundings(
        limits=limits,
        acd_definition=chosen["acd_definition"],
        digits={row["code"]: row["digits"] for row in rows},
        ticked_at=found.get("ticked_at"),
        heard_at=found.get("heard_at"),
        revision=found.get("revision"),
    )


def _without_currencies() -> dict[str, Any]:
    """The same constants where no currency exists that could carry them: an installation on its first day."""
    installation = Installation.objects.filter(pk=1).values(*SETTINGS).first() or {}
    feed = FeedState.objects.filter(pk=1).values(*MOMENTS).first() or {}
    return {**installation, **feed}
