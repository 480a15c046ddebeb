"""What happened on the wire: one row per attempt, in daily partitions."""

from datetime import datetime, timedelta

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from calls.models.switch import Switch
from calls.querysets import CdrQuerySet


class Direction(models.TextChoices):
    TERMINATION = "termination", _("termination")
    ORIGINATION = "origination", _("origination")


class CdrBatch(models.Model):
    """One delivery of records by a switch, as it was accepted.

    `unfolded`: the pulse has not yet added its records to the figures. `first_at`, `last_at`: the starts of
    its earliest and latest record, by which those are found in few partitions.
    """

    switch = models.ForeignKey(Switch, on_delete=models.PROTECT, related_name="batches")
    received_at = models.DateTimeField(db_default=models.functions.Now())
    stored = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    unfolded = models.BooleanField(db_default=False)
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("CDR batch")
        verbose_name_plural = _("CDR batches")
        indexes = [models.Index(fields=["id"], condition=Q(unfolded=True), name="batch_unfolded")]

    def __str__(self) -> str:
        return f"{self.pk}"


class Cdr(models.Model):
    """A call record: one attempt of one call.

    The table is partitioned by day of `started_at` (UTC) and keyed by customer, so that it stays fit for
    distribution; it has no foreign keys, because a record outlives what it names. A call that fails over
    has one row per attempt; `is_last` marks the one that counts for the customer. Durations and delays
    are milliseconds. Money is in the currency of the row's party; empty means unrated, not 0.

    `started_at` is the whole second, because it is part of the key and a switch may tell the start of one
    attempt to the second here and to the microsecond there; the rest is in `start_us`.
    """

    pk = models.CompositePrimaryKey("customer_id", "started_at", "switch_id", "callid", "attempt")
    customer_id = models.BigIntegerField()
    started_at = models.DateTimeField()
    start_us = models.IntegerField(db_default=0)
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
        indexes = [
            models.Index(fields=["started_at"], name="cdr_by_start"),
            models.Index(fields=["batch_id"], name="cdr_by_batch"),
        ]
        triggers = [
            # Whoever writes: two resolutions of one start never make two records. Writers that cut the
            # start themselves pay for the comparison only.
            pgtrigger.Trigger(
                name="start_to_the_second",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.started_at <> date_trunc('second', NEW.started_at)"),
                func="""
                    NEW.start_us := extract(microseconds FROM NEW.started_at)::int % 1000000;
                    NEW.started_at := date_trunc('second', NEW.started_at);
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.callid

    @property
    def began_at(self) -> datetime:
        """The start as exactly as the switch told it."""
        return self.started_at + timedelta(microseconds=self.start_us)
