"""The outbox: one row per mail that goes to one person."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact


class Purpose(models.TextChoices):
    """What a mail is for, which decides who writes its text when it is sent."""

    SET_PASSWORD = "set_password", _("link to set a password")


class State(models.TextChoices):
    """Only `queued` is ever sent. `unknown`: it was handed over and nobody answered; a person decides."""

    QUEUED = "queued", _("waiting")
    SENDING = "sending", _("being sent")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    UNKNOWN = "unknown", _("unknown")


class Mail(models.Model):
    """One mail to one person. Its text is written when it is sent, so that no secret lies here.

    site: scheme, host and port of the portal that it speaks of. attempts: how often it was handed over.
    error: what the server or the line said last; never the text of a mail.
    """

    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose)
    # A mail about somebody who is gone meanwhile is not sent, and stays for the record.
    contact = models.ForeignKey(
        Contact, verbose_name=_("contact"), null=True, on_delete=models.SET_NULL, related_name="mails"
    )
    to = models.EmailField(_("to"), max_length=254)
    site = models.CharField(_("site"), max_length=300)
    brand = models.CharField(_("brand"), max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due"), db_default=models.functions.Now())
    claimed_at = models.DateTimeField(_("claimed"), null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=models.functions.Now())

    objects: ClassVar[models.Manager[Mail]] = models.Manager()

    class Meta:
        ordering = ("-pk",)
        default_permissions = ()  # it has no page yet
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["queued", "sending"]),
                name="mail_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.to}"
