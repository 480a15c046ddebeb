"""Which of a delivery's rows name a customer that we know."""

from typing import Any

from django.utils.translation import gettext as _

from calls.fields import Cause, Refusal
from customers.models import Customer

Rows = list[tuple[int, dict[str, Any]]]


def split(rows: Rows) -> tuple[Rows, list[Refusal]]:
    """Splits off rows (index, columns) of customers that never existed. Deleted ones keep their records."""
    ours = among({row["customer_id"] for _index, row in rows})
    strangers = [stranger(index, row["customer_id"]) for index, row in rows if row["customer_id"] not in ours]
    return [(index, row) for index, row in rows if row["customer_id"] in ours], strangers


def among(named: set[int]) -> set[int]:
    """The ids among these that are or were a customer's."""
    return set(Customer.objects.filter(pk__in=named).values_list("pk", flat=True))


def stranger(index: int, customer_id: int) -> Refusal:
    """Why a record of somebody else is refused. index: its place in the delivery."""
    return Refusal(
        index, "customer_id", _("There is no customer %(id)s.") % {"id": customer_id}, Cause.UNKNOWN_CUSTOMER
    )
