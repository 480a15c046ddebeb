"""Call records as lines of COPY.

Nearly all records of a delivery are made alike: the same fields with the same types. How such ones are
checked and written is planned once for all of them, and a record is then checked field group by field group.
A plan takes plain values only; whatever is not plain goes through `records`, value by value, which knows what
else may be taken and says what is wrong. The lines of both are the same.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from operator import contains, ge, itemgetter, le
from typing import Any, NamedTuple

from calls import fields, records
from calls.fields import REQUIRED, OneOf, Refusal, Text, Whole, Wrong
from calls.records import CDR_FIELDS, Incoming


def _of_kind(kind: object) -> list[str]:
    """The fields that are read by a reader of this class, or by this very function."""
    return [name for name, (reader, _default) in CDR_FIELDS.items() if kind in (reader, type(reader))]


_TEXTS, _WORDS, _WHOLES = _of_kind(Text), _of_kind(OneOf), _of_kind(Whole)
_AMOUNTS, _ADDRESSES = _of_kind(fields.amount), _of_kind(fields.address)
_PICKED = (*_TEXTS, *_WORDS, *_WHOLES, *_AMOUNTS, *_ADDRESSES, "is_last")
# The columns that a line has, in its order.
COLUMNS = ("start_us", "started_at", "connected", *_PICKED, *_of_kind(fields.mapping))
assert {"start_us", *CDR_FIELDS} == set(COLUMNS), "Each field needs its place in the line."

# The classes that plain values have, as JSON brings them.
_CLASSES: dict[str, tuple[type, ...]] = {
    "started_at": (str,),
    **dict.fromkeys([*_TEXTS, *_WORDS, *_ADDRESSES], (str,)),
    **dict.fromkeys(_WHOLES, (int,)),
    **dict.fromkeys(_AMOUNTS, (str, int, float)),
    **dict.fromkeys(["connected", "is_last"], (bool,)),
}
_REQUIRED = {name for name, (_reader, default) in CDR_FIELDS.items() if default is REQUIRED}
# A price that needs no rounding and lies below fields.AMOUNT_BELOW.
_plain_amount = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,8})?").fullmatch
_to_the_second = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}").fullmatch
_tail_in_utc = re.compile(r"(?:\.([0-9]{3}|[0-9]{6}))?(?:Z|\+00:00)").fullmatch
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

SECOND = timedelta(seconds=1)
Span = tuple[datetime, datetime]


class Line(NamedTuple):
    """A good record: what lines are sorted by, and its text.

    That order is the same for all writers, so that two deliveries of the same records cannot deadlock.
    place: its index in the delivery; of two records of one attempt the first is the one that is stored.
    text: the values of COLUMNS as COPY has them.
    """

    customer_id: int
    started_at: datetime
    callid: str
    attempt: int
    place: int
    text: str


def read(incoming: Iterable[Incoming], now: datetime) -> tuple[list[Line], list[Refusal]]:
    """The good records as lines, and the refused ones."""
    good: list[Line] = []
    odd: list[Incoming] = []
    earliest, latest = records.span(now)
    span = earliest, latest - SECOND
    for one in incoming:
        record = one.record
        plan = _plan(tuple(record), tuple(map(type, record.values())))
        if plan is not None and (line := plan.line(one.index, record, span)) is not None:
            good.append(line)
        else:
            odd.append(one)
    rows, bad = records.read(odd, now)
    good += [of_row(index, row) for index, row in rows]
    return good, bad


def of_row(index: int, row: dict[str, Any]) -> Line:
    """The line of a record that was read value by value."""
    text = "\t".join(_written(row[name]) for name in COLUMNS)
    return Line(row["customer_id"], row["started_at"], row["callid"], row["attempt"], index, text)


def _written(value: Any) -> str:
    if value.__class__ is str:
        return value.translate(_ESCAPES)
    return "\\N" if value is None else str(value)


Getter = Callable[[dict[str, Any]], tuple[Any, ...]]


def _getter(names: list[str]) -> Getter:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda record: tuple([record[name] for name in names])


class _Plan:
    """How records with the fields `said` are checked and written, where their values are plain."""

    def __init__(self, said: set[str]) -> None:
        def group(names: list[str]) -> tuple[Getter, list[Any]]:
            names = [name for name in names if name in said]
            return _getter(names), [CDR_FIELDS[name][0] for name in names]

        self.texts, readers = group(_TEXTS)
        self.longest = [reader.longest for reader in readers]
        self.words, readers = group(_WORDS)
        self.legal = [reader.legal for reader in readers]
        self.wholes, readers = group(_WHOLES)
        self.lows = [reader.low for reader in readers]
        self.highs = [reader.high for reader in readers]
        self.amounts, _readers = group(_AMOUNTS)
        self.addresses, _readers = group(_ADDRESSES)
        self.flags, _readers = group(["is_last"])
        self.says_connected = "connected" in said
        places = {"start_us", "started_at", "connected", *said}
        self.form = "\t".join("%s" if name in places else _written(CDR_FIELDS[name][1]) for name in COLUMNS)

    def line(self, index: int, record: dict[str, Any], span: Span) -> Line | None:
        """The record as a line; None where a value is not plain, or wrong.

        span: the earliest and the latest second of a start.
        """
        texts, words, wholes = self.texts(record), self.words(record), self.wholes(record)
        amounts, callid = self.amounts(record), record["callid"]
        all_text = "".join(texts)
        connected = record["connected"] if self.says_connected else record["sip_code"] == 200
        if not (
            callid
            and all_text.isprintable()  # neither controls nor half a surrogate pair
            and "\\" not in all_text
            and all(map(le, map(len, texts), self.longest))
            and all(map(contains, self.legal, words))
            and all(map(le, self.lows, wholes))
            and all(map(ge, self.highs, wholes))
            and all(map(_plain_amount, map(str, amounts)))
            and (connected or not record.get("duration_ms"))
        ):
            return None
        try:
            second, written, us = _start(record["started_at"])
            addresses = map(fields.address, self.addresses(record))
            text = self.form % (
                us, written, connected, *texts, *words, *wholes, *amounts, *addresses, *self.flags(record),
            )  # fmt: skip
        except Wrong:
            return None
        if not span[0] <= second <= span[1]:
            return None
        return Line(record["customer_id"], second, callid, record.get("attempt") or 1, index, text)


def _start(value: str) -> tuple[datetime, str, int]:
    """The second of a moment, the same as text, and the microseconds after it. Raises Wrong as instant does.

    Records of live traffic start within few seconds, so these are remembered.
    """
    tail = _tail_in_utc(value[19:])
    if tail is not None and _to_the_second(value[:19]):
        return *_second(value[:19]), int(f"{tail[1] or 0:0<6}")
    moment = fields.instant(value)
    second = moment.replace(microsecond=0)
    return second, str(second), moment.microsecond


@lru_cache(maxsize=10_000)
def _second(value: str) -> tuple[datetime, str]:
    second = fields.instant(f"{value}Z")
    return second, str(second)


@lru_cache(maxsize=1_000)
def _plan(names: tuple[str, ...], classes: tuple[type, ...]) -> _Plan | None:
    """The plan for records with these fields and types; None where there can be none."""
    of = dict(zip(names, classes, strict=True))
    said = {name for name, kind in of.items() if kind is not type(None) or name not in CDR_FIELDS}
    if not said >= _REQUIRED or not all(of[name] in _CLASSES.get(name, ()) for name in said):
        return None
    return _Plan(said)
