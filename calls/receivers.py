"""News this room hears."""

from __future__ import annotations

from django.db.models import Count
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from calls.models import Dialog
from customers.signals import Objection, customers_deleting


@receiver(customers_deleting)
def object_to_live_calls(*, customer_ids: list[int], **_news: object) -> list[Objection]:
    """Calls that are up go on when their customer is deleted, and somebody should know."""
    live = Dialog.objects.live(timezone.now()).filter(customer_id__in=customer_ids).order_by()
    return [
        Objection(
            customer_id,
            ngettext("%(n)d call is up.", "%(n)d calls are up.", calls) % {"n": calls},
            reverse("tabs:live", args=[customer_id]),
        )
        for customer_id, calls in live.values_list("customer_id").annotate(calls=Count("pk"))
    ]
