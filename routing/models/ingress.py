"""Which way a call that a customer sends goes in: routes with prefix, dial strings and limits."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from routing.models.sip_auth import PREFIX, routing_triggers
from routing.querysets import OfCustomers
from setup.history import tracked


@tracked()
class IngressRoute(models.Model):
    """One way in. Longest matching tech prefix first; among those a dial string must match (none: all do).

    Limits: empty or 0 means unlimited. `capped_rate` is the dearest rate per minute a call may have, in
    the customer's currency. `max_duration_s`: a call is cut at this age.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="ingress_routes")
    name = models.CharField(_("name"), max_length=128)
    tech_prefix = models.CharField(_("tech prefix"), max_length=32, blank=True, validators=[PREFIX])
    dial_strings = ArrayField(
        models.CharField(max_length=128),
        verbose_name=_("dial strings"),
        default=list,
        blank=True,
        help_text=_("Prefixes or regular expressions, one per line. Empty: every number."),
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    on_net = models.BooleanField(_("on-net call routing"), default=False)
    channels_limit = models.PositiveIntegerField(_("channels"), null=True, blank=True)
    cps_limit = models.PositiveIntegerField(_("flow speed (CPS)"), null=True, blank=True)
    cps_buffer_s = models.PositiveSmallIntegerField(_("CPS spike buffer (s)"), default=0)
    max_duration_s = models.PositiveIntegerField(
        _("max. duration (s)"), default=3600, validators=[MinValueValidator(1)]
    )
    capped_rate = models.DecimalField(
        _("capped rate"), max_digits=20, decimal_places=8, null=True, blank=True
    )
    profit_assurance = models.BooleanField(_("profit assurance"), default=True)
    block_connect_cost = models.BooleanField(_("block connect cost"), default=False)
    notes_public = models.TextField(_("notes the customer reads"), blank=True)
    notes_private = models.TextField(_("notes for staff"), blank=True)
    created_at = models.DateTimeField(_("created"), db_default=models.functions.Now(), editable=False)

    objects = OfCustomers.as_manager()

    class Meta:
        ordering = ("customer", "-tech_prefix", "pk")
        verbose_name = _("ingress route")
        verbose_name_plural = _("ingress routes")
        constraints = [
            models.UniqueConstraint(
                "customer",
                "name",
                name="ingress_route_name_once",
                violation_error_message=_("This customer already has a route with this name."),
            ),
            models.CheckConstraint(
                condition=Q(capped_rate=None) | Q(capped_rate__gte=0),
                name="ingress_route_capped_rate_not_negative",
                violation_error_message=_("The capped rate cannot be negative."),
            ),
        ]
        triggers = routing_triggers()

    def __str__(self) -> str:
        return self.name
