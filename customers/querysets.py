"""Every read of customers and of their listing, named as the business says it."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import Q

from customers.statuses import effective_status_sql

if TYPE_CHECKING:
    from users.models import User

# Whose words may be searched: source -> the right to read what they are made of.
SEARCHED = {
    "customers": "",
    "contacts": "contacts.view_contact",
    "routing": "routing.view_ipauth",
}


def eyes_of(user: "User", rights: frozenset[str]) -> tuple[object, ...]:
    """Equal for users to whom `VisibleRows.visible_to` shows the same rows, for all time.

    rights: what the user may do, as full names.
    """
    if not user.is_active or "customers.view_customer" not in rights:
        return ("nothing",)
    if user.reseller_id:
        return ("reseller", user.reseller_id)
    if "customers.view_every_customer" not in rights:
        return ("manager", user.pk)
    return ("every",)


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
        return self.existing()._of(user)

    def deleted_visible_to(self, user: "User") -> Self:
        """Deleted rows that `user` would see if they were not."""
        return self.exclude(deleted_at=None)._of(user)

    def _of(self, user: "User") -> Self:
        if not user.is_active or not user.has_perm("customers.view_customer"):
            return self.none()
        if user.reseller_id:
            return self.filter(reseller_id=user.reseller_id)
        if not user.has_perm("customers.view_every_customer"):
            return self.filter(account_manager_id=user.pk)
        return self

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

    def search(self, text: str, user: "User") -> Self:
        """Customers for which every word of `text` is found in their name, number or a room's words.

        Only the words of rooms that `user` may read are looked at, or finding would tell what reading
        may not. Case does not matter. Words of one or two letters are looked for in names and numbers
        only: they are too common to be worth the trigram index.
        """
        sources = [
            source for source, permission in SEARCHED.items() if not permission or user.has_perm(permission)
        ]
        rows = self
        for word in text.replace("\x00", "").lower().split()[:10]:
            if len(word) > 2:
                terms = self._terms().filter(source__in=sources, words__contains=word)
                rows = rows.filter(pk__in=terms.values("customer_id"))
            elif word.isascii() and word.isdigit():
                rows = rows.filter(Q(name__icontains=word) | Q(pk=int(word)))
            else:
                rows = rows.filter(name__icontains=word)
        return rows

    def _terms(self) -> models.QuerySet:
        """Search words, through the relation, because their model is declared after this queryset."""
        return apps.get_model("customers", "SearchTerm").objects.all()
