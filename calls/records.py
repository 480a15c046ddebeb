"""One call record as a switch sends it, turned into the columns of a CDR."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from calls import fields
from calls.fields import REQUIRED, Cause, Reader, Refusal, Refused, Wrong
from calls.models import Direction

LONGEST_CALL_MS = 12 * 3600 * 1000
FUTURE_ALLOWED = timedelta(minutes=5)
_BIG = 2**63 - 1

# Wire name -> (reader, value when the field is missing or null).
CDR_FIELDS: dict[str, tuple[Reader, Any]] = {
    "customer_id": (fields.Whole(1, _BIG), REQUIRED),
    "started_at": (fields.instant, REQUIRED),
    "callid": (fields.Text(255, empty=False), REQUIRED),
    "attempt": (fields.Whole(1, 32_767), 1),
    "is_last": (fields.flag, True),
    "direction": (fields.OneOf(tuple(Direction.values)), Direction.TERMINATION.value),
    "cli": (fields.Text(128), ""),
    "destination": (fields.Text(128), ""),
    "cli_received": (fields.Text(128), ""),
    "destination_received": (fields.Text(128), ""),
    "tech_prefix": (fields.Text(32), ""),
    "destination_country": (fields.Text(2), ""),
    "source_ip": (fields.address, None),
    "switch_ip": (fields.address, None),
    "auth_user": (fields.Text(64), ""),
    "ingress_route_id": (fields.Whole(1, _BIG), None),
    "carrier_id": (fields.Whole(1, _BIG), None),
    "reseller_id": (fields.Whole(1, _BIG), None),
    "sip_code": (fields.Whole(100, 699), REQUIRED),
    "connected": (fields.flag, None),
    "duration_ms": (fields.Whole(0, LONGEST_CALL_MS), 0),
    "ring_ms": (fields.Whole(0, LONGEST_CALL_MS), None),
    "pdd_ms": (fields.Whole(0, LONGEST_CALL_MS), None),
    "pdd_out_ms": (fields.Whole(0, LONGEST_CALL_MS), None),
    "sip_reason": (fields.Text(255), ""),
    "q850": (fields.Whole(0, 127), None),
    "released_by": (fields.Text(32), ""),
    "release_reason": (fields.Text(255), ""),
    "codec": (fields.Text(32), ""),
    "customer_charge": (fields.amount, None),
    "customer_billed_ms": (fields.Whole(0, 2 * LONGEST_CALL_MS), None),
    "carrier_charge": (fields.amount, None),
    "carrier_billed_ms": (fields.Whole(0, 2 * LONGEST_CALL_MS), None),
    "carrier_currency": (fields.Text(3), ""),
    "reseller_charge": (fields.amount, None),
    "reseller_currency": (fields.Text(3), ""),
    "rating": (fields.mapping, None),
    "meta": (fields.mapping, None),
}
_JSON = ("rating", "meta")
_READERS = {name: reader for name, (reader, _default) in CDR_FIELDS.items()}
_DEFAULTS = {name: default for name, (_reader, default) in CDR_FIELDS.items()}
_REQUIRED = [name for name, default in _DEFAULTS.items() if default is REQUIRED]


@dataclass(slots=True)
class Incoming:
    """One record on its way in, whatever format it came in.

    index: its place in the delivery, from 0; refusals name it. record: the fields of CDR_FIELDS by name,
    values as in our own JSON. raw: what the switch sent for it (text or bytes), kept where the record is
    refused; None: `record` is what was sent.
    """

    index: int
    record: dict[str, Any]
    raw: str | bytes | None = None

    @property
    def sent(self) -> Any:
        """What was sent, for the quarantine."""
        return self.record if self.raw is None else self.raw


class Delivery(NamedTuple):
    """What a format's reader makes of a body: the records it could read, and what it could not.

    skipped: what is right, but no record of ours, such as a leg towards a carrier.
    """

    records: list[Incoming]
    refused: list[Refusal]
    skipped: Sequence[Refusal] = ()


def read(
    incoming: Iterable[Incoming], now: datetime
) -> tuple[list[tuple[int, dict[str, Any]]], list[Refusal]]:
    """Good records with their index, as dicts of CDR columns but switch and batch; and the refused ones.

    Starts are cut to the second here, since they are part of the key; `start_us` has the rest.
    """
    good, bad = [], []
    possible = span(now)
    for one in incoming:
        try:
            good.append((one.index, _read_one(one.record, now, possible)))
        except Refused as refused:
            bad.append(Refusal(one.index, refused.field, refused.reason, refused.cause, one.sent))
    return good, bad


def _read_one(record: dict[str, Any], now: datetime, possible: tuple[datetime, datetime]) -> dict[str, Any]:
    """The columns of one record. Costs little for what is not said: most fields of most records are not."""
    row = _DEFAULTS.copy()
    unknown = {}
    for name, value in record.items():
        reader = _READERS.get(name)
        if reader is None:
            unknown[name] = value
        elif value is not None:
            try:
                row[name] = reader(value)
            except Wrong as wrong:
                cause = Cause.DURATION if name == "duration_ms" else Cause.BAD_FIELD
                raise Refused(name, str(wrong), cause) from None
    for name in _REQUIRED:
        if row[name] is REQUIRED:
            raise Refused(name, _("It is missing."))
    _check(row, now, possible)
    row["start_us"] = row["started_at"].microsecond
    row["started_at"] = row["started_at"].replace(microsecond=0)
    if unknown:
        row["meta"] = {**(row["meta"] or {}), "unknown": unknown}
    for name in _JSON:
        if row[name] is not None:
            try:
                row[name] = fields.document(row[name])
            except Wrong as wrong:
                raise Refused(name, str(wrong)) from None
    return row


def _check(row: dict[str, Any], now: datetime, possible: tuple[datetime, datetime]) -> None:
    """Rules between fields. Fills `connected` from the SIP code where the switch does not say."""
    if row["started_at"] > possible[1]:
        raise Refused(
            "started_at",
            _("%(time)s lies in the future; here it is %(now)s. Check the switch's clock.")
            % {"time": row["started_at"].isoformat(), "now": now.isoformat(timespec="seconds")},
            Cause.CLOCK,
        )
    if row["started_at"] < possible[0]:
        raise Refused(
            "started_at",
            _("%(time)s is older than the %(days)s days that records are kept.")
            % {"time": row["started_at"].isoformat(), "days": settings.CDR_KEEP_DAYS},
            Cause.TOO_OLD,
        )
    if row["connected"] is None:
        row["connected"] = row["sip_code"] == 200
    if row["duration_ms"] and not row["connected"]:
        raise Refused(
            "duration_ms",
            _("%(value)s ms of talk in a call that did not connect. Send 0, or say that it connected.")
            % {"value": row["duration_ms"]},
            Cause.DURATION,
        )


def span(now: datetime) -> tuple[datetime, datetime]:
    """The earliest and the latest start that a record may have."""
    return oldest_kept(now), now + FUTURE_ALLOWED


def oldest_kept(now: datetime) -> datetime:
    """The start of the oldest day whose partition is kept."""
    day = (now - timedelta(days=settings.CDR_KEEP_DAYS)).date()
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
