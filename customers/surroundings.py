"""What lists of customers show that belongs to no customer: thresholds, currencies, how fresh figures are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection

from customers.freshness import freshness
from grids.grid import Feed
from setup.models import Installation
from users.rights import GRANTED_SQL, rights_of

if TYPE_CHECKING:
    from users.models import User

PERCENTS = ("asr_warn", "asr_bad", "channels_warn", "channels_bad")
SETTINGS = (*PERCENTS, "pdd_warn_ms", "pdd_high_ms", "acd_definition")


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


_STATEMENT = f"""
    SELECT (SELECT last_value FROM customers_listing_revision),
           feed.ticked_at, feed.heard_at,
           {", ".join(f"installation.{name}" for name in SETTINGS)},
           ARRAY(SELECT code || ' ' || digits FROM setup_currency ORDER BY code),
           {{granted}}
      FROM (SELECT 1) AS one
      LEFT JOIN customers_feedstate AS feed ON feed.id = 1
      LEFT JOIN setup_installation AS installation ON installation.id = 1
"""  # noqa: S608 - names of our own columns
_READ = _STATEMENT.format(granted="NULL")
_READ_WITH_RIGHTS = _STATEMENT.format(granted=GRANTED_SQL)


def read_surroundings() -> Surroundings:
    """All of it in one constant statement over three small tables, since every page needs it."""
    return _read(_READ, {})[0]


def read_with_rights(user: User) -> tuple[Surroundings, frozenset[str]]:
    """The same, and what `user` may do now, for polls."""
    surroundings, granted = _read(_READ_WITH_RIGHTS, {"user": user.pk})
    return surroundings, rights_of(user, granted)


def _read(statement: str, values: dict[str, Any]) -> tuple[Surroundings, Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        revision, ticked_at, heard_at, *found, currencies, granted = cursor.fetchone()
    chosen = {
        name: _DEFAULTS[name] if value is None else value for name, value in zip(SETTINGS, found, strict=True)
    }
    limits = {name: chosen[name] for name in PERCENTS}
    limits |= {"pdd_warn_s": chosen["pdd_warn_ms"] / 1000, "pdd_high_s": chosen["pdd_high_ms"] / 1000}
    pairs = (pair.split(" ") for pair in currencies)
    surroundings = Surroundings(
        limits=limits,
        acd_definition=chosen["acd_definition"],
        digits={code: int(digits) for code, digits in pairs},
        ticked_at=ticked_at,
        heard_at=heard_at,
        revision=revision,
    )
    return surroundings, granted


# What an installation on its first day has, before anybody has set anything.
_DEFAULTS = {name: getattr(Installation(), name) for name in SETTINGS}
