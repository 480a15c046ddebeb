"""Asterisk: rows of cdr_csv, 16 to 21 columns without a header, local time.

One call may leave several rows, one for each party that was dialled and one more after a transfer. Each is
an attempt of its own, named `uniqueid:linkedid:sequence`.
"""

import io
import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from calls.fields import Cause, Refused, shown
from calls.formats import clocks
from calls.formats.reading import Item, Layout, dialled, each, filled
from calls.formats.rows import assemble, cells, named, row_of
from calls.records import Delivery

BASE = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start",
    "answer", "end", "duration", "billsec", "disposition", "amaflags",
)  # fmt: skip
NEW = ("peeraccount", "linkedid", "sequence")
NEEDED = {"start", "disposition", "billsec", "channel"}

# What a disposition stands for; the row's own word is kept as the reason.
_CODES = {"ANSWERED": 200, "NO ANSWER": 480, "BUSY": 486, "FAILED": 500, "CONGESTION": 503}
_UNIQUEID = re.compile(r"(?:.*-)?([0-9]{9,11})\.[0-9]+")
_CHANNEL = re.compile(r"(?:PJSIP|SIP|IAX2)/(.+)-[0-9a-f]+")
_SECONDS = re.compile(r"[0-9]{1,9}")
# start, end and duration are each cut to whole seconds
_SLACK = timedelta(seconds=2)
_KEPT = (
    "clid", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "amaflags", "userfield",
    "peeraccount", "uniqueid", "linkedid", "sequence",
)  # fmt: skip


def split(body: bytes) -> list[Item]:
    """The rows of a body with their index; empty lines are no rows."""
    return list(enumerate(row for row in assemble(iter(io.BytesIO(body))) if row.strip()))


def read(items: Iterable[Item], layout: Layout) -> Delivery:
    delivery = each(named(items, layout.columns), lambda content: _read_one(content, layout))
    _say_which_count([one.record for one in delivery.records])
    return delivery


def _read_one(content: str, layout: Layout) -> dict[str, Any]:
    row = {name: str(value or "") for name, value in _row(content, layout).items()}
    if missing := NEEDED - row.keys():
        raise Refused(min(missing), _("It is missing."))
    if row["disposition"] not in _CODES:
        raise Refused(
            "disposition",
            _("%(value)s is not one of: %(legal)s.")
            % {"value": shown(row["disposition"]), "legal": ", ".join(_CODES)},
        )
    code = _CODES[row["disposition"]]
    user, address = _party(row["channel"])
    record = {
        "callid": _callid(row),
        "started_at": _start(row, layout).isoformat(),
        "sip_code": code,
        "sip_reason": row["disposition"],
        "connected": code == 200,
        "duration_ms": _seconds(row, "billsec") * 1000 if code == 200 else 0,
        "cli": dialled(row.get("src", "")),
        "destination": dialled(row.get("dst", "")),
        "cli_received": row.get("src", ""),
        "destination_received": row.get("dst", ""),
        "auth_user": user,
        "source_ip": address,
        "account": row.get("accountcode", ""),
        "carrier": _party(row.get("dstchannel", ""))[0],
        "meta": {"asterisk": filled({name: row.get(name) for name in _KEPT})},
    }
    return filled(record)


# --- Columns


def _row(content: str, layout: Layout) -> dict[str, Any]:
    """The columns of a row by name, of CSV as of JSON."""
    if layout.columns or content.lstrip().startswith("{"):
        return row_of(content, layout.columns)
    values = cells(content)
    return dict(zip(_names(values), values, strict=True))


def _names(values: list[str]) -> tuple[str, ...]:
    """The columns of a row by their number. Of uniqueid and userfield, one alone is told by its look."""
    extra = len(values) - len(BASE)
    if not 0 <= extra <= 5:
        raise Refused(
            "",
            _("The row has %(count)s columns; cdr_csv writes 16 to 21. Name them with --columns.")
            % {"count": len(values)},
            Cause.UNREADABLE,
        )
    new = NEW if extra >= 3 else ()
    both: tuple[str, ...] = ("uniqueid", "userfield")
    if (alone := extra - len(new)) == 1:
        both = ("uniqueid",) if _UNIQUEID.fullmatch(values[len(BASE)]) else ("userfield",)
    return (*BASE, *(both if alone else ()), *new)


def _callid(row: dict[str, str]) -> str:
    if row.get("uniqueid"):
        parts = [row["uniqueid"], row.get("linkedid", ""), row.get("sequence", "")]
        named = ":".join(parts) if row.get("sequence") else f"{row['uniqueid']}:{row.get('dstchannel', '')}"
    else:  # the name of a channel is used once until Asterisk starts anew; then the start tells them apart
        named = f"{row['channel']}:{row.get('dstchannel', '')}"
    if not row.get("uniqueid") and not row["channel"]:
        raise Refused("uniqueid", _("It is missing, and so is the channel: nothing names this call."))
    return named.rstrip(":")


def _party(channel: str) -> tuple[str, str | None]:
    """Who is behind a channel: the name of its endpoint, or the address of a peer without one."""
    found = _CHANNEL.fullmatch(channel)
    if not found:
        return "", None
    try:
        return "", str(ipaddress.ip_address(found[1]))
    except ValueError:
        return found[1], None


def _seconds(row: dict[str, str], name: str) -> int:
    if not _SECONDS.fullmatch(row[name]):
        raise Refused(name, _("%(value)s is no count of seconds.") % {"value": shown(row[name])})
    return int(row[name])


# --- The start of a call, in UTC


def _start(row: dict[str, str], layout: Layout) -> datetime:
    """When the call started. In the hour that comes twice, the row itself says which: by how long it took
    until its end, or by its uniqueid, which holds the second in which the channel was made."""
    starts = clocks.moments("start", row["start"], layout.zone)
    if row.get("end") and row.get("duration"):
        starts = _that_fit(starts, row, layout)
    made = _UNIQUEID.fullmatch(row.get("uniqueid", ""))
    if made:
        channel = datetime.fromtimestamp(int(made[1]), UTC)
        possible = [start for start in starts if start >= channel - _SLACK]
        if not possible:
            raise Refused(
                "start",
                _("%(start)s in %(zone)s is before its channel was made, %(made)s. Check its time zone.")
                % {"start": row["start"], "zone": layout.zone, "made": channel.isoformat()},
                Cause.CLOCK,
            )
        at_once = [start for start in possible if start <= channel + _SLACK]
        starts = at_once or possible
    if len(starts) > 1:
        raise Refused(
            "start",
            _("%(start)s was twice in %(zone)s; nothing tells which. Set loguniqueid=yes in cdr.conf.")
            % {"start": row["start"], "zone": layout.zone},
            Cause.CLOCK,
        )
    return starts[0]


def _that_fit(starts: list[datetime], row: dict[str, str], layout: Layout) -> list[datetime]:
    ends = clocks.moments("end", row["end"], layout.zone)
    lasted = timedelta(seconds=_seconds(row, "duration"))
    if timedelta(seconds=_seconds(row, "billsec")) > lasted + _SLACK:
        raise Refused(
            "billsec",
            _("%(talk)s s of talk in a call of %(all)s s.")
            % {"talk": row["billsec"], "all": row["duration"]},
            Cause.DURATION,
        )
    fit = [start for start in starts if any(abs(end - start - lasted) <= _SLACK for end in ends)]
    if not fit:
        raise Refused(
            "duration",
            _("From %(start)s to %(end)s it is not %(duration)s s.")
            % {"start": row["start"], "end": row["end"], "duration": row["duration"]},
            Cause.DURATION,
        )
    return fit


def _say_which_count(records: list[dict[str, Any]]) -> None:
    """Of the rows of one channel those that were answered count for the customer; if none was, the last."""
    channels: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        kept = record["meta"]["asterisk"]
        channels[kept.get("uniqueid") or kept["channel"]].append(record)
    for rows in channels.values():
        answered = any(row["connected"] for row in rows)
        last = max(rows, key=_sequence)
        for row in rows:
            row["is_last"] = row["connected"] or (not answered and row is last)


def _sequence(record: dict[str, Any]) -> tuple[int, str]:
    sequence = record["meta"]["asterisk"].get("sequence", "")
    return int(sequence) if _SECONDS.fullmatch(sequence) else 0, record["started_at"]
