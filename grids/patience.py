"""Looking through large tables is ended after a while, rather than let a person wait and a database work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

QUERY_CANCELED = "57014"


class TooSlow(Exception):
    """Looking through that many rows was given up."""


@contextmanager
def patience(milliseconds: int) -> Iterator[None]:
    """Each statement inside may take so long; 0: as long as it takes. Raises TooSlow. For reading only."""
    if not milliseconds:
        yield
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [milliseconds])
            yield
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != QUERY_CANCELED:
            raise
        raise TooSlow from None
