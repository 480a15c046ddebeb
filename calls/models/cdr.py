"""What happened on the wire: one row per attempt, in daily partitions."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from calls.models.switch import Switch
from calls.querysets import CdrQuerySet


class Direction(models.TextChoices):
    TERMINATION = "termination", _("termination")
    ORIGINATION = "origination", _("origination")


class CdrBatch(models.Model):
    """One delivery of records by a switch, as it was accepted."""

    switch = models.ForeignKey(Switch, on_delete=models.PROTECT, related_name="batches")
    received_at = models.DateTimeField(db_default=models.functions.Now())
    stored = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("CDR batch")
        verbose_name_plural = _("CDR batches")

    def __str__(self) -> str:
        return f"{self.pk}"


class Cdr(models.Model):
    """A call record: one attempt of one call.

    The table is partitioned by day of `started_at` (UTC) and keyed by customer, so that it stays fit for
    distribution; it has no foreign keys, because a record outlives what it names. A call that fails over
    has one row per attempt; `is_last` marks the one that counts for the customer. Durations and delays
    are milliseconds. Money is in the currency of the row's party; empty means unrated, not 0.
    """

    pk = models.CompositePrimaryKey("customer_id", "started_at", "switch_id", "callid", "attempt")
    customer_id = models.BigIntegerField()
    started_at = models.DateTimeField()
    switch_id = models.BigIntegerField()
    callid = models.TextField()
    attempt = models.PositiveSmallIntegerField(default=1)
    is_last = models.BooleanField(default=True)
    batch_id = models.BigIntegerField()
    direction = models.CharField(max_length=12, choices=Direction, default=Direction.TERMINATION)

    cli = models.TextField(default="")
    destination = models.TextField(default="")
    cli_received = models.TextField(default="")
    destination_received = models.TextField(default="")
    tech_prefix = models.TextField(default="")
    destination_country = models.TextField(default="")
    source_ip = models.GenericIPAddressField(null=True)
    switch_ip = models.GenericIPAddressField(null=True)
    auth_user = models.TextField(default="")
    ingress_route_id = models.BigIntegerField(null=True)
    carrier_id = models.BigIntegerField(null=True)
    reseller_id = models.BigIntegerField(null=True)

    connected = models.BooleanField()
    duration_ms = models.BigIntegerField(default=0)
    ring_ms = models.BigIntegerField(null=True)
    pdd_ms = models.BigIntegerField(null=True)
    pdd_out_ms = models.BigIntegerField(null=True)
    sip_code = models.PositiveSmallIntegerField()
    sip_reason = models.TextField(default="")
    q850 = models.PositiveSmallIntegerField(null=True)
    released_by = models.TextField(default="")
    release_reason = models.TextField(default="")
    codec = models.TextField(default="")

    customer_charge = models.DecimalField(max_digits=20, decimal_places=8, null=True)
    customer_billed_ms = models.BigIntegerField(null=True)
    carrier_charge = models.DecimalField(max_digits=20, decimal_places=8, null=True)
    carrier_billed_ms = models.BigIntegerField(null=True)
    carrier_currency = models.CharField(max_length=3, default="")
    reseller_charge = models.DecimalField(max_digits=20, decimal_places=8, null=True)
    reseller_currency = models.CharField(max_length=3, default="")
    rating = models.JSONField(null=True)
    meta = models.JSONField(null=True)

    objects = CdrQuerySet.as_manager()

    class Meta:
        verbose_name = _("CDR")
        verbose_name_plural = _("CDRs")
        indexes = [models.Index(fields=["started_at"], name="cdr_by_start")]

    def __str__(self) -> str:
        return self.callid
