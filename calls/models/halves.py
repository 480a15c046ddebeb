"""Calls that are told in parts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from calls.models.switch import Switch


class CallState(models.TextChoices):
    WAITING = "waiting", _("Waiting for its other half")
    GIVEN_UP = "given_up", _("Waited too long")
    DONE = "done", _("Stored")


class HalfCall(models.Model):
    """What a switch has told so far of a call that comes in parts, and that it was stored once it was whole.

    `invite` and `bye`: rows as sent with their moment, gone once the call is done. `told`: SIP code -> tag of
    who answered -> start, of every record that came of this call. A row stays a while after the call is
    done, so that another report of the same call is known.
    """

    pk = models.CompositePrimaryKey("switch_id", "callid")
    switch = models.ForeignKey(Switch, on_delete=models.CASCADE, related_name="half_calls")
    callid = models.TextField()
    state = models.CharField(max_length=10, choices=CallState, default=CallState.WAITING)
    invite = models.JSONField(null=True)
    bye = models.JSONField(null=True)
    told = models.JSONField(default=dict)
    received_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("half call")
        verbose_name_plural = _("half calls")
        indexes = [models.Index(fields=["state", "changed_at"], name="half_call_by_state")]

    def __str__(self) -> str:
        return self.callid
