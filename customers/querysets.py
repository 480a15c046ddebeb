"""Every read of customers and of their listing, named as the business says it."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from customers.statuses import effective_status_sql

if TYPE_CHECKING:
    from users.models import User


class VisibleRows(models.QuerySet):
    """Row visibility, for any model that carries `reseller`, `account_manager` and `deleted_at`."""

    def existing(self) -> Self:
        """Rows of customers that are not deleted."""
        return self.filter(deleted_at=None)

    def visible_to(self, user: "User") -> Self:
        """Rows `user` may see.

        A reseller's user sees that reseller's customers, an account manager those it manages, other
        staff with the right to read customers all, anybody else none.
        """
        if not user.is_active or not user.has_perm("customers.view_customer"):
            return self.none()
        rows = self.existing()
        if user.reseller_id:
            return rows.filter(reseller_id=user.reseller_id)
        if not user.has_perm("customers.view_every_customer"):
            return rows.filter(account_manager_id=user.pk)
        return rows

    def with_effective_status(self, at: datetime | None = None) -> Self:
        """Adds `effective_status`: the status that holds at `at` (default: now)."""
        return self.alias(effective_status=effective_status_sql(at)).annotate(
            effective_status=effective_status_sql(at)
        )


class CustomerQuerySet(VisibleRows):
    """Reads of customers themselves."""


class ListingQuerySet(VisibleRows):
    """Reads of the one narrow row per customer that lists are made of."""

    def dialing(self) -> Self:
        """Customers with at least one live call."""
        return self.filter(channels__gt=0)

    def search(self, text: str) -> Self:
        """Customers for which every word of `text` is found in their name, number or any room's words.

        Case does not matter. Words of one or two letters are looked for in names and numbers only: they
        are too common to be worth the trigram index.
        """
        from customers.models.listing import SearchTerm

        rows = self
        for word in text.replace("\x00", "").lower().split()[:10]:
            found = Q(name__icontains=word)
            if word.isdigit() and len(word) < 19:
                found |= Q(pk=int(word))
            if len(word) > 2:
                found = Q(pk__in=SearchTerm.objects.filter(words__contains=word).values("customer_id"))
                if word.isdigit() and len(word) < 19:
                    found |= Q(pk=int(word))
            rows = rows.filter(found)
        return rows
