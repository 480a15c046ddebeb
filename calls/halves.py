"""Calls that come in halves: kept until they are whole, then stored once, whoever brings the second half.

The row of a call is locked before anything is decided, and in the order of call ids by everybody, so that two
workers with one half each agree on who stores it, and never wait for each other in a circle.
"""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from psycopg2.extras import execute_values

from calls import ingest, quarantine, switches
from calls.fields import Cause, Refusal
from calls.formats import joining
from calls.formats.joining import Call
from calls.formats.kamailio import Kind, Rows
from calls.ingest import Receipt
from calls.models import CallState, CdrFormat, HalfCall, Switch
from calls.records import LONGEST_CALL_MS

# A call may last 12 h, and its last half may be late.
LONGEST_WAIT = timedelta(milliseconds=LONGEST_CALL_MS) + timedelta(hours=1)
# So long another report of a call that is stored is known for what it is.
DONE_KEPT = timedelta(days=7)
_AT_ONCE = 500

_LOCK = """
    INSERT INTO calls_halfcall AS call (switch_id, callid, state, told, received_at, changed_at) VALUES %s
    ON CONFLICT (switch_id, callid) DO UPDATE SET changed_at = excluded.changed_at
    RETURNING call.callid, call.state, call.invite, call.bye, call.told
"""
_SAVE = """
    UPDATE calls_halfcall AS call SET state = new.state, invite = new.invite, bye = new.bye, told = new.told
      FROM (VALUES %s) AS new (switch_id, callid, state, invite, bye, told)
     WHERE call.switch_id = new.switch_id AND call.callid = new.callid
"""
_SAVE_ROW = "(%s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb)"


def take(switch: Switch, rows: Rows) -> Receipt:
    """Stores the calls that these rows make whole and keeps the halves they leave, in one transaction."""
    now = timezone.now()
    switches.note_heard(switch, now)
    with transaction.atomic():
        calls = _lock(switch, sorted({part.callid for part in rows.parts}), now)
        outcome = joining.merge(calls, rows.parts)
        _save(switch, calls)
        receipt = ingest.take(
            switch,
            outcome.records,
            [*rows.refused, *outcome.refused],
            now,
            quarantine_as=CdrFormat.KAMAILIO,
        )
    return replace(
        receipt, known=receipt.known + outcome.known, waiting=outcome.waiting, skipped=rows.skipped
    )


# --- The table


def _lock(switch: Switch, callids: list[str], now: datetime) -> dict[str, Call]:
    if not callids:
        return {}
    values = [(switch.pk, callid, CallState.WAITING, "{}", now, now) for callid in callids]
    with connection.cursor() as cursor:
        rows = execute_values(cursor.cursor, _LOCK, values, page_size=_AT_ONCE, fetch=True)
    return {
        callid: Call(state, _value(invite), _value(bye), json.loads(told))
        for callid, state, invite, bye, told in rows
    }


def _value(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text)


def _save(switch: Switch, calls: dict[str, Call]) -> None:
    if not calls:
        return
    values = [
        (switch.pk, callid, call.state, *map(_json, (call.invite, call.bye, call.told)))
        for callid, call in calls.items()
    ]
    with connection.cursor() as cursor:
        execute_values(cursor.cursor, _SAVE, values, template=_SAVE_ROW, page_size=_AT_ONCE)


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


def give_up(now: datetime) -> int:
    """Puts halves that waited longer than a call can last into the quarantine; returns how many.

    They are never billed by a guess. Should the other half still come, the call is stored.
    """
    count = 0
    while taken := _give_up_some(now):
        count += taken
    return count


@transaction.atomic
def _give_up_some(now: datetime) -> int:
    rows = list(
        HalfCall.objects.filter(state=CallState.WAITING, received_at__lt=now - LONGEST_WAIT)
        .order_by("switch_id", "callid")
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("switch")[:_AT_ONCE]
    )
    for switch in {row.switch for row in rows}:
        refused = [
            Refusal(0, "", joining.half(kind), Cause.UNREADABLE, joining.raw([half["row"]]))
            for row in rows
            if row.switch_id == switch.pk
            for kind, half in ((Kind.INVITE, row.invite), (Kind.BYE, row.bye))
            if half
        ]
        quarantine.keep(switch, CdrFormat.KAMAILIO, refused, now)
    for row in rows:
        HalfCall.objects.filter(switch_id=row.switch_id, callid=row.callid).update(
            state=CallState.GIVEN_UP if row.invite or row.bye else CallState.DONE, changed_at=now
        )
    return len(rows)


def drop_old(now: datetime) -> int:
    """Forgets calls that were done, or given up, DONE_KEPT ago; returns how many."""
    old = HalfCall.objects.exclude(state=CallState.WAITING).filter(changed_at__lt=now - DONE_KEPT)
    return old.delete()[0]
