"""Changes of a customer that wait for their time."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Customer
from customers.rights import MONEY, SEES_MONEY


class ScheduledChangeQuerySet(models.QuerySet["ScheduledChange"]):
    """Reads of delayed changes."""

    def visible_to(self, user: Any) -> Self:
        """Those of customers that `user` sees; with amounts for who sees money only."""
        found = self.filter(customer__in=Customer.objects.visible_to(user))
        return found if user.has_perm(SEES_MONEY) else found.exclude(fields__has_any_keys=list(MONEY))

    def waiting(self) -> Self:
        return self.filter(state=ScheduledChange.State.WAITING)


class ScheduledChange(models.Model):
    """What one person wants done with one customer at `run_at`, as that person.

    fields: {name: value as `audit.changes.plain` writes it; of a foreign key its key}. before: the same
    names with what was stored when it was asked for. note: what was found when it was carried out.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")
        CANCELLED = "cancelled", _("Cancelled")

    customer = models.ForeignKey(
        Customer, verbose_name=_("customer"), on_delete=models.CASCADE, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked"), auto_now_add=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    run_at = models.DateTimeField(_("time"))
    fields = models.JSONField(_("fields"), encoder=DjangoJSONEncoder)
    before = models.JSONField(_("before"), encoder=DjangoJSONEncoder)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    ended_at = models.DateTimeField(_("ended"), null=True)
    note = models.TextField(_("note"), blank=True)

    objects = ScheduledChangeQuerySet.as_manager()

    class Meta:
        ordering = ("run_at", "pk")
        verbose_name = _("delayed change")
        verbose_name_plural = _("delayed changes")
        default_permissions = ()
        indexes = [
            models.Index("run_at", condition=models.Q(state="waiting"), name="scheduled_change_due"),
            models.Index("customer", condition=models.Q(state="waiting"), name="scheduled_change_customer"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
