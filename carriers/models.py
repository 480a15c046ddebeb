"""Upstream providers that take calls on."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from customers.models import PaidMode
from setup.history import tracked
from setup.models import Currency


@tracked()
class Carrier(models.Model):
    """A provider. Limits: empty or 0 means unlimited; time-outs are seconds."""

    name = models.CharField(_("name"), max_length=128)
    currency = models.ForeignKey(
        Currency, verbose_name=_("currency"), on_delete=models.PROTECT, related_name="+"
    )
    channels_limit = models.PositiveIntegerField(_("channels"), null=True, blank=True)
    cps_limit = models.PositiveIntegerField(_("flow speed (CPS)"), null=True, blank=True)
    first_reply_timeout_s = models.PositiveSmallIntegerField(_("first reply timeout (s)"), default=3)
    pdd_timeout_s = models.PositiveSmallIntegerField(_("PDD timeout (s)"), default=5)
    ring_timeout_s = models.PositiveSmallIntegerField(_("ring timeout (s)"), default=60)
    paid_mode = models.CharField(
        _("P-Asserted-ID"), max_length=12, choices=PaidMode, default=PaidMode.DEFAULT
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("carrier")
        verbose_name_plural = _("carriers")
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="carrier_name_once",
                violation_error_message=_("A carrier with this name already exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name
