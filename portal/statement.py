"""What a customer is told about its own account."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, Listing, Status
from setup.models import Currency

# What each status means to the one who has it.
SENTENCES = {
    Status.ACTIVE: _("Your account is active. You can make calls."),
    Status.INACTIVE: _("Your account is inactive. Calls are refused."),
    Status.PENDING: _("Your account is being set up. Calls are refused until it is ready."),
    Status.PENDING_APPROVAL: _("Your account waits for approval. Calls are refused until then."),
    Status.PENALTY: _("Your account is suspended. Calls are refused until the suspension ends."),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One account as its owner sees it. Money is in `currency`, and empty where the operator hides it.

    channels_limit: None where there is none.
    """

    name: str
    number: int
    status: str
    status_label: str | Promise
    sentence: str | Promise
    currency: Currency
    balance: Decimal | None
    available_credit: Decimal | None
    channels: int
    channels_limit: int | None


def of(customer: Customer) -> Statement:
    """The present statement; figures are those the customers list shows. One query."""
    row = Listing.objects.existing().get(pk=customer.pk)
    status = customer.effective_status(timezone.now())
    shows_money = "balance" not in customer.portal_hide
    return Statement(
        name=row.name,
        number=row.pk,
        status=status,
        status_label=status.label,
        sentence=SENTENCES[status],
        currency=customer.currency,
        balance=row.balance if shows_money else None,
        available_credit=row.available_credit if shows_money else None,
        channels=row.channels,
        channels_limit=row.channels_limit or None,
    )
