"""From records to figures: deltas in, minutes kept, live totals sampled."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FigureDelta(models.Model):
    """What a batch adds to a customer's minute, or to its balance; the pulse folds and deletes it."""

    customer_id = models.BigIntegerField()
    minute = models.DateTimeField(null=True)
    attempts = models.IntegerField(db_default=0)
    connected = models.IntegerField(db_default=0)
    duration_ms = models.BigIntegerField(db_default=0)
    pdd_sum_ms = models.BigIntegerField(db_default=0)
    pdd_count = models.IntegerField(db_default=0)
    pdd_max_ms = models.IntegerField(db_default=0)
    charge = models.DecimalField(max_digits=28, decimal_places=8, db_default=0)
    balance = models.DecimalField(max_digits=28, decimal_places=8, db_default=0)
    last_call_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("figure delta")
        verbose_name_plural = _("figure deltas")

    def __str__(self) -> str:
        return f"{self.customer_id} {self.minute}"


class MinuteBucket(models.Model):
    """Sums of one customer's last attempts that started in one minute (UTC), kept for 48 hours."""

    pk = models.CompositePrimaryKey("customer_id", "minute")
    customer_id = models.BigIntegerField()
    minute = models.DateTimeField()
    attempts = models.IntegerField(db_default=0)
    connected = models.IntegerField(db_default=0)
    duration_ms = models.BigIntegerField(db_default=0)
    pdd_sum_ms = models.BigIntegerField(db_default=0)
    pdd_count = models.IntegerField(db_default=0)
    pdd_max_ms = models.IntegerField(db_default=0)
    charge = models.DecimalField(max_digits=28, decimal_places=8, db_default=0)
    cps_peak = models.IntegerField(db_default=0)

    class Meta:
        verbose_name = _("minute bucket")
        verbose_name_plural = _("minute buckets")
        indexes = [models.Index(fields=["minute"], name="bucket_by_minute")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.minute}"


class LiveSample(models.Model):
    """Channels and calls per second of a group of customers, taken once in each minute.

    The group is what visibility can ask for (reseller, account manager), so that any user's curve is an
    exact sum of samples of the same instant.
    """

    minute = models.DateTimeField()
    reseller_id = models.BigIntegerField(null=True)
    account_manager_id = models.BigIntegerField(null=True)
    channels = models.PositiveIntegerField()
    cps = models.DecimalField(max_digits=10, decimal_places=1)

    class Meta:
        verbose_name = _("live sample")
        verbose_name_plural = _("live samples")
        constraints = [
            models.UniqueConstraint(
                "minute", "reseller_id", "account_manager_id", name="live_sample_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.minute} {self.channels}"
