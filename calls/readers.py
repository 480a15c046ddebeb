"""Which reader understands which format. The door, the command and the replay all ask here."""

from collections.abc import Callable

from calls import wire
from calls.formats import asterisk, freeswitch, joining
from calls.formats.reading import layout_of
from calls.models import CdrFormat, Switch
from calls.records import Delivery

# A reader makes a delivery of a body, or raises wire.BadBody where nothing of it can be read. Given the
# `raw` of one record it gives that record, so that a quarantined one can be read again.
Reader = Callable[[Switch, bytes], Delivery]


def _freeswitch(switch: Switch, body: bytes) -> Delivery:
    return freeswitch.read(freeswitch.split(body), layout_of(switch))


def _asterisk(switch: Switch, body: bytes) -> Delivery:
    return asterisk.read(asterisk.split(body), layout_of(switch))


READERS: dict[str, Reader] = {
    CdrFormat.CONNEX: wire.read,
    CdrFormat.FREESWITCH: _freeswitch,
    CdrFormat.ASTERISK: _asterisk,
    CdrFormat.KAMAILIO: joining.read_whole,
}
