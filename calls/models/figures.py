"""From records to figures: deltas in, minutes kept, live totals sampled."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _


class FigureDelta(models.Model):
    """What a ledger entry adds to a customer's balance; the pulse folds and deletes it.

    Columns of calls are filled by older versions of Connex only: records are folded from their batch.
    """

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


class CallSums(models.Model):
    """What the attempts of one cell add up to. Ratios are made of these sums, never of ratios.

    `attempts` counts every attempt, `calls` the last ones only, which are what a customer sees; `refused`
    are calls that no carrier was tried for. `pdd_…` is the delay towards the customer (last attempts),
    `pdd_out_…` the one at the carrier (every attempt). `charge` is in the customer's currency, `cost` in
    `cost_currency`, which is therefore part of every key.
    """

    attempts = models.IntegerField(db_default=0)
    calls = models.IntegerField(db_default=0)
    connected = models.IntegerField(db_default=0)
    refused = models.IntegerField(db_default=0)
    duration_ms = models.BigIntegerField(db_default=0)
    billed_ms = models.BigIntegerField(db_default=0)
    carrier_billed_ms = models.BigIntegerField(db_default=0)
    charge = models.DecimalField(max_digits=28, decimal_places=8, db_default=0)
    cost = models.DecimalField(max_digits=28, decimal_places=8, db_default=0)
    pdd_sum_ms = models.BigIntegerField(db_default=0)
    pdd_count = models.IntegerField(db_default=0)
    pdd_max_ms = models.IntegerField(db_default=0)
    pdd_out_sum_ms = models.BigIntegerField(db_default=0)
    pdd_out_count = models.IntegerField(db_default=0)
    pdd_out_max_ms = models.IntegerField(db_default=0)

    class Meta:
        abstract = True


class CustomerHour(CallSums):
    """One customer's attempts that started in one hour (UTC)."""

    pk = models.CompositePrimaryKey("customer_id", "hour", "cost_currency")
    customer_id = models.BigIntegerField()
    hour = models.DateTimeField()
    cost_currency = models.CharField(max_length=3)

    class Meta:
        verbose_name = _("customer's hour")
        verbose_name_plural = _("customers' hours")
        indexes = [BrinIndex(fields=["hour"], name="customer_hour_by_hour")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.hour}"


class CustomerDay(CallSums):
    """One customer's attempts of one UTC day by carrier, destination country and SIP code.

    carrier_id 0: no carrier was tried. country: empty where the switch did not say.
    """

    pk = models.CompositePrimaryKey(
        "customer_id", "day", "carrier_id", "country", "sip_code", "cost_currency"
    )
    customer_id = models.BigIntegerField()
    day = models.DateTimeField()
    carrier_id = models.BigIntegerField()
    country = models.CharField(max_length=2)
    sip_code = models.PositiveSmallIntegerField()
    cost_currency = models.CharField(max_length=3)

    class Meta:
        verbose_name = _("customer's day")
        verbose_name_plural = _("customers' days")
        indexes = [BrinIndex(fields=["day"], name="customer_day_by_day")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.day}"


class TrafficHour(CallSums):
    """All customers' attempts of one hour (UTC) by carrier, country, SIP code and both currencies."""

    pk = models.CompositePrimaryKey(
        "hour", "carrier_id", "country", "sip_code", "cost_currency", "charge_currency"
    )
    hour = models.DateTimeField()
    carrier_id = models.BigIntegerField()
    country = models.CharField(max_length=2)
    sip_code = models.PositiveSmallIntegerField()
    cost_currency = models.CharField(max_length=3)
    charge_currency = models.CharField(max_length=3)

    class Meta:
        verbose_name = _("hour of traffic")
        verbose_name_plural = _("hours of traffic")

    def __str__(self) -> str:
        return f"{self.hour} {self.carrier_id}"


class TrafficDay(CallSums):
    """The same by UTC day."""

    pk = models.CompositePrimaryKey(
        "day", "carrier_id", "country", "sip_code", "cost_currency", "charge_currency"
    )
    day = models.DateTimeField()
    carrier_id = models.BigIntegerField()
    country = models.CharField(max_length=2)
    sip_code = models.PositiveSmallIntegerField()
    cost_currency = models.CharField(max_length=3)
    charge_currency = models.CharField(max_length=3)

    class Meta:
        verbose_name = _("day of traffic")
        verbose_name_plural = _("days of traffic")

    def __str__(self) -> str:
        return f"{self.day} {self.carrier_id}"


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
