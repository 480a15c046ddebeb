"""Proof that balances equal their ledger, and listings their balances; and their repair."""

from django.db import connection, transaction

from customers.selfcheck import Difference

_LEDGER = """
    SELECT account.customer_id, account.balance, coalesce(sum(entry.amount), 0)
      FROM billing_account AS account LEFT JOIN billing_ledgerentry AS entry USING (customer_id)
     GROUP BY account.customer_id, account.balance HAVING account.balance <> coalesce(sum(entry.amount), 0)
"""
# What waits to be folded belongs to the listing already.
_LISTING = """
    SELECT listing.customer_id, listing.balance + coalesce(waiting.amount, 0), coalesce(account.balance, 0)
      FROM customers_listing AS listing
      LEFT JOIN billing_account AS account USING (customer_id)
      LEFT JOIN (SELECT customer_id, sum(balance) AS amount FROM calls_figuredelta GROUP BY 1) AS waiting
           USING (customer_id)
     WHERE listing.balance + coalesce(waiting.amount, 0) <> coalesce(account.balance, 0)
"""


def differences() -> list[Difference]:
    """Accounts that are not the sum of their ledger, and listings that show another balance."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE calls_figuredelta IN EXCLUSIVE MODE")
        cursor.execute(_LEDGER)
        found = [Difference("account balance", *row) for row in cursor.fetchall()]
        cursor.execute(_LISTING)
        return found + [Difference("listing.balance", *row) for row in cursor.fetchall()]


def repair() -> None:
    """Makes balances the sum of their ledger, and lets the pulse carry what listings lack."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE calls_figuredelta IN EXCLUSIVE MODE")
        cursor.execute("SET LOCAL connex.repair = 'on'")
        cursor.execute(
            f"UPDATE billing_account AS account SET balance = wrong.right_one"  # noqa: S608 - a constant
            f" FROM ({_LEDGER}) AS wrong (customer_id, found, right_one)"
            " WHERE account.customer_id = wrong.customer_id"
        )
        cursor.execute(
            f"INSERT INTO calls_figuredelta (customer_id, balance)"  # noqa: S608 - a constant
            f" SELECT customer_id, right_one - found"
            f" FROM ({_LISTING}) AS wrong (customer_id, found, right_one)"
        )
