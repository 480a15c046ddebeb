"""Rows of Kamailio's acc joined to calls: what is whole, and what has to wait for its other half."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from calls.fields import Cause, Refusal, Refused
from calls.formats import kamailio
from calls.formats.kamailio import Kind, Part
from calls.models import CallState, Switch
from calls.records import Delivery, Incoming


@dataclass(slots=True)
class Call:
    """One call as it is known, under our lock."""

    state: str = CallState.WAITING
    invite: dict[str, Any] | None = None
    bye: dict[str, Any] | None = None
    told: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    records: list[Incoming] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    known: int = 0
    waiting: int = 0


def read_whole(switch: Switch, body: bytes) -> Delivery:
    """The records of a body that has all of its calls' rows, such as what the quarantine keeps of a call."""
    rows = kamailio.read(*kamailio.unpacked(switch, body))
    calls: dict[str, Call] = defaultdict(Call)
    outcome = merge(calls, rows.parts)
    halves = [
        Refusal(part.index, "", _("Half of a call. Send both of its rows again."), Cause.UNREADABLE)
        for part in rows.parts
        if calls[part.callid].state != CallState.DONE and part.kind in (Kind.INVITE, Kind.BYE)
    ]
    return Delivery(outcome.records, [*rows.refused, *outcome.refused, *halves], rows.skipped)


def merge(calls: dict[str, Call], parts: list[Part]) -> Outcome:
    outcome = Outcome()
    of_call: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        of_call[part.callid].append(part)
    for callid, told in of_call.items():
        _add(calls[callid], told, outcome)
    outcome.waiting = sum(
        calls[callid].state != CallState.DONE and _begun(calls[callid]) for callid in of_call
    )
    return outcome


def _begun(call: Call) -> bool:
    return call.invite is not None or call.bye is not None


def _add(call: Call, parts: list[Part], outcome: Outcome) -> None:
    """Adds the parts of one delivery to their call, and gives the records that are whole by now."""
    latest: dict[Kind, Part] = {}
    for part in parts:
        if part.kind is Kind.FAILED:
            _add_failed(call, part, outcome)
            continue
        repeated = part.kind in latest or getattr(call, part.kind.value, None) is not None
        outcome.known += call.state == CallState.DONE or repeated
        if part.kind not in latest or part.at < latest[part.kind].at:
            latest[part.kind] = part
    if call.state == CallState.DONE:
        return
    if whole := latest.get(Kind.WHOLE):
        invite = latest[Kind.INVITE].row if Kind.INVITE in latest else (call.invite or {}).get("row")
        record = kamailio.whole_call(whole, invite)
        _tell(call, record, whole.index, [*([invite] if invite else []), whole.row], outcome)
        _done(call)
        return
    invite, bye = (
        _earliest(latest.get(kind), getattr(call, kind), kind, parts[0]) for kind in (Kind.INVITE, Kind.BYE)
    )
    if invite and bye:
        _join(call, invite, bye, max(parts, key=lambda part: part.index).index, outcome)
        return
    if latest:
        call.state = CallState.WAITING if call.state != CallState.GIVEN_UP else call.state
    call.invite, call.bye = _kept(invite), _kept(bye)


def _join(call: Call, invite: Part, bye: Part, index: int, outcome: Outcome) -> None:
    rows = [invite.row, bye.row]
    try:
        _tell(call, kamailio.joined_call(invite, bye), index, rows, outcome)
    except Refused as refused:
        outcome.refused.append(Refusal(index, refused.field, refused.reason, refused.cause, raw(rows)))
    _done(call)


def _add_failed(call: Call, part: Part, outcome: Outcome) -> None:
    """A failed attempt is whole by itself. acc, missed_calls and acc_cdrs may all tell of it."""
    code, tag = part.failure
    tags = call.told.setdefault(code, {})
    if tag in tags or (tags and ("" in tags or not tag)):
        outcome.known += 1
        if tag and "" in tags:
            tags[tag] = tags.pop("")
        return
    _tell(call, kamailio.failed_call(part), part.index, [part.row], outcome, tag)


def _tell(
    call: Call,
    record: dict[str, Any],
    index: int,
    rows: list[dict[str, Any]],
    outcome: Outcome,
    tag: str = "",
) -> None:
    """Notes a record. Attempts of one call that began at the same moment are numbered: none is lost."""
    start = record["started_at"]
    record["attempt"] = 1 + sum(start in tags.values() for tags in call.told.values())
    call.told.setdefault(str(record["sip_code"]), {})[tag] = start
    outcome.records.append(Incoming(index, record, raw(rows)))


def raw(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"rows": rows}, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")


def _done(call: Call) -> None:
    call.state, call.invite, call.bye = CallState.DONE, None, None


def _earliest(new: Part | None, kept: dict[str, Any] | None, kind: Kind, some: Part) -> Part | None:
    """A call begins with its first INVITE and ends with its first BYE, whichever came to us first."""
    if kept is None:
        return new
    old = Part(some.index, kind, some.callid, datetime.fromisoformat(kept["at"]), kept["row"])
    return new if new is not None and new.at < old.at else old


def _kept(part: Part | None) -> dict[str, Any] | None:
    return {"at": part.at.isoformat(), "row": part.row} if part else None


def half(kind: Kind) -> str:
    if kind is Kind.INVITE:
        return _(
            "The call was answered and nothing tells when it ended. It is stored should its BYE still come."
        )
    return _("The call ended and nothing tells when it began. It is stored should its INVITE still come.")
