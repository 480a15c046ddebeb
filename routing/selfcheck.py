"""Proof that kept warnings are right, and their repair."""

from django.db import connection

from customers.selfcheck import Difference
from routing.warnings import WARNINGS_SQL

_WRONG = f"""
    SELECT listing.customer_id, listing.routing_warnings, found.warnings
      FROM customers_listing AS listing
      JOIN ({WARNINGS_SQL}) AS found (id, warnings) ON found.id = customer_id
     WHERE listing.routing_warnings <> found.warnings
"""  # noqa: S608 - constants of ours


def differences() -> list[Difference]:
    """Listings whose routing warnings are not what the entries and routes say."""
    with connection.cursor() as cursor:
        cursor.execute(_WRONG)
        return [Difference("listing.routing_warnings", *row) for row in cursor.fetchall()]


def repair() -> None:
    """Derives the warnings of those customers anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE customers_listing AS listing SET routing_warnings = wrong.right_ones"  # noqa: S608
            f" FROM ({_WRONG}) AS wrong (customer_id, found, right_ones)"
            " WHERE listing.customer_id = wrong.customer_id"
        )
