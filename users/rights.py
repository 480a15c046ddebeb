"""What a user may do, read together with whatever else a poll asks, in its one statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from django.contrib.auth.models import Permission

from users.models import Kind

if TYPE_CHECKING:
    from users.models import User

# Ids of the permissions that %(user)s has by its groups, the only way to have any (users.backends).
GRANTED_SQL = """
    ARRAY(SELECT DISTINCT granted.permission_id
            FROM users_user_groups AS member
            JOIN auth_group_permissions AS granted ON granted.group_id = member.group_id
           WHERE member.user_id = %(user)s ORDER BY 1)
"""


class _Everything(frozenset[str]):
    """Holds every name, known or not, as `has_perm` says yes to superusers; equal to no list of rights."""

    def __contains__(self, right: object) -> bool:
        return True


EVERYTHING = _Everything({"*"})


def rights_of(user: User, granted: Sequence[int]) -> frozenset[str]:
    """The full names of what GRANTED_SQL gave for `user`: what its `has_perm` says yes to.

    Superusers, who may do whatever there is, get EVERYTHING.
    """
    if not user.is_active or user.kind != Kind.STAFF:
        return frozenset()
    if user.is_superuser:
        return EVERYTHING
    return _names(tuple(granted))


@lru_cache(maxsize=256)
def _names(granted: tuple[int, ...]) -> frozenset[str]:
    """A permission keeps its name for good, so that one look is enough for each set of them."""
    found = Permission.objects.filter(pk__in=granted).values_list("content_type__app_label", "codename")
    return frozenset(f"{app}.{codename}" for app, codename in found)
