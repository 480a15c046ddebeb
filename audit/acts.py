"""The one way to say who acts and why."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from audit.sources import Source

if TYPE_CHECKING:
    from users.models import User

# Where the present request came from; set by audit.middleware, empty in tasks and commands.
origin: ContextVar[dict[str, str]] = ContextVar("origin")
# The source of the act that goes on; inner ones are parts of it.
_around: ContextVar[Source | None] = ContextVar("around", default=None)


@contextmanager
def acting(*, by: "User | None", reason: str = "", source: Source | None = None) -> Iterator[None]:
    """One transaction whose changed rows carry `by` (None: the system itself) and `reason`.

    source: by which way the change comes; by default that of the act around it, of the present request, or
    the system's own.

    The context is set by a statement of its own before anything else runs, so that COPY, bulk updates and
    raw SQL are recorded like a single save. Nested calls join the outer transaction; their rows carry the
    inner actor and reason, and the outer ones hold again afterwards.
    """
    context = str(uuid.uuid4())
    here = origin.get({})
    source = source or _around.get() or Source(here.get("source", Source.SYSTEM))
    metadata = {
        **here,
        "source": source.value,
        "user": by.pk if by else None,
        "email": by.email if by else "",
        "reason": reason,
    }
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('pghistory.context_id', true),"
                " current_setting('pghistory.context_metadata', true)"
            )
            outer = cursor.fetchone()
            _set(cursor, context, json.dumps(metadata))
        token = _around.set(source)
        try:
            yield
        finally:
            _around.reset(token)
        with connection.cursor() as cursor:
            _set(cursor, outer[0] or "", outer[1] or "")


def _set(cursor: CursorWrapper, context: str, metadata: str) -> None:
    """Sets the context until the transaction ends; empty texts mean no context."""
    cursor.execute(
        "SELECT set_config('pghistory.context_id', %s, true),"
        " set_config('pghistory.context_metadata', %s, true)",
        [context, metadata],
    )
