"""News this room hears."""

from collections.abc import Mapping
from decimal import Decimal

from django.dispatch import receiver

from billing import services
from calls.signals import cdrs_stored
from customers.signals import customers_created


@receiver(customers_created)
def open_accounts(*, customer_ids: list[int], **_news: object) -> None:
    services.open_accounts(customer_ids)


@receiver(cdrs_stored)
def charge_calls(*, batch_id: int, charges: Mapping[int, Decimal], **_news: object) -> None:
    services.post_calls(batch_id=batch_id, charges=charges)
