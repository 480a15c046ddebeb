"""Every read of authentication entries and routes."""

from typing import TYPE_CHECKING, Self

from django.db import models

from customers.models import Customer

if TYPE_CHECKING:
    from users.models import User


class OfCustomers(models.QuerySet):
    """Rows that belong to one customer each."""

    def visible_to(self, user: "User") -> Self:
        """Rows of the customers that `user` may see."""
        return self.filter(customer__in=Customer.objects.visible_to(user))
