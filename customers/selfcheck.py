"""Differences between what is kept for lists and what it is kept from."""

from dataclasses import dataclass

from django.db import connection

from customers.models.customer import COPIED


@dataclass(frozen=True, slots=True)
class Difference:
    """One kept value that is not what it should be. customer_id: whose; None: a sum over all customers."""

    what: str
    customer_id: int | None
    found: object
    right: object

    def __str__(self) -> str:
        whose = "all customers" if self.customer_id is None else f"customer {self.customer_id}"
        return f"{whose}: {self.what} is {self.found}, should be {self.right}"


def differences() -> list[Difference]:
    """Listing rows that are missing, and copied columns that differ from the customer's."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM customers_customer WHERE id NOT IN (SELECT customer_id FROM customers_listing)"
        )
        found += [Difference("listing row", pk, "missing", "there") for (pk,) in cursor.fetchall()]
        for column in COPIED:
            cursor.execute(
                f"SELECT customer_id, listing.{column}, customer.{column}"  # noqa: S608 - our own columns
                " FROM customers_listing AS listing"
                " JOIN customers_customer AS customer ON customer.id = customer_id"
                f" WHERE listing.{column} IS DISTINCT FROM customer.{column}"
            )
            found += [Difference(f"listing.{column}", *row) for row in cursor.fetchall()]
    return found


def repair() -> None:
    """Makes listing rows and their copied columns right."""
    columns = ", ".join(COPIED)
    pairs = ", ".join(f"{column} = excluded.{column}" for column in COPIED)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO customers_listing AS listing (customer_id, {columns})"  # noqa: S608 - our own columns
            f" SELECT id, {columns} FROM customers_customer ORDER BY id"
            f" ON CONFLICT (customer_id) DO UPDATE SET {pairs}"
        )
