"""Noting acts that change no row, and where they came from."""

from typing import TYPE_CHECKING

from audit.models import Act, ActKind

if TYPE_CHECKING:
    from users.models import User


def record(
    kind: ActKind, *, user: "User | None" = None, email: str = "", ip: str | None = None, detail: str = ""
) -> Act:
    """Notes an act that changes no row. email: default the user's own."""
    return Act.objects.create(
        kind=kind, user=user, email=(email or (user.email if user else ""))[:254], ip=ip, detail=detail[:200]
    )
