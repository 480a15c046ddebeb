"""Money: an append-only ledger, and the balance that is its sum."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from setup.models import Currency


class EntryKind(models.TextChoices):
    PAYMENT = "payment", _("payment")
    CALLS = "calls", _("calls")
    ADJUSTMENT = "adjustment", _("adjustment")


class Account(models.Model):
    """A customer's money. A trigger keeps `balance` the sum of its ledger entries, in their transaction."""

    customer = models.OneToOneField(
        Customer, primary_key=True, on_delete=models.CASCADE, related_name="account"
    )
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="+")
    balance = models.DecimalField(max_digits=28, decimal_places=8, db_default=0)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        triggers = [
            pgtrigger.Trigger(
                name="balance_is_the_ledgers_sum",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("balance"),
                # Depth 1 is a statement of somebody's own, 2 is the ledger's trigger below.
                func="""
                    IF pg_trigger_depth() = 1
                       AND current_setting('connex.repair', true) IS DISTINCT FROM 'on' THEN
                        RAISE EXCEPTION 'A balance is the sum of its ledger. Post an entry instead.'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.balance} {self.currency_id}"


class LedgerEntry(models.Model):
    """One change of a balance, in the account's currency; charges are negative. Never changed, never deleted.

    `reference` makes a repeat harmless: a kind and reference is posted once per customer. For calls it is
    the batch the records came in.
    """

    customer = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="entries", db_column="customer_id"
    )
    at = models.DateTimeField(_("at"), db_default=models.functions.Now())
    kind = models.CharField(_("kind"), max_length=12, choices=EntryKind)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=8)
    reference = models.CharField(_("reference"), max_length=64)
    description = models.CharField(_("description"), max_length=200, blank=True)

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        indexes = [models.Index(fields=["customer", "at"], name="ledger_by_customer")]
        constraints = [
            models.UniqueConstraint(
                "customer",
                "kind",
                "reference",
                name="ledger_entry_once",
                violation_error_message=_("This entry was posted already."),
            ),
            models.CheckConstraint(
                condition=~Q(amount=0),
                name="ledger_entry_moves_money",
                violation_error_message=_("An entry of 0 would change nothing."),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="keep_balance",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                # Accounts are locked in id order, as every other writer does. The listing hears of it by a
                # delta: the pulse is the one writer of figures there.
                func="""
                    PERFORM 1 FROM billing_account WHERE customer_id IN (SELECT customer_id FROM new_rows)
                      ORDER BY customer_id FOR NO KEY UPDATE;
                    UPDATE billing_account AS account SET balance = account.balance + posted.amount
                      FROM (SELECT customer_id, sum(amount) AS amount
                              FROM new_rows GROUP BY customer_id) AS posted
                     WHERE account.customer_id = posted.customer_id;
                    INSERT INTO calls_figuredelta (customer_id, balance)
                    SELECT customer_id, sum(amount) FROM new_rows GROUP BY customer_id;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.kind}"
