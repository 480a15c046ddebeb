"""Reads of call records and of live calls, named as the business says it."""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import DurationField, ExpressionWrapper, F, Func, Q, Value

from customers.models import Customer

if TYPE_CHECKING:
    from calls.callkeys import CallKey
    from users.models import User

_NUMBER = re.compile(r"\+?[0-9][0-9 ()./-]*")


class _Seconds(Func):
    """A number of seconds as an interval."""

    template = "make_interval(secs => %(expressions)s)"
    output_field = DurationField()


# The rule of DialogQuerySet.live for statements written in SQL; wants `dialog`, `switch` and %(at)s.
LIVE_SQL = """
    dialog.ended_at IS NULL AND dialog.seen_at > %(at)s - make_interval(secs => switch.keepalive_s)
    AND (switch.listed_at IS NULL OR dialog.told_at >= switch.listed_at)
"""


class OfCustomers(models.QuerySet):
    """Row visibility for tables that name a customer by number only."""

    def visible_to(self, user: User) -> Self:
        """Rows of customers that `user` may see."""
        return self.filter(customer_id__in=Customer.objects.visible_to(user).order_by().values("pk"))


class CdrQuerySet(OfCustomers):
    """Reads of call records. Every one of many rows says which time it is about: partitions are by day."""

    def between(self, begin: datetime, end: datetime) -> Self:
        """Attempts that started from `begin` until before `end`."""
        return self.filter(started_at__gte=begin, started_at__lt=end)

    def as_customers_see(self) -> Self:
        """One row per call: attempts that failed over to another carrier are left out."""
        return self.filter(is_last=True)

    def named(self, key: CallKey) -> Self:
        """The one attempt of a key."""
        return self.filter(
            customer_id=key.customer_id,
            started_at=key.started_at,
            switch_id=key.switch_id,
            callid=key.callid,
            attempt=key.attempt,
        )

    def newest_first(self) -> Self:
        return self.order_by("-started_at", "-customer_id", "-switch_id", "-callid", "-attempt")

    def oldest_first(self) -> Self:
        return self.order_by("started_at", "customer_id", "switch_id", "callid", "attempt")

    def older_than(self, key: CallKey) -> Self:
        """Those after `key` in the order of `newest_first`."""
        return self.filter(_beyond(key, "lt"), started_at__lte=key.started_at)

    def newer_than(self, key: CallKey) -> Self:
        return self.filter(_beyond(key, "gt"), started_at__gte=key.started_at)

    def search(self, words: str, user: User) -> Self:
        """What the text box of a list finds for `user`."""
        return self.look_up(words, switches=not user.reseller_id and user.has_perm("calls.view_switch"))

    def look_up(self, words: str, *, switches: bool) -> Self:
        """Attempts with this address, this number (whole or a part, with or without prefix) or Call-ID.

        switches: addresses of switches too; finding would tell those who may not read them.
        A number of fewer than three digits is looked for in Call-IDs only: it would be part of nearly all.
        """
        try:
            address = str(ipaddress.ip_address(words))
        except ValueError:
            pass
        else:
            here = Q(source_ip=address)
            return self.filter(here | Q(switch_ip=address) if switches else here)
        found = Q(callid__contains=words)
        digits = re.sub(r"[^0-9]", "", words)
        if len(digits) >= 3 and _NUMBER.fullmatch(words):
            for column in ("destination", "cli", "destination_received", "cli_received"):
                found |= Q(**{f"{column}__contains": digits})
        return self.filter(found)


def _beyond(key: CallKey, side: str) -> Q:
    """Rows whose columns, in the order of the lists, come before ("lt") or after ("gt") those of `key`."""
    beyond = Q()
    same: dict[str, object] = {}
    for column in ("started_at", "customer_id", "switch_id", "callid", "attempt"):
        value = getattr(key, column)
        beyond |= Q(**same, **{f"{column}__{side}": value})
        same[column] = value
    return beyond


class DialogQuerySet(OfCustomers):
    """Reads of live calls."""

    def live(self, at: datetime) -> Self:
        """Calls that are up at `at`: not ended, named within the keep-alive of their switch, and named in
        its last full list if it has sent one since."""
        promised = ExpressionWrapper(
            Value(at, models.DateTimeField()) - _Seconds(F("switch__keepalive_s")),
            output_field=models.DateTimeField(),
        )
        listed = Q(switch__listed_at=None) | Q(told_at__gte=F("switch__listed_at"))
        return self.filter(listed, ended_at=None, seen_at__gt=promised)

    def search(self, words: str, user: User) -> Self:
        """Calls with this number, whole or a part, or with this in their Call-ID."""
        found = Q(callid__contains=words)
        digits = re.sub(r"[^0-9]", "", words)
        if digits and _NUMBER.fullmatch(words):
            found |= Q(destination__contains=digits) | Q(cli__contains=digits)
        return self.filter(found)
