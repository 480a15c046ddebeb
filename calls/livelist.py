"""The list of calls that are up, as one user may see it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.crypto import salted_hmac

from calls.latest import Names
from calls.models import Dialog, DialogState
from calls.querysets import DialogQuerySet
from calls.sight import CallSight

if TYPE_CHECKING:
    from users.models import User

MOST_ROWS = 200  # what a person can look at; the number above the list counts all


@dataclass(frozen=True)
class LiveCall:
    """One row. since: from when its duration is counted, the answer, or the start while it rings."""

    dialog: Dialog
    names: Names

    @property
    def since(self) -> datetime:
        return self.dialog.answered_at or self.dialog.started_at

    @property
    def state(self) -> str:
        return str(DialogState(self.dialog.state).label)

    @property
    def customer(self) -> str:
        return self.names.customers.get(self.dialog.customer_id, "")

    @property
    def carrier(self) -> str:
        return self.names.carriers.get(self.dialog.carrier_id or 0, "")

    @property
    def switch(self) -> str:
        return self.names.switches.get(self.dialog.switch_id, "")

    @property
    def anchor(self) -> str:
        """The same id for the same call at every refresh, so that the focus stays with it."""
        one = self.dialog
        key = f"{one.customer_id}.{one.switch_id}.{one.callid}".encode()
        return f"live-{hashlib.blake2s(key, digest_size=8).hexdigest()}"

    def shows(self) -> tuple[object, ...]:
        """What the row tells, apart from the time that passes."""
        one = self.dialog
        told = (one.customer_id, one.switch_id, one.callid, one.state, one.cli, one.destination, one.codec)
        return (*told, self.since, self.customer, self.carrier, self.switch)


@dataclass
class LiveList:
    """The calls of `customer_id` (None: of everybody whom `user` may see) that are up at `now`."""

    user: User
    now: datetime
    customer_id: int | None = None

    @cached_property
    def sight(self) -> CallSight:
        return CallSight.of(self.user)

    @property
    def _live(self) -> DialogQuerySet:
        rows = Dialog.objects.visible_to(self.user).live(self.now)
        return rows if self.customer_id is None else rows.filter(customer_id=self.customer_id)

    @cached_property
    def rows(self) -> list[LiveCall]:
        """Newest first, MOST_ROWS of them."""
        order = ("-started_at", "customer_id", "switch_id", "callid")
        found = list(self._live.order_by(*order)[:MOST_ROWS])
        names = Names.of(found, self.sight) if found else Names()
        return [LiveCall(dialog, names) for dialog in found]

    @cached_property
    def count(self) -> int:
        """All that are up: as many as there are channels in use, so they can be counted."""
        return len(self.rows) if len(self.rows) < MOST_ROWS else self._live.count()

    @property
    def more(self) -> int:
        return self.count - len(self.rows)

    @cached_property
    def token(self) -> str:
        """Changes as soon as anything on the list does; for each person another one, and no checksum that
        anybody could try out."""
        told = repr((self.count, [row.shows() for row in self.rows]))
        return salted_hmac(f"calls.livelist:{self.user.pk}", told).hexdigest()[:16]
