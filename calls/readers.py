"""Which reader understands which format. The door, the command and the replay all ask here."""

from collections.abc import Callable

from calls import wire
from calls.models import CdrFormat, Switch
from calls.records import Delivery

# A reader makes a delivery of a body, or raises wire.BadBody where nothing of it can be read. Given the
# `raw` of one record it gives that record, so that a quarantined one can be read again.
Reader = Callable[[Switch, bytes], Delivery]

READERS: dict[str, Reader] = {
    CdrFormat.CONNEX: wire.read,
}
