"""Kamailio: rows of its tables acc and acc_cdrs, as JSON objects or as CSV.

A row of acc_cdrs is a whole call, and so is an INVITE that failed. A call that was answered comes to acc in
two halves, its INVITE and its BYE, in any order and hours apart; `calls.halves` keeps the first until the
second is there. This module reads rows and makes records of them; it keeps nothing.
"""

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from calls import fields
from calls.fields import Cause, Refusal, Refused, shown
from calls.formats import clocks
from calls.formats.reading import ITEM_MAX_BYTES, Item, Layout, Skipped, dialled, filled, layout_of, text_of
from calls.formats.rows import assemble, cells, named, row_of
from calls.models import Switch
from calls.records import LONGEST_CALL_MS
from calls.wire import BadBody

# Both ends are kept to whole seconds, the duration to milliseconds.
_SLACK_MS = 2_000
_CHALLENGES = {401, 407}
_HIRES = ("time_hires", "time_attr")
_COLUMNS = {
    "id", "method", "from_tag", "to_tag", "callid", "sip_code", "sip_reason", "time", "time_hires",
    "time_attr", "time_exten", "src_user", "src_ip", "dst_user", "customer_id", "account", "accountcode",
    "carrier_id", "carrier", "auth_user", "start_time", "end_time", "duration", "invite_ts", "ring_ts",
}  # fmt: skip


class Kind(StrEnum):
    """What a row tells of a call."""

    INVITE = "invite"
    BYE = "bye"
    FAILED = "failed"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Part:
    """One row. at: when it happened (the start of talk for a whole call); row: its columns as sent."""

    index: int
    kind: Kind
    callid: str
    at: datetime
    row: dict[str, Any]

    @property
    def failure(self) -> tuple[str, str]:
        """What tells one failed INVITE of a call from another: its code, and the tag of who answered."""
        return str(self.row.get("sip_code") or ""), str(self.row.get("to_tag") or "")


@dataclass(frozen=True, slots=True)
class Rows:
    """What a body holds."""

    parts: list[Part]
    refused: list[Refusal]
    skipped: list[Refusal]


# --- Rows


def split(body: bytes) -> tuple[list[Item], tuple[str, ...]]:
    """The rows of a body with their index, and the columns that its first line names, if it does.

    A body is a JSON array, one JSON object per line, or CSV. Raises BadBody for an array that is broken.
    """
    if body.lstrip().startswith(b"["):
        try:
            rows = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BadBody(
                _("The body is no valid JSON: %(error)s. Nothing was stored.") % {"error": error}
            ) from None
        return [(index, json.dumps(row).encode()) for index, row in enumerate(rows)], ()
    if body.lstrip().startswith(b"{"):
        return list(enumerate(line for line in body.split(b"\n") if line.strip())), ()
    lines = [row for row in assemble(iter(io.BytesIO(body))) if row.strip()]
    names = columns_in(lines[0]) if lines else ()
    return list(enumerate(lines[1:] if names else lines)), names


def columns_in(row: bytes) -> tuple[str, ...]:
    """The names of columns, where this row is a header."""
    try:
        names = tuple(cells(text_of(row)))
    except Refused:
        return ()
    return names if "callid" in names and len(_COLUMNS.intersection(names)) > len(names) // 2 else ()


def read(items: Iterable[Item], layout: Layout) -> Rows:
    rows = Rows([], [], [])
    for index, raw in named(items, layout.columns):
        try:
            if len(raw) > ITEM_MAX_BYTES:
                raise Refused("", _("The row is too long."), Cause.UNREADABLE)
            content = text_of(raw).lstrip()
            if not layout.columns and not content.startswith("{"):
                raise Refused(
                    "",
                    _("The columns have no names. Export them with a header line, or name the columns."),
                    Cause.UNREADABLE,
                )
            rows.parts.append(_part(index, row_of(content, layout.columns), layout))
        except Skipped as left_out:
            rows.skipped.append(Refusal(index, "", str(left_out)))
        except Refused as error:
            rows.refused.append(Refusal(index, error.field, error.reason, error.cause, raw))
    return rows


def _part(index: int, row: dict[str, Any], layout: Layout) -> Part:
    row = {name: value for name, value in filled(row).items() if value != "<null>"}
    callid = str(row.get("callid", ""))
    if not callid or len(callid) > 255 or not callid.isprintable():
        raise Refused("callid", _("%(value)s names no call.") % {"value": shown(row.get("callid"))})
    try:
        fields.document(row)
    except fields.Wrong as wrong:
        raise Refused("", str(wrong)) from None
    for name in ("invite_ts", "ring_ts"):
        clocks.since_1970(name, row.get(name))
    if "method" in row:
        return _part_of_acc(index, callid, row, layout)
    if {"start_time", "end_time", "duration"} <= row.keys():
        return _part_of_acc_cdrs(index, callid, row, layout)
    raise Refused("method", _("It is missing. This is a row neither of acc nor of acc_cdrs."))


def _part_of_acc(index: int, callid: str, row: dict[str, Any], layout: Layout) -> Part:
    method = str(row["method"]).upper()
    code = _code(row)
    if method not in ("INVITE", "BYE"):
        raise Skipped(_("%(method)s, which neither starts nor ends a call") % {"method": method})
    if code in _CHALLENGES:
        raise Skipped(_("a request to sign in (%(code)s), which the call goes on after") % {"code": code})
    if method == "BYE":
        return Part(index, Kind.BYE, callid, _happened(row, layout), row)
    if code < 200:
        raise Skipped(_("an answer that is not final (%(code)s)") % {"code": code})
    kind = Kind.INVITE if code < 300 else Kind.FAILED
    return Part(index, kind, callid, _happened(row, layout), row)


def _code(row: dict[str, Any]) -> int:
    value = str(row.get("sip_code", ""))
    if not (value.isascii() and value.isdigit() and 100 <= int(value[:4]) <= 699):
        raise Refused("sip_code", _("%(value)s is no SIP code.") % {"value": shown(row.get("sip_code"))})
    return int(value)


def _happened(row: dict[str, Any], layout: Layout) -> datetime:
    """The moment of a row of acc: to the microsecond where Kamailio notes it, else to the second."""
    for name in _HIRES:
        if (moment := clocks.since_1970(name, row.get(name))) is not None:
            exten = str(row.get("time_exten", ""))
            micros = int(exten) if exten.isascii() and exten.isdigit() and len(exten) <= 6 else 0
            return moment if moment.microsecond else moment + timedelta(microseconds=micros)
    return _only("time", row.get("time", ""), layout)


def _only(name: str, value: Any, layout: Layout) -> datetime:
    found = clocks.moments(name, value, layout.zone)
    if len(found) > 1:
        raise Refused(
            name,
            _("%(value)s was twice in %(zone)s. Run Kamailio with TZ=UTC, or note time_hires.")
            % {"value": value, "zone": layout.zone},
            Cause.CLOCK,
        )
    return found[0]


def _part_of_acc_cdrs(index: int, callid: str, row: dict[str, Any], layout: Layout) -> Part:
    """A whole call, checked against itself: its duration has been seen corrupt."""
    started = _only("start_time", row["start_time"], layout)
    ended = _only("end_time", row["end_time"], layout)
    lasted = _duration_ms(row)
    if abs(clocks.milliseconds(ended - started) - lasted) > _SLACK_MS:
        raise Refused(
            "duration",
            _("From %(start)s to %(end)s it is not %(duration)s s.")
            % {"start": row["start_time"], "end": row["end_time"], "duration": row["duration"]},
            Cause.DURATION,
        )
    code = _code(row) if "sip_code" in row else 0
    if code >= 300:
        return Part(index, Kind.FAILED, callid, started, row)
    if lasted == 0 and not code:
        raise Skipped(_("a call that lasted 0 s and has no sip_code: if it failed, acc has it with its code"))
    return Part(index, Kind.WHOLE, callid, started, row)


def _duration_ms(row: dict[str, Any]) -> int:
    try:
        lasted = round(float(str(row["duration"])) * 1000)
    except (ValueError, OverflowError):
        lasted = -1
    if lasted < 0:
        raise Refused(
            "duration",
            _("%(value)s is no count of seconds.") % {"value": shown(row["duration"])},
            Cause.DURATION,
        )
    return lasted


# --- Calls


def failed_call(part: Part) -> dict[str, Any]:
    """A record of an INVITE that was not answered."""
    return _record(part, part.row, code=_code(part.row), answered=None, duration_ms=0)


def whole_call(part: Part, invite: dict[str, Any] | None) -> dict[str, Any]:
    """A record of a row of acc_cdrs. invite: the row of acc, if it is there, for what acc_cdrs leaves out.

    Its answer is known to the second only, which is too coarse to tell how long it rang.
    """
    row = {**(invite or {}), **part.row}
    record = _record(part, row, code=200, answered=part.at, duration_ms=_duration_ms(part.row))
    record.pop("ring_ms", None)
    return record


def joined_call(invite: Part, bye: Part) -> dict[str, Any]:
    """A record of both halves. Raises Refused where the end lies before the answer or 12 h after it."""
    lasted = clocks.milliseconds(bye.at - invite.at)
    if not 0 <= lasted <= LONGEST_CALL_MS:
        raise Refused(
            "duration_ms",
            _("Answered at %(answer)s and ended at %(end)s: no call lasts that.")
            % {"answer": invite.at.isoformat(), "end": bye.at.isoformat()},
            Cause.DURATION,
        )
    return _record(invite, invite.row, code=200, answered=invite.at, duration_ms=lasted)


def _record(
    part: Part, row: dict[str, Any], *, code: int, answered: datetime | None, duration_ms: int
) -> dict[str, Any]:
    """The INVITE was sent at invite_ts where that is noted; else the first that is known is its answer."""
    sent = clocks.since_1970("invite_ts", row.get("invite_ts"))
    rang = clocks.since_1970("ring_ts", row.get("ring_ts"))
    caller, called = str(row.get("src_user", "")), str(row.get("dst_user", ""))
    record = {
        "callid": part.callid,
        "started_at": (sent or part.at).isoformat(),
        "sip_code": code,
        "sip_reason": row.get("sip_reason"),
        "connected": answered is not None,
        "duration_ms": duration_ms,
        "pdd_ms": clocks.milliseconds(rang - sent) if rang and sent and rang >= sent else None,
        "ring_ms": clocks.milliseconds(answered - rang) if answered and rang and answered >= rang else None,
        "cli": dialled(caller),
        "destination": dialled(called),
        "cli_received": caller,
        "destination_received": called,
        "source_ip": row.get("src_ip"),
        "auth_user": row.get("auth_user"),
        "account": next(
            (row[name] for name in ("customer_id", "account", "accountcode") if row.get(name)), None
        ),
        "carrier": row.get("carrier_id") or row.get("carrier"),
        "meta": {
            "kamailio": {name: value for name, value in row.items() if name not in _COLUMNS}
            | {name: row[name] for name in ("from_tag", "to_tag") if name in row}
        },
    }
    return filled(record)


def unpacked(switch: Switch, body: bytes) -> tuple[list[Item], Layout]:
    """The rows of a body, and of what is kept of a whole call, with their layout."""
    if body.startswith(b'{"rows":'):
        rows = json.loads(body)["rows"]
        return [(index, json.dumps(row).encode()) for index, row in enumerate(rows)], layout_of(switch)
    items, names = split(body)
    return items, layout_of(switch, names)
