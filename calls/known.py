"""Which of a delivery's rows name a customer that we know."""

from typing import Any

from django.utils.translation import gettext as _

from calls.fields import Cause, Refusal
from customers.models import Customer

Rows = list[tuple[int, dict[str, Any]]]


def split(rows: Rows) -> tuple[Rows, list[Refusal]]:
    """Splits off rows (index, columns) of customers that never existed. Deleted ones keep their records."""
    named = {row["customer_id"] for _index, row in rows}
    known = set(Customer.objects.filter(pk__in=named).values_list("pk", flat=True))
    strangers = [
        Refusal(
            index,
            "customer_id",
            _("There is no customer %(id)s.") % {"id": row["customer_id"]},
            Cause.UNKNOWN_CUSTOMER,
        )
        for index, row in rows
        if row["customer_id"] not in known
    ]
    return [(index, row) for index, row in rows if row["customer_id"] in known], strangers
