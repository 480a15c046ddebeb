"""Whether customers may be deleted now: what rooms have against it."""

from typing import cast

from customers.models import Customer
from customers.signals import Objection, customers_deleting


class Objected(Exception):
    """Rooms object, and nobody has said that it is to be done nevertheless. objections: at least one."""

    def __init__(self, objections: list[Objection]) -> None:
        super().__init__(" ".join(objection.sentence for objection in objections))
        self.objections = objections


def objections_to(customer_ids: list[int]) -> list[Objection]:
    """What rooms have against it, by customer."""
    found: list[Objection] = []
    for _receiver, said in customers_deleting.send(Customer, customer_ids=customer_ids):
        found += cast("list[Objection]", said or [])
    return sorted(found, key=lambda objection: objection.customer_id)
