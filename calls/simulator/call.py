"""One call: how it was drawn, and what is said about it on the wire."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from calls.simulator.plan import UNITS, Caller, Carrier, Destination

ANSWERED = (200, "OK", 16, "normal clearing")
FAILED_OVER = (503, "Service Unavailable", 34, "next carrier")
Ending = tuple[int, str, int, str]  # SIP code, reason, Q.850 cause, release reason


class State(StrEnum):
    SETUP = "setup"
    RINGING = "ringing"
    CONNECTED = "connected"


@dataclass(slots=True)
class Call:
    """Times are seconds since 1970; None: does not happen.

    lost_to: the carrier that failed first, given up at `lost_at`. ending, released_by: of the last attempt.
    """

    callid: str
    caller: Caller
    destination: Destination
    number: str
    cli: str
    carrier: Carrier
    codec: str
    started_at: float
    rings_at: float | None
    answered_at: float | None
    ends_at: float
    pdd_out_ms: int
    ending: Ending
    released_by: str
    lost_to: Carrier | None = None
    lost_at: float = 0.0
    state: State = State.SETUP


def stamp(at: float) -> str:
    """ISO 8601, UTC, milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event(call: Call, kind: str, at: float) -> dict[str, Any]:
    """`start`, `ringing`, `answered` or `ended`."""
    return {"event": kind, "at": stamp(at), **_named(call)}


def live(call: Call) -> dict[str, Any]:
    """The call as a snapshot names it."""
    named = {"state": call.state.value, **_named(call)}
    if call.state == State.CONNECTED and call.answered_at is not None:
        named["answered_at"] = stamp(call.answered_at)
    return named


def _named(call: Call) -> dict[str, Any]:
    return {
        "customer_id": call.caller.id,
        "callid": call.callid,
        "started_at": stamp(call.started_at),
        "cli": call.cli,
        "destination": call.number,
        "carrier_id": call.carrier.id,
        "ingress_route_id": call.caller.route_id,
        "codec": call.codec,
    }


def lost_record(call: Call) -> dict[str, Any]:
    """The record of the attempt that failed over."""
    assert call.lost_to is not None
    record = _record(call, call.lost_to, FAILED_OVER, "carrier")
    return {
        **record,
        "attempt": 1,
        "is_last": False,
        "pdd_out_ms": _ms(call.lost_at - call.started_at),
        **_money(call, call.lost_to, 0),
    }


def record(call: Call, switch_ip: str | None) -> dict[str, Any]:
    """The record of the last attempt."""
    talk_ms = _ms(call.ends_at - call.answered_at) if call.answered_at is not None else 0
    entry = _record(call, call.carrier, call.ending, call.released_by)
    entry.update(
        attempt=1 if call.lost_to is None else 2,
        is_last=True,
        switch_ip=switch_ip,
        connected=call.answered_at is not None,
        duration_ms=talk_ms,
        **_money(call, call.carrier, -(-talk_ms // 1000)),
    )
    if call.rings_at is not None:
        until = call.answered_at if call.answered_at is not None else call.ends_at
        entry.update(
            pdd_ms=_ms(call.rings_at - call.started_at),
            pdd_out_ms=call.pdd_out_ms,
            ring_ms=_ms(until - call.rings_at),
        )
    return entry


def _record(call: Call, carrier: Carrier, ending: Ending, released_by: str) -> dict[str, Any]:
    caller = call.caller
    code, reason, q850, release_reason = ending
    return {
        "customer_id": caller.id,
        "callid": call.callid,
        "started_at": stamp(call.started_at),
        "direction": "termination",
        "cli": call.cli,
        "destination": call.number,
        "cli_received": call.cli,
        "destination_received": caller.tech_prefix + call.number,
        "tech_prefix": caller.tech_prefix,
        "destination_country": call.destination.country,
        "source_ip": caller.source_ip,
        "auth_user": caller.auth_user,
        "ingress_route_id": caller.route_id,
        "carrier_id": carrier.id,
        "reseller_id": caller.reseller.id if caller.reseller else None,
        "connected": False,
        "duration_ms": 0,
        "sip_code": code,
        "sip_reason": reason,
        "q850": q850,
        "released_by": released_by,
        "release_reason": release_reason,
        "codec": call.codec,
    }


def _money(call: Call, carrier: Carrier, seconds: int) -> dict[str, Any]:
    """What `seconds` of talk cost each party; billed per second, rounded half up to four decimals."""
    prefix, reseller = call.destination.prefix, call.caller.reseller
    return {
        "customer_charge": _charge(call.caller.rates[prefix], seconds),
        "customer_billed_ms": seconds * 1000,
        "carrier_charge": _charge(carrier.rates[prefix], seconds),
        "carrier_billed_ms": seconds * 1000,
        "carrier_currency": carrier.currency,
        "reseller_charge": _charge(reseller.rates[prefix], seconds) if reseller else None,
        "reseller_currency": reseller.currency if reseller else "",
    }


def _charge(rate: int, seconds: int) -> str:
    whole, part = divmod((rate * seconds + 30) // 60, UNITS)
    return f"{whole}.{part:04d}"


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
