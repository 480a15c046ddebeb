"""From the bytes a switch sends to records: JSON array, single object or NDJSON."""

import json
import secrets
from typing import Any

from django.utils.translation import gettext as _

from calls.fields import Cause, Refusal, shown
from calls.models import Switch
from calls.records import Delivery, Incoming

MOST_RECORDS = 20_000


class BadBody(ValueError):
    """A body of which nothing can be read; the message says why."""


class TooMany(BadBody):
    """A body with more than MOST_RECORDS records: what they take in memory is not its length in bytes."""

    def __init__(self, count: int) -> None:
        super().__init__(
            _("The body has %(count)s records; at most %(most)s are taken at once. Send it in parts.")
            % {"count": count, "most": MOST_RECORDS}
        )


def read(switch: Switch, body: bytes) -> Delivery:
    """Our own format: the records of a body. Raises BadBody where nothing can be read."""
    objects, refused = records(body)
    return Delivery([Incoming(index, record) for index, record in objects], refused)


def records(body: bytes) -> tuple[list[tuple[int, dict[str, Any]]], list[Refusal]]:
    """The objects of a body with their index from 0, and what could not be read as an object.

    An array that is broken anywhere is refused whole (BadBody): nobody can tell where its records end.
    NDJSON is read line by line, so that one broken line costs only itself.
    """
    try:
        content = body.decode("utf-8").lstrip("\ufeff").strip()
    except UnicodeDecodeError as error:
        raise BadBody(
            _("The body is not UTF-8: byte %(position)s cannot be read.") % {"position": error.start}
        ) from None
    if not content:
        raise BadBody(_("The body is empty. Send a JSON array or one JSON object per line."))
    if content[0] == "[":
        try:
            values = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise BadBody(
                _("The body is no valid JSON: %(error)s. Nothing was stored.") % {"error": error}
            ) from None
        if len(values) > MOST_RECORDS:
            raise TooMany(len(values))
        return _objects(enumerate(values))
    if (count := content.count("\n") + 1) > MOST_RECORDS:
        raise TooMany(count)
    return _lines(content)


def _at_once(lines: list[str]) -> list[Any] | None:
    """What the lines hold if each is one JSON value; None if any is not, or if there is but one line.

    One call costs a third less than one per line, and all objects share their keys. The word between two
    lines cannot be guessed, so lines that make sense only together are not taken for what they are not.
    """
    if len(lines) < 2:
        return None
    between = secrets.token_hex(16)
    try:
        values = json.loads("[" + f',"{between}",'.join(lines) + "]")
    except (ValueError, RecursionError):
        return None
    whole = (
        len(lines) > 1 and len(values) == 2 * len(lines) - 1 and values[1::2] == [between] * (len(lines) - 1)
    )
    return values[::2] if whole else None


def _objects(values: Any) -> tuple[list[tuple[int, dict[str, Any]]], list[Refusal]]:
    good, bad = [], []
    for index, value in values:
        if isinstance(value, dict):
            good.append((index, value))
        else:
            reason = _("%(value)s is not a JSON object.") % {"value": shown(value)}
            bad.append(Refusal(index, "", reason, Cause.UNREADABLE, _written(value)))
    return good, bad


def _written(value: Any) -> str:
    try:
        return json.dumps(value)
    except RecursionError:
        return shown(type(value))


def _lines(content: str) -> tuple[list[tuple[int, dict[str, Any]]], list[Refusal]]:
    good: list[tuple[int, dict[str, Any]]] = []
    bad: list[Refusal] = []
    lines = [line for line in content.split("\n") if line.strip()]
    if (values := _at_once(lines)) is not None:
        return _objects(enumerate(values))
    for index, line in enumerate(lines):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = _("The line is no valid JSON: %(error)s.") % {"error": error}
            bad.append(Refusal(index, "", reason, Cause.UNREADABLE, line))
            continue
        if value.__class__ is dict:
            good.append((index, value))
        else:
            bad += _objects([(index, value)])[1]
    if not good and len(lines) == len(bad) == 1:
        raise BadBody(_("The body is no valid JSON: %(reason)s") % {"reason": bad[0].reason})
    return good, bad
