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
    "customer_id": (fields.Whole(1, _BIG), REQUIRED),
    "callid": (fields.Text(255, empty=False), REQUIRED),
    "started_at": (fields.instant, None),
    "answered_at": (fields.instant, None),
    "cli": (fields.Text(128), ""),
    "destination": (fields.Text(128), ""),
    "carrier_id": (fields.Whole(1, _BIG), None),
    "ingress_route_id": (fields.Whole(1, _BIG), None),
    "codec": (fields.Text(32), ""),
}

# What is known of a call besides its course. One place in `Dialog.facts_at` each.
FACTS = ("cli", "destination", "carrier_id", "ingress_route_id", "codec")

# The newest word stands; of words of one instant the greater one, so that any order ends alike.
_NEWER = """excluded.facts_at[{place}] IS NOT NULL AND (dialog.facts_at[{place}] IS NULL OR
        (excluded.facts_at[{place}], excluded.{fact}::text COLLATE "C")
        > (dialog.facts_at[{place}], dialog.{fact}::text COLLATE "C"))"""


def _fact(fact: str, place: int) -> str:
    newer = _NEWER.format(fact=fact, place=place)
    return f"{fact} = CASE WHEN {newer} THEN excluded.{fact} ELSE dialog.{fact} END"


def _fact_at(fact: str, place: int) -> str:
    newer = _NEWER.format(fact=fact, place=place)
    return f"CASE WHEN {newer} THEN excluded.facts_at[{place}] ELSE dialog.facts_at[{place}] END"


# Events come late, twice, in any order and by several web processes at once. Every column is merged so that
# only what was said counts, never when it arrived: states go forward, the earliest start, answer and end
# stand. So what ended stays ended, and its row, kept while anybody names it, stops it from rising again.
_UPSERT = f"""
    INSERT INTO calls_dialog AS dialog
        (customer_id, switch_id, callid, state, started_at, start_told, answered_at, ended_at, seen_at,
         told_at, cli, destination, carrier_id, ingress_route_id, codec, facts_at)
    VALUES %s
    ON CONFLICT (customer_id, switch_id, callid) DO UPDATE SET
        state = CASE WHEN array_position('{{setup,ringing,connected,ended}}'::text[], excluded.state::text)
                        > array_position('{{setup,ringing,connected,ended}}'::text[], dialog.state::text)
                     THEN excluded.state ELSE dialog.state END,
        started_at = CASE WHEN excluded.start_told = dialog.start_told
                          THEN least(dialog.started_at, excluded.started_at)
                          WHEN dialog.start_told THEN dialog.started_at ELSE excluded.started_at END,
        start_told = dialog.start_told OR excluded.start_told,
        answered_at = least(dialog.answered_at, excluded.answered_at),
        ended_at = least(dialog.ended_at, excluded.ended_at),
        seen_at = greatest(dialog.seen_at, excluded.seen_at),
        told_at = greatest(dialog.told_at, excluded.told_at),
        {", ".join(_fact(fact, place) for place, fact in enumerate(FACTS, start=1))},
        facts_at = ARRAY[{", ".join(_fact_at(fact, place) for place, fact in enumerate(FACTS, start=1))}]
"""  # noqa: S608 - constants of this module

# A full list names every call. An older one than the last says nothing new, unless the switch has sent no
# newer one for its whole keep-alive: then its clock was set back, and what it says now holds.
_LISTED = """
    UPDATE calls_switch SET listed_at = %(at)s, listed_heard_at = %(now)s
     WHERE id = %(switch)s
       AND (listed_at IS NULL OR listed_at <= %(at)s
            OR listed_heard_at < %(now)s - make_interval(secs => keepalive_s))
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
    if (count := sum(_calls_in(event) for _index, event in objects)) > wire.MOST_RECORDS:
        raise wire.TooMany(count)
    now = timezone.now()
    rows, bad, listed = _read(objects, now)
    switches.note_heard(switch, now)
    with transaction.atomic():
        rows, strangers = known.split(rows)
        _upsert(switch, [row for _index, row in rows])
        if listed:
            _note_listed(switch, max(listed), now)
    refused = sorted([*refused, *bad, *strangers], key=lambda refusal: refusal.index)
    return Receipt(len(rows), refused)


def _calls_in(event: dict[str, Any]) -> int:
    """How many calls an event names; a list that is too long by itself is refused by itself."""
    calls = event.get("calls")
    return len(calls) if isinstance(calls, list) and 0 < len(calls) <= wire.MOST_RECORDS else 1


def _read(
    objects: Iterable[tuple[int, dict[str, Any]]], now: datetime
) -> tuple[Rows, list[Refusal], list[datetime]]:
    """Rows of the dialog table per event, the events that cannot be understood, and times of full lists."""
    rows: Rows = []
    bad: list[Refusal] = []
    listed: list[datetime] = []
    for index, event in objects:
        kind = event.get("event")
        if kind == "snapshot":
            try:
                more, worse, at = _read_snapshot(index, event, now)
            except Refused as refused:
                bad.append(Refusal(index, refused.field, refused.reason))
                continue
            rows += more
            bad += worse
            if at is not None:
                listed.append(at)
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
    return rows, bad, listed


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


def _stamped(row: dict[str, Any], at: datetime, now: datetime) -> dict[str, Any]:
    """A row with when it was said (`at`, the switch's clock) and heard (`now`, ours)."""
    row["told_at"], row["seen_at"] = at, now
    row["facts_at"] = [at if row[fact] not in (None, "") else None for fact in FACTS]
    return row


def _read_event(event: dict[str, Any], state: DialogState, now: datetime) -> dict[str, Any]:
    row = _read_call(event)
    at = _value(event, "at", fields.instant, REQUIRED)
    row["state"] = state
    row["start_told"] = state == DialogState.SETUP or row["started_at"] is not None
    row["started_at"] = row["started_at"] or at
    if state == DialogState.CONNECTED:
        row["answered_at"] = row["answered_at"] or at
    row["ended_at"] = at if state == DialogState.ENDED else None
    return _stamped(row, at, now)


def _read_snapshot(
    index: int, event: dict[str, Any], now: datetime
) -> tuple[Rows, list[Refusal], datetime | None]:
    """Its calls, those that cannot be understood, and its time if it claims to name every call.

    A list with a call that cannot be understood is no full one: that call may be one we know as up.
    """
    calls = event.get("calls")
    if not isinstance(calls, list):
        raise Refused("calls", _("A snapshot needs the list “calls”."))
    if len(calls) > wire.MOST_RECORDS:
        raise Refused(
            "calls",
            _("The list has %(count)s calls; at most %(most)s are taken at once. Send it in parts.")
            % {"count": len(calls), "most": wire.MOST_RECORDS},
        )
    at = _value(event, "at", fields.instant, now)
    complete = _value(event, "complete", fields.flag, False)
    rows: Rows = []
    bad: list[Refusal] = []
    for place, call in enumerate(calls):
        try:
            if not isinstance(call, dict):
                raise Refused("", _("%(value)s is not a JSON object.") % {"value": fields.shown(call)})
            row = _read_call(call)
            row["state"] = _value(call, "state", fields.OneOf(tuple(_STATES)), REQUIRED)
            row["start_told"] = row["started_at"] is not None
            row["started_at"] = row["started_at"] or at
            row["ended_at"] = None
            rows.append((index, _stamped(row, at, now)))
        except Refused as refused:
            bad.append(Refusal(index, f"calls[{place}].{refused.field}".rstrip("."), refused.reason))
    return rows, bad, at if complete and not bad else None


def _note_listed(switch: Switch, at: datetime, now: datetime) -> None:
    """From here on, live calls of `switch` that were not named at `at` or later are over."""
    with connection.cursor() as cursor:
        cursor.execute(_LISTED, {"at": at, "now": now, "switch": switch.pk})


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
                    row["start_told"], row["answered_at"], row["ended_at"], row["seen_at"], row["told_at"],
                    row["cli"], row["destination"], row["carrier_id"], row["ingress_route_id"], row["codec"],
                    row["facts_at"],
                )
                for _key, row in sorted(wave.items())
            ]  # fmt: skip
            execute_values(cursor.cursor, _UPSERT, values, page_size=2_000)


def forget_old(at: datetime) -> None:
    """Drops rows that no figure needs any more."""
    # By our clock: a switch's may be minutes behind.
    Dialog.objects.filter(ended_at__isnull=False, seen_at__lt=at - ENDED_KEPT).delete()
    Dialog.objects.filter(seen_at__lt=at - LOST_KEPT).delete()
