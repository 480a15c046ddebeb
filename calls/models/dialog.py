"""Live calls."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from calls.models.switch import Switch
from calls.querysets import DialogQuerySet


class DialogState(models.TextChoices):
    SETUP = "setup", _("Set-up")
    RINGING = "ringing", _("Ringing")
    CONNECTED = "connected", _("Connected")
    ENDED = "ended", _("Ended")


class Dialog(models.Model):
    """A call that is up, ringing and unanswered included: one channel.

    `seen_at` is our own clock when the switch last named it, `told_at` the switch's. Ended rows stay for two
    minutes, so that calls per second can be counted by start. `start_told`: the switch has said when it
    started; else `started_at` is when we first heard of it. `facts_at`: when each of calls.dialogs.FACTS
    was said, by the switch's clock, so that the newest word stands whatever order words arrive in.
    """

    pk = models.CompositePrimaryKey("customer_id", "switch_id", "callid")
    customer_id = models.BigIntegerField()
    switch = models.ForeignKey(Switch, on_delete=models.CASCADE, related_name="dialogs")
    callid = models.TextField()
    state = models.CharField(max_length=10, choices=DialogState, default=DialogState.SETUP)
    started_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()
    cli = models.TextField(default="")
    destination = models.TextField(default="")
    carrier_id = models.BigIntegerField(null=True)
    ingress_route_id = models.BigIntegerField(null=True)
    codec = models.TextField(default="")
    told_at = models.DateTimeField(db_default=Now())
    start_told = models.BooleanField(db_default=True)
    facts_at = ArrayField(models.DateTimeField(null=True), db_default=Value("{}"))

    objects = DialogQuerySet.as_manager()

    class Meta:
        verbose_name = _("dialog")
        verbose_name_plural = _("dialogs")
        indexes = [
            models.Index(fields=["started_at"], name="dialog_by_start"),
            models.Index(
                fields=["switch", "seen_at"], condition=Q(ended_at=None), name="dialog_live_by_seen"
            ),
        ]

    def __str__(self) -> str:
        return self.callid
