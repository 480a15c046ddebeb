"""Switches: who is speaking, and when it last did."""

import base64
import binascii
from datetime import datetime, timedelta

from django.db.models import Q

from calls.models import Switch

_NOTED_EVERY = timedelta(seconds=1)


def by_token(token: str) -> Switch | None:
    """The enabled switch that holds this token."""
    return Switch.objects.filter(token_hash=Switch.hash_token(token), enabled=True).first()


def by_authorization(header: str) -> Switch | None:
    """The enabled switch that an Authorization header names.

    A token comes as `Bearer`, or as the password of `Basic`, for senders that cannot set a header of their
    own; the name there must then be the switch's.
    """
    scheme, _space, said = header.partition(" ")
    if scheme.lower() == "bearer":
        return by_token(said.strip()) if said.strip() else None
    if scheme.lower() != "basic":
        return None
    try:
        name, _colon, token = base64.b64decode(said.strip(), validate=True).decode().rpartition(":")
    except (binascii.Error, ValueError):
        return None
    switch = by_token(token) if token else None
    return switch if switch is not None and switch.name == name else None


def note_heard(switch: Switch, at: datetime) -> None:
    """Keeps when a switch last spoke, once a second at most.

    Call it before the transaction of a delivery: a long one would make the switch's next word wait for
    the row, and its live calls expire meanwhile.
    """
    stale = Q(heard_at=None) | Q(heard_at__lt=at - _NOTED_EVERY)
    Switch.objects.filter(stale, pk=switch.pk).update(heard_at=at)
