"""Switches: making one, who is speaking, and when it last did."""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Q
from django.utils.translation import gettext as _

from audit.acts import acting
from calls.models import Switch

_NOTED_EVERY = timedelta(seconds=1)


class SwitchExists(Exception):
    """A switch of that name is there already."""


class NoSwitch(Exception):
    """There is no switch of that name."""


def add(name: str) -> str:
    """Makes a switch. Returns its token, which nobody can look up later.

    Raises SwitchExists, and ValidationError for a name that cannot be one.
    """
    token = Switch.new_token()
    switch = Switch(name=name, token_hash=Switch.hash_token(token))
    switch.clean_fields()
    if ":" in name:  # senders give name and token as `name:token`
        raise ValidationError(_("A colon may not be in it."))
    try:
        with acting(by=None, reason="manage.py switch_token: new switch"):
            switch.save(force_insert=True)
    except IntegrityError:
        raise SwitchExists(name) from None
    return token


def renew_token(name: str) -> str:
    """Gives a switch a new token in place of the old one, which ends at once; revoked, it may report again.

    Raises NoSwitch.
    """
    token = Switch.new_token()
    _change(name, "new token", token_hash=Switch.hash_token(token), enabled=True)
    return token


def revoke(name: str) -> None:
    """From now on the switch may report nothing; what it has reported stays. Raises NoSwitch."""
    _change(name, "token revoked", enabled=False)


def _change(name: str, reason: str, **fields: Any) -> None:
    with acting(by=None, reason=f"manage.py switch_token: {reason}"):
        if not Switch.objects.filter(name=name).update(**fields):
            raise NoSwitch(name)


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
