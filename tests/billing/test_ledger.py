"""The ledger: append-only, posted once, and the balance its sum."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from billing import selfcheck, services
from billing.models import Account, EntryKind, LedgerEntry
from calls.pulse import refresh_all
from customers.models import Listing
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


def post(customer, amount, reference):
    return LedgerEntry.objects.create(
        customer_id=customer.pk, kind=EntryKind.PAYMENT, amount=Decimal(amount), reference=reference
    )


def test_a_new_customer_has_an_account_in_its_currency():
    customer = make_customer(currency="GBP")
    account = Account.objects.get(pk=customer.pk)
    assert (account.currency_id, account.balance) == ("GBP", 0)


def test_the_balance_is_the_sum_of_the_ledger_and_reaches_the_listing():
    customer = make_customer()
    post(customer, "100.00000001", "p1")
    post(customer, "-25.5", "p2")
    assert Account.objects.get(pk=customer.pk).balance == Decimal("74.50000001")
    refresh_all()
    assert Listing.objects.get(pk=customer.pk).balance == Decimal("74.50000001")


@pytest.mark.parametrize("spoil", ["update", "delete"])
def test_an_entry_can_be_neither_changed_nor_deleted(spoil):
    customer = make_customer()
    entry = post(customer, "10", "p1")
    rows = LedgerEntry.objects.filter(pk=entry.pk)
    with pytest.raises(InternalError, match="Cannot"), transaction.atomic():
        rows.update(amount=11) if spoil == "update" else rows.delete()
    assert Account.objects.get(pk=customer.pk).balance == 10


def test_the_same_reference_is_posted_once():
    customer = make_customer()
    post(customer, "10", "p1")
    with pytest.raises(IntegrityError, match="ledger_entry_once"), transaction.atomic():
        post(customer, "10", "p1")
    services.post_calls(batch_id=1, charges={customer.pk: Decimal(2)})
    services.post_calls(batch_id=1, charges={customer.pk: Decimal(2)})
    assert Account.objects.get(pk=customer.pk).balance == 8


def test_an_entry_of_nothing_is_refused():
    with pytest.raises(IntegrityError, match="ledger_entry_moves_money"), transaction.atomic():
        post(make_customer(), "0", "p1")


def test_a_balance_cannot_be_written_past_the_ledger_and_a_wrong_one_is_repaired():
    customer = make_customer()
    post(customer, "10", "p1")
    accounts = Account.objects.filter(pk=customer.pk)
    with pytest.raises(IntegrityError, match="Post an entry instead"), transaction.atomic():
        accounts.update(balance=1_000_000)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL connex.repair = 'on'")
        accounts.update(balance=7)
        cursor.execute("SET LOCAL connex.repair = 'off'")
    wrong = selfcheck.differences()[0]
    assert (wrong.found, wrong.right) == (7, 10)
    selfcheck.repair()
    refresh_all()
    assert selfcheck.differences() == []
    assert accounts.get().balance == 10
