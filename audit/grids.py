"""The audit grid: who signed in, who tried to, and what was done to a sign-in."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from audit.models import Act, ActKind
from grids.columns import ChoiceColumn, CodeColumn, LinkColumn, MomentColumn, NameColumn, TextColumn
from grids.filters import Names
from grids.grid import Grid
from users.models import User


class ActGrid(Grid):
    """Acts without end, the latest first; they are never counted."""

    model = Act
    slug = "acts"
    nouns = (gettext_lazy("act"), gettext_lazy("acts"))
    permission = "audit.view_act"
    default_sort = ("-at",)
    search = "search"
    counted = False
    patience_ms = 8_000

    # fmt: off
    at = MomentColumn(gettext_lazy("When"), aliases=("when",))
    email = LinkColumn(
        gettext_lazy("Email"), width=240, help=gettext_lazy("Whose sign-in it was about, or what was typed")
    )
    kind = ChoiceColumn(gettext_lazy("Act"), labels=dict(ActKind.choices), width=220, aliases=("act",))
    ip = CodeColumn(gettext_lazy("Address"), width=150, aliases=("address",))
    detail = TextColumn(gettext_lazy("Detail"), width=320)
    user = NameColumn(
        gettext_lazy("User"), "user_id", names=Names(User, "email"), large=True, hidden=True,
        help=gettext_lazy("The user by today's email; none where nobody is known"),
    )
    # fmt: on
