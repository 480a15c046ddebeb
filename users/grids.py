"""The users grid: everybody who may sign in."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, OuterRef, Q, TextField, Value
from django.utils.translation import gettext_lazy

from grids.columns import (
    AgeColumn,
    ChoiceColumn,
    FlagColumn,
    LinkColumn,
    MomentColumn,
    NameColumn,
    TextColumn,
)
from grids.filters import Choice, Names, SetFilter, ValuesFilter
from grids.grid import Grid
from setup.models import Reseller
from users.models import Kind, User
from users.roles import Role

MEMBERS = User.groups.through.objects
ROLES = Func(
    ArraySubquery(Group.objects.filter(user=OuterRef("pk")).order_by("name").values("name")), Value(", "),
    function="array_to_string", output_field=TextField(),
)  # fmt: skip


class UserGrid(Grid):
    """One row per user, staff and contacts."""

    model = User
    slug = "users"
    nouns = (gettext_lazy("user"), gettext_lazy("users"))
    permission = "users.view_user"
    default_sort = ("email",)
    default_filters = {"kind": "in:staff"}
    search = "search"

    # fmt: off
    email = LinkColumn(gettext_lazy("Email"), width=260)
    name = TextColumn(gettext_lazy("Name"), width=200)
    kind = ChoiceColumn(gettext_lazy("Kind"), labels=dict(Kind.choices), width=100)
    roles = TextColumn(
        gettext_lazy("Roles"), "role_names", annotations={"role_names": ROLES}, aliases=("role",), width=200,
        filter=SetFilter([
            Choice(role.name.lower(), role.value,
                   Q(pk__in=MEMBERS.filter(group__name=role.value).values("user_id")))
            for role in Role
        ]),
    )
    reseller = NameColumn(gettext_lazy("Reseller"), "reseller_id", names=Names(Reseller))
    active = FlagColumn(gettext_lazy("Active"), "is_active")
    superuser = FlagColumn(gettext_lazy("Superuser"), "is_superuser", hidden=True)
    zone = TextColumn(gettext_lazy("Time zone"), "time_zone", filter=ValuesFilter(), hidden=True)
    last_sign_in = AgeColumn(gettext_lazy("Last sign-in"), "last_login")
    joined = MomentColumn(gettext_lazy("Joined"), "date_joined")
    # fmt: on
