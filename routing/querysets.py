"""Every read of authentication entries and routes."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import BooleanField, Case, F, Func, GenericIPAddressField, Q, TextField, Value, When
from django.db.models.functions import Cast

from customers.models import Customer

if TYPE_CHECKING:
    from routing.models import IpAuth
    from users.models import User


class OfCustomers(models.QuerySet):
    """Rows that belong to one customer each."""

    def visible_to(self, user: "User") -> Self:
        """Rows of the customers that `user` may see."""
        return self.filter(customer__in=Customer.objects.visible_to(user))


class _Overlaps(Func):
    """left && right: two networks share an address."""

    template = "%(expressions)s"
    arg_joiner = " && "
    output_field = BooleanField()


class IpAuths(OfCustomers):
    """Reads of IP entries."""

    def mistaken_for(self, entry: "IpAuth") -> Self:
        """Entries of other customers whose calls a switch cannot tell from those of `entry`.

        Both are sources of calls and share an address; neither a different tech prefix nor CLI
        authentication at both keeps them apart.
        """
        if not (entry.is_network and entry.may_send):
            return self.none()
        inet = GenericIPAddressField()
        # CASE, because a plain condition would not keep host names away from the cast
        as_network = Case(When(is_network=True, then=Cast("host", inet)), output_field=inet)
        told_apart = Q(cli_authentication=True) if entry.cli_authentication else Q(pk__in=[])
        return (
            self.exclude(customer_id=entry.customer_id)
            .exclude(told_apart)
            .alias(network=as_network)
            .alias(overlaps=_Overlaps(F("network"), Cast(Value(entry.host, TextField()), inet)))
            .filter(may_send=True, enabled=True, tech_prefix=entry.tech_prefix, overlaps=True)
        )
