"""Acts that change no row of ours but that somebody may ask about: who signed in, who tried to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from users.models import User


class ActKind(models.TextChoices):
    SIGNED_IN = "signed_in", _("signed in")
    SIGNED_OUT = "signed_out", _("signed out")
    SIGN_IN_FAILED = "sign_in_failed", _("sign-in failed")
    PASSWORD_CHANGED = "password_changed", _("password changed")
    PASSWORD_SET = "password_set", _("password set by an administrator")
    CODE_FAILED = "code_failed", _("wrong code at sign-in")
    RECOVERY_CODE_USED = "recovery_code_used", _("recovery code used")
    CONFIRMED = "confirmed", _("identity confirmed")
    CONFIRM_FAILED = "confirm_failed", _("confirming identity failed")
    SESSION_ENDED = "session_ended", _("session ended")
    FACTOR_ADDED = "factor_added", _("second factor added")
    FACTOR_CHANGED = "factor_changed", _("second factor changed")
    FACTOR_REMOVED = "factor_removed", _("second factor removed")
    CODES_MADE = "codes_made", _("recovery codes made")
    FACTORS_RESET = "factors_reset", _("second factors reset")
    LINK_MAILED = "link_mailed", _("link to set a password mailed")
    EXPORTED = "exported", _("file exported")


class ActQuerySet(models.QuerySet["Act"]):
    """Reads of acts."""

    def visible_to(self, user: User) -> Self:
        """All of them for staff of the operator, those of the own users for a reseller's user."""
        if not user.is_active or not user.has_perm("audit.view_act"):
            return self.none()
        return self.filter(user__reseller_id=user.reseller_id) if user.reseller_id else self

    def search(self, text: str, user: User) -> Self:
        """Those in whose email, address or detail each word of `text` is found."""
        rows = self
        for word in text.replace("\x00", "").split()[:10]:
            rows = rows.filter(Q(email__icontains=word) | Q(ip__icontains=word) | Q(detail__icontains=word))
        return rows


class Act(models.Model):
    """One act. Never changed, never deleted.

    `user` is empty where nobody is known, as after a failed sign-in; `email` is what was typed or whose
    user it was, kept beside the user because it may change later. `ip` is the client's address.
    """

    at = models.DateTimeField(_("at"), db_default=models.functions.Now())
    # No constraint in the database: an act outlives the user it names.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    email = models.CharField(_("email"), max_length=254, blank=True)
    kind = models.CharField(_("act"), max_length=24, choices=ActKind)
    ip = models.GenericIPAddressField(_("address"), null=True)
    detail = models.CharField(_("detail"), max_length=200, blank=True)

    objects = ActQuerySet.as_manager()

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name = _("act")
        verbose_name_plural = _("acts")
        indexes = [models.Index(fields=["at"], name="act_by_time")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} {self.email}"
