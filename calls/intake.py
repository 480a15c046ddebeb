"""Records of any format into the store, the same way for doors and for files."""

from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from calls import halves, ingest
from calls.formats import asterisk, connex, freeswitch, kamailio
from calls.formats.reading import Item, Layout, layout_of
from calls.ingest import Receipt
from calls.models import CdrFormat, Switch
from calls.wire import MOST_RECORDS, BadBody, TooMany

_READERS = {
    CdrFormat.CONNEX: connex.read,
    CdrFormat.FREESWITCH: freeswitch.read,
    CdrFormat.ASTERISK: asterisk.read,
}


def receive(switch: Switch, body: bytes, cdr_format: CdrFormat, columns: tuple[str, ...] = ()) -> Receipt:
    """Takes a body that a switch has posted. columns: names of those of a CSV, where it does not say.

    Raises wire.BadBody where nothing can be read.
    """
    if not body.strip():
        raise BadBody(_("The body is empty."))
    if cdr_format == CdrFormat.FREESWITCH:
        items = freeswitch.split(body)
    elif cdr_format == CdrFormat.ASTERISK:
        items = asterisk.split(body)
    else:
        items, named = kamailio.split(body)
        columns = named or columns
    if len(items) > MOST_RECORDS:
        raise TooMany(len(items))
    return take(switch, items, layout_of(switch, columns), cdr_format)


def take(switch: Switch, items: list[Item], layout: Layout, cdr_format: str) -> Receipt:
    """Stores what these records say; what is refused is in the quarantine when this returns."""
    if cdr_format == CdrFormat.KAMAILIO:
        return halves.take(switch, kamailio.read(items, layout))
    delivery = _READERS[CdrFormat(cdr_format)](items, layout)
    receipt = ingest.store(switch, delivery.records, delivery.refused, cdr_format=cdr_format)
    return replace(receipt, skipped=delivery.skipped)


def rehearse(switch: Switch, items: list[Item], layout: Layout, cdr_format: str) -> Receipt:
    """What `take` would say, with nothing kept."""
    with transaction.atomic():
        receipt = take(switch, items, layout, cdr_format)
        transaction.set_rollback(True)
    return receipt
