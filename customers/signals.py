"""News that this room announces."""

from dataclasses import dataclass

from django.dispatch import Signal

# Sent inside the transaction that created them. Arguments: customer_ids (list of int).
customers_created = Signal()

# Sent before customers are deleted, and to know whether they could be. Arguments: customer_ids (list of
# int). A receiver answers with a list of Objection, and does nothing else.
customers_deleting = Signal()


@dataclass(frozen=True)
class Objection:
    """Why a customer should not be deleted now. sentence: with a count; url: where one sees what is meant."""

    customer_id: int
    sentence: str
    url: str = ""
