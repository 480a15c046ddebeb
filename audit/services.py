"""Noting acts that change no row, and where they came from."""

from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from redis.exceptions import RedisError

from audit.models import Act, ActKind

if TYPE_CHECKING:
    from users.models import User

# Guessing from many addresses must not fill the disk: 600 an hour are 5 million rows a year at worst, and far
# more than people mistype.
FAILURES_PER_HOUR = 600


def record(
    kind: ActKind, *, user: "User | None" = None, email: str = "", ip: str | None = None, detail: str = ""
) -> Act:
    """Notes an act that changes no row. email: default the user's own."""
    return Act.objects.create(
        kind=kind, user=user, email=(email or (user.email if user else ""))[:254], ip=ip, detail=detail[:200]
    )


def record_failure(kind: ActKind, **more: Any) -> Act | None:
    """Notes an attempt that failed, as `record` does; of FAILURES_PER_HOUR the last says that more are not
    written. Where Redis does not count, nothing is let in uncounted and little comes here."""
    try:
        cache.add("audit:failures", 0, 3600)
        number = cache.incr("audit:failures")
    except (RedisError, ValueError):  # ValueError: the hour ended between the two
        number = 1
    if number > FAILURES_PER_HOUR:
        return None
    if number == FAILURES_PER_HOUR:
        more["detail"] = f"{more.get('detail', '')[:100]}; further failures of this hour are not written"
    return record(kind, **more)
