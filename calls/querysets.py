"""Reads of live calls, named as the business says it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import DurationField, ExpressionWrapper, F, Func, Q, Value

from customers.models import Customer

if TYPE_CHECKING:
    from users.models import User


class _Seconds(Func):
    """A number of seconds as an interval."""

    template = "make_interval(secs => %(expressions)s)"
    output_field = DurationField()


# The rule of DialogQuerySet.live for statements written in SQL; wants `dialog`, `switch` and %(at)s.
LIVE_SQL = """
    dialog.ended_at IS NULL AND dialog.seen_at > %(at)s - make_interval(secs => switch.keepalive_s)
    AND (switch.listed_at IS NULL OR dialog.told_at >= switch.listed_at)
"""


class DialogQuerySet(models.QuerySet):
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

    def visible_to(self, user: User) -> Self:
        """Calls of customers that `user` may see."""
        return self.filter(customer_id__in=Customer.objects.visible_to(user).order_by().values("pk"))
