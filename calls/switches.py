"""Switches: who is speaking, and when it last did."""

from datetime import datetime, timedelta

from django.db.models import Q

from calls.models import Switch

_NOTED_EVERY = timedelta(seconds=1)


def by_token(token: str) -> Switch | None:
    """The enabled switch that holds this token."""
    return Switch.objects.filter(token_hash=Switch.hash_token(token), enabled=True).first()


def note_heard(switch: Switch, at: datetime) -> None:
    """Keeps when a switch last spoke, once a second at most.

    Call it before the transaction of a delivery: a long one would make the switch's next word wait for
    the row, and its live calls expire meanwhile.
    """
    stale = Q(heard_at=None) | Q(heard_at__lt=at - _NOTED_EVERY)
    Switch.objects.filter(stale, pk=switch.pk).update(heard_at=at)
