"""Live calls as switches report them: events, and snapshots that name all that is up."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg2.extras import execute_values

from calls import fields, known, switches, wire
from calls.fields import REQUIRED, Reader, Refusal, Refused, Wrong
from calls.known import Rows
from calls.models import Dialog, DialogState, Switch

# An ended call stays this long, so that a late event cannot raise it again and its start still counts.
ENDED_KEPT = timedelta(minutes=2)
# A call that no switch has named for so long is forgotten for good.
LOST_KEPT = timedelta(hours=1)

_EVENTS = {
    "start": DialogState.SETUP,
    "ringing": DialogState.RINGING,
    "answered": DialogState.CONNECTED,
    "ended": DialogState.ENDED,
}
_STATES = (DialogState.SETUP, DialogState.RINGING, DialogState.CONNECTED)
_BIG = 2**63 - 1
_CALL: dict[str, tuple[Reader, Any]] = {
    "customer_id": (fields.whole(1, _BIG), REQUIRED),
    "callid": (fields.required(fields.text(255)), REQUIRED),
    "started_at": (fields.instant, None),
    "answered_at": (fields.instant, None),
    "cli": (fields.text(128), ""),
    "destination": (fields.text(128), ""),
    "carrier_id": (fields.whole(1, _BIG), None),
    "ingress_route_id": (fields.whole(1, _BIG), None),
    "codec": (fields.text(32), ""),
}

# States only go forward, and what ended stays ended: events may arrive late or twice.
_UPSERT = """
    INSERT INTO calls_dialog AS dialog
        (customer_id, switch_id, callid, state, started_at, answered_at, ended_at, seen_at,
         cli, destination, carrier_id, ingress_route_id, codec)
    VALUES %s
    ON CONFLICT (customer_id, switch_id, callid) DO UPDATE SET
        state = CASE WHEN array_position('{setup,ringing,connected,ended}'::text[], excluded.state::text)
                        > array_position('{setup,ringing,connected,ended}'::text[], dialog.state::text)
                     THEN excluded.state ELSE dialog.state END,
        started_at = least(dialog.started_at, excluded.started_at),
        answered_at = coalesce(dialog.answered_at, excluded.answered_at),
        ended_at = excluded.ended_at,
        seen_at = excluded.seen_at,
        cli = coalesce(nullif(excluded.cli, ''), dialog.cli),
        destination = coalesce(nullif(excluded.destination, ''), dialog.destination),
        carrier_id = coalesce(excluded.carrier_id, dialog.carrier_id),
        ingress_route_id = coalesce(excluded.ingress_route_id, dialog.ingress_route_id),
        codec = coalesce(nullif(excluded.codec, ''), dialog.codec)
    WHERE dialog.ended_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a delivery of events. accepted: calls told about, a snapshot's each counted."""

    accepted: int
    refused: list[Refusal]

    def as_json(self) -> dict[str, object]:
        return {"accepted": self.accepted, "refused": [refusal.as_json() for refusal in self.refused]}


def receive(switch: Switch, body: bytes) -> Receipt:
    """Takes events in; on return they are committed. Raises wire.BadBody where nothing can be read."""
    objects, refused = wire.records(body)
    now = timezone.now()
    rows, bad = _read(objects, now)
    switches.note_heard(switch, now)
    with transaction.atomic():
        rows, strangers = known.split(rows)
        _upsert(switch, [row for _index, row in rows])
    refused = sorted([*refused, *bad, *strangers], key=lambda refusal: refusal.index)
    return Receipt(len(rows), refused)


def _read(objects: Iterable[tuple[int, dict[str, Any]]], now: datetime) -> tuple[Rows, list[Refusal]]:
    """Rows of the dialog table per event, and the events that cannot be understood."""
    rows: Rows = []
    bad: list[Refusal] = []
    for index, event in objects:
        kind = event.get("event")
        if kind == "snapshot":
            more, worse = _read_snapshot(index, event, now)
            rows += more
            bad += worse
        elif isinstance(kind, str) and kind in _EVENTS:
            try:
                rows.append((index, _read_event(event, _EVENTS[kind], now)))
            except Refused as refused:
                bad.append(Refusal(index, refused.field, refused.reason))
        else:
            legal = ", ".join([*_EVENTS, "snapshot"])
            bad.append(
                Refusal(
                    index,
                    "event",
                    _("%(value)s is not one of: %(legal)s.") % {"value": fields.shown(kind), "legal": legal},
                )
            )
    return rows, bad


def _value(source: dict[str, Any], name: str, reader: Reader, default: Any) -> Any:
    value = source.get(name)
    if value is None:
        if default is REQUIRED:
            raise Refused(name, _("It is missing."))
        return default
    try:
        return reader(value)
    except Wrong as wrong:
        raise Refused(name, str(wrong)) from None


def _read_call(source: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(source, name, reader, default) for name, (reader, default) in _CALL.items()}


def _read_event(event: dict[str, Any], state: DialogState, now: datetime) -> dict[str, Any]:
    row = _read_call(event)
    at = _value(event, "at", fields.instant, REQUIRED)
    row["state"] = state
    row["started_at"] = row["started_at"] or at
    if state == DialogState.CONNECTED:
        row["answered_at"] = row["answered_at"] or at
    row["ended_at"] = at if state == DialogState.ENDED else None
    row["seen_at"] = now
    return row


def _read_snapshot(index: int, event: dict[str, Any], now: datetime) -> tuple[Rows, list[Refusal]]:
    calls = event.get("calls")
    if not isinstance(calls, list):
        return [], [Refusal(index, "calls", _("A snapshot needs the list “calls”."))]
    rows: Rows = []
    bad: list[Refusal] = []
    for place, call in enumerate(calls):
        try:
            if not isinstance(call, dict):
                raise Refused("", _("%(value)s is not a JSON object.") % {"value": fields.shown(call)})
            row = _read_call(call)
            row["state"] = _value(call, "state", fields.one_of(*_STATES), REQUIRED)
            row["started_at"] = row["started_at"] or now
            row["ended_at"] = None
            row["seen_at"] = now
            rows.append((index, row))
        except Refused as refused:
            bad.append(Refusal(index, f"calls[{place}].{refused.field}".rstrip("."), refused.reason))
    return rows, bad


def _upsert(switch: Switch, rows: list[dict[str, Any]]) -> None:
    """Writes rows in key order (so that two deliveries cannot deadlock), one statement per wave.

    A statement may touch a row once, so the n-th event of the same call waits for the n-th wave.
    """
    waves: list[dict[tuple[int, str], dict[str, Any]]] = []
    told: Counter[tuple[int, str]] = Counter()
    for row in rows:
        key = row["customer_id"], row["callid"]
        if told[key] == len(waves):
            waves.append({})
        waves[told[key]][key] = row
        told[key] += 1
    with connection.cursor() as cursor:
        for wave in waves:
            values = [
                (
                    row["customer_id"], switch.pk, row["callid"], row["state"], row["started_at"],
                    row["answered_at"], row["ended_at"], row["seen_at"], row["cli"], row["destination"],
                    row["carrier_id"], row["ingress_route_id"], row["codec"],
                )
                for _key, row in sorted(wave.items())
            ]  # fmt: skip
            execute_values(cursor.cursor, _UPSERT, values, page_size=2_000)


def forget_old(at: datetime) -> None:
    """Drops rows that no figure needs any more."""
    # By our clock: a switch's may be minutes behind.
    Dialog.objects.filter(ended_at__isnull=False, seen_at__lt=at - ENDED_KEPT).delete()
    Dialog.objects.filter(seen_at__lt=at - LOST_KEPT).delete()
