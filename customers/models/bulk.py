"""Changes of many customers in one act, kept so that they can be taken back."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.rights import MONEY, SEES_EVERYBODY, SEES_MONEY


class BulkChangeQuerySet(models.QuerySet["BulkChange"]):
    """Reads of bulk changes."""

    def visible_to(self, user: Any) -> Self:
        """Own ones; those of everybody to staff that sees every customer. Money for who sees money."""
        if not user.is_active:
            return self.none()
        if not user.has_perm(SEES_MONEY):
            return self.exclude(columns__overlap=list(MONEY))._made_for(user)
        return self._made_for(user)

    def _made_for(self, user: Any) -> Self:
        sees_all = not user.reseller_id and user.has_perm(SEES_EVERYBODY)
        return self.all() if sees_all else self.filter(made_by=user)


class BulkChange(models.Model):
    """What became of customers in one transaction.

    columns: of the table that were to be written. said: what was asked for, as lines for people. rows:
    {customer id: [before, after]}, both {column: value as `audit.changes.plain` writes it}, of just the
    columns that changed. refused: [customer id, why]. conflicts: those that an undo left alone, likewise.
    """

    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    columns = ArrayField(models.CharField(max_length=64), verbose_name=_("columns"), default=list)
    said = models.JSONField(_("asked for"), default=list)
    rows = models.JSONField(_("rows"), default=dict, encoder=DjangoJSONEncoder)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    refused = models.JSONField(_("refused"), default=list)
    undone_at = models.DateTimeField(_("undone"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("undone by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    conflicts = models.JSONField(_("left alone"), default=list)

    objects = BulkChangeQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("bulk change")
        verbose_name_plural = _("bulk changes")
        default_permissions = ()

    def __str__(self) -> str:
        return f"#{self.pk}"
