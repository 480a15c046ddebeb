"""What switches sent and we could not take: kept until somebody has mended the cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from calls.fields import Cause
from calls.models.switch import CdrFormat, Switch

if TYPE_CHECKING:
    from users.models import User


class QuarantineState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    REPLAYED = "replayed", _("Replayed")
    DISMISSED = "dismissed", _("Dismissed")


class QuarantineQuerySet(models.QuerySet):
    """Reads of the quarantine inbox."""

    def visible_to(self, user: User) -> Self:
        """All of it for staff who may read it and every customer; nothing for anybody else.

        A refused record belongs to no customer yet, hence to no reseller and to no account manager.
        """
        allowed = user.is_active and not user.reseller_id
        if allowed and user.has_perms(["calls.view_quarantinedrecord", "customers.view_every_customer"]):
            return self
        return self.none()

    def search(self, words: str, user: User) -> Self:
        """Records in whose reason or field these words are found."""
        return self.filter(models.Q(reason__icontains=words) | models.Q(field__icontains=words))

    def waiting(self) -> Self:
        """Records that nobody has replayed or dismissed."""
        return self.filter(state=QuarantineState.WAITING)


class QuarantinedRecord(models.Model):
    """A record that a switch sent and that was refused, once however often it is sent.

    `raw` is what was sent, its first bytes where it is very long (`whole` is then false: it cannot be
    replayed). `times` counts deliveries. `fingerprint` tells two records of one switch apart.
    """

    switch = models.ForeignKey(Switch, on_delete=models.PROTECT, related_name="quarantined")
    format = models.CharField(_("format"), max_length=16, choices=CdrFormat)
    fingerprint = models.CharField(max_length=64)
    raw = models.BinaryField(_("as sent"))
    whole = models.BooleanField(default=True)
    cause = models.CharField(_("cause"), max_length=20, choices=Cause)
    field = models.TextField(_("field"), default="")
    reason = models.TextField(_("reason"))
    times = models.PositiveIntegerField(_("deliveries"), default=1)
    received_at = models.DateTimeField(_("first received"))
    last_received_at = models.DateTimeField(_("last received"))
    state = models.CharField(
        _("state"), max_length=10, choices=QuarantineState, default=QuarantineState.WAITING
    )
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.TextField(_("note"), default="")

    objects = QuarantineQuerySet.as_manager()

    class Meta:
        ordering = ("-last_received_at", "-pk")
        verbose_name = _("quarantined record")
        verbose_name_plural = _("quarantined records")
        constraints = [models.UniqueConstraint(fields=["switch", "fingerprint"], name="quarantined_once")]
        indexes = [models.Index(fields=["state", "-last_received_at", "-id"], name="quarantine_by_state")]

    def __str__(self) -> str:
        return f"{self.pk}: {self.reason}"


class UnreadBody(models.Model):
    """How often a switch sent a body of which nothing could be read, by UTC day; the body is not kept."""

    switch = models.ForeignKey(Switch, on_delete=models.CASCADE, related_name="unread_bodies")
    day = models.DateField()
    door = models.CharField(max_length=32)
    status = models.PositiveSmallIntegerField()
    times = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField()
    last_reason = models.TextField()

    class Meta:
        ordering = ("-day", "-last_at")
        verbose_name = _("body that could not be read")
        verbose_name_plural = _("bodies that could not be read")
        constraints = [
            models.UniqueConstraint(fields=["switch", "day", "door", "status"], name="unread_body_once")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.status}: {self.times}"
