"""Every write to the ledger: verbs, one transaction each, a repeat changes nothing."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db import connection, transaction

from billing.models import EntryKind, LedgerEntry


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
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(
                customer_id=customer_id, kind=EntryKind.CALLS, amount=-charge, reference=f"batch {batch_id}"
            )
            for customer_id, charge in sorted(owed.items())
        ],
        ignore_conflicts=True,
    )
