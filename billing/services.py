"""Every write to the ledger: verbs, one transaction each, a repeat changes nothing."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db import connection, transaction

from billing.models import EntryKind


def open_accounts(customer_ids: Iterable[int]) -> None:
    """Gives these customers an account in their currency, where they have none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO billing_account (customer_id, currency_id)"
            " SELECT id, currency_id FROM customers_customer WHERE id = ANY(%s) ORDER BY id"
            " ON CONFLICT (customer_id) DO NOTHING",
            [list(customer_ids)],
        )


@transaction.atomic
def post_calls(*, batch_id: int, charges: Mapping[int, Decimal]) -> None:
    """Debits each customer once for a batch of call records.

    charges: customer id -> what the batch's new records cost, in the customer's currency.
    """
    owed = {customer_id: charge for customer_id, charge in charges.items() if charge}
    open_accounts(owed)
    # One statement: an object for each entry would cost more than all else that is done with the records.
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO billing_ledgerentry (customer_id, kind, amount, reference, description)"
            " SELECT id, %s, -charge, %s, '' FROM unnest(%s::bigint[], %s::numeric[]) AS owed (id, charge)"
            " ORDER BY id ON CONFLICT DO NOTHING",
            [EntryKind.CALLS.value, f"batch {batch_id}", list(owed), list(owed.values())],
        )
