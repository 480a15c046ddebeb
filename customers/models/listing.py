"""What lists are made of: one narrow row per customer, kept by triggers and by the pulse."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Case, DecimalField, F, Func, Value, When
from django.db.models.functions import Cast, NullIf, Round
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Customer, money
from customers.querysets import ListingQuerySet
from customers.statuses import Status


def _ratio(part: str, whole: str, *, times: int = 1, decimals: int) -> models.GeneratedField:
    """part ÷ whole × times, rounded; empty where whole is 0. Ratios come from summed parts only."""
    figure = DecimalField(max_digits=20, decimal_places=decimals)
    return models.GeneratedField(
        expression=Round(
            Cast(F(part), DecimalField(max_digits=20, decimal_places=6))
            * Value(times)
            / NullIf(F(whole), Value(0)),
            precision=decimals,
        ),
        output_field=figure,
        db_persist=True,
    )


def _sum_of_money(label: str) -> models.DecimalField:
    """A sum of amounts: wider than any of its parts, so that no single one can overflow it."""
    return models.DecimalField(label, max_digits=28, decimal_places=8, db_default=0)


class _Codes(Func):
    """The array of those expressions that are not null."""

    template = "array_remove(ARRAY[%(expressions)s]::varchar(32)[], NULL)"


class Listing(models.Model):
    """One row per customer: the columns lists filter by, and the figures they show.

    Writers: a statement trigger on customers copies the upper part; the pulse writes the figures; each
    room writes its own column of warnings. Whoever updates several rows locks them in id order.

    `revision` grows with every change of the row. Transactions may commit in another order than they drew
    it, so a reader that asks "what changed?" compares it row by row, never with one high-water mark.

    Windows: `*_24h` cover the last 1,440 whole minutes and the current one; `charge_today` the UTC day.
    Durations and delays are milliseconds; a ratio is empty while nothing was counted.
    """

    customer = models.OneToOneField(
        Customer, primary_key=True, on_delete=models.CASCADE, related_name="listing"
    )

    # Copied from customers by trigger
    name = models.CharField(max_length=128)
    status = models.CharField(max_length=16, choices=Status)
    penalty_until = models.DateTimeField(null=True)
    status_after_penalty = models.CharField(max_length=16, choices=Status)
    currency_id = models.CharField(max_length=3)
    country = models.CharField(max_length=2)
    reseller_id = models.BigIntegerField(null=True)
    account_manager_id = models.BigIntegerField(null=True)
    domain_id = models.BigIntegerField(null=True)
    portal_access = models.BooleanField()
    debit_limit = money("debit limit")
    daily_spend_limit = money("daily spend limit", null=True)
    channels_limit = models.PositiveIntegerField(null=True)
    cps_limit = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    tags = ArrayField(models.CharField(max_length=64), db_default=Value("{}"))

    # Figures, written by the pulse
    balance = _sum_of_money("balance")
    charge_today = _sum_of_money("charge today")
    channels = models.PositiveIntegerField(db_default=0)
    cps_last = models.PositiveIntegerField(db_default=0)
    cps = models.DecimalField(max_digits=8, decimal_places=1, db_default=0)
    cps_peak_24h = models.PositiveIntegerField(db_default=0)
    last_call_at = models.DateTimeField(null=True)
    attempts_24h = models.PositiveBigIntegerField(db_default=0)
    connected_24h = models.PositiveBigIntegerField(db_default=0)
    duration_ms_24h = models.PositiveBigIntegerField(db_default=0)
    pdd_sum_ms_24h = models.PositiveBigIntegerField(db_default=0)
    pdd_count_24h = models.PositiveBigIntegerField(db_default=0)
    pdd_max_ms_24h = models.PositiveIntegerField(db_default=0)

    # Ratios: the one home of these formulas
    asr = _ratio("connected_24h", "attempts_24h", times=100, decimals=2)
    acd_ms = _ratio("duration_ms_24h", "connected_24h", decimals=0)
    acd_all_ms = _ratio("duration_ms_24h", "attempts_24h", decimals=0)
    pdd_ms = _ratio("pdd_sum_ms_24h", "pdd_count_24h", decimals=0)
    available_credit = models.GeneratedField(
        expression=F("balance") + F("debit_limit"),
        output_field=models.DecimalField("available credit", max_digits=28, decimal_places=8),
        db_persist=True,
    )

    # Warnings: one column per room, codes in the room's own order
    # (a new customer can have neither authentication nor a route; routing's triggers take it from there).
    routing_warnings = ArrayField(
        models.CharField(max_length=32), db_default=Value("{no_authentication,no_routing}")
    )
    contact_warnings = ArrayField(models.CharField(max_length=32), db_default=Value("{}"))
    call_warnings = ArrayField(models.CharField(max_length=32), db_default=Value("{}"))
    # Money warnings follow from columns of this row, so the database derives them itself.
    billing_warnings = models.GeneratedField(
        expression=_Codes(
            Case(When(balance__lte=-F("debit_limit"), then=Value("credit_exhausted"))),
            Case(When(charge_today__gte=F("daily_spend_limit"), then=Value("daily_spend_reached"))),
        ),
        output_field=ArrayField(models.CharField(max_length=32)),
        db_persist=True,
    )

    revision = models.BigIntegerField(db_default=0, editable=False)

    objects = ListingQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        verbose_name = _("listed customer")
        verbose_name_plural = _("listed customers")
        # Only the default order is indexed: an index on a figure would make each tick of the pulse dearer,
        # and picking the first page out of 100,000 narrow rows costs some 30 to 50 ms.
        indexes = [models.Index(fields=["name", "customer"], name="listing_by_name")]
        triggers = [
            pgtrigger.Trigger(
                name="count_revision",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Insert,
                func="NEW.revision := nextval('customers_listing_revision'); RETURN NEW;",
            )
        ]

    def __str__(self) -> str:
        return self.name


class SearchTerm(models.Model):
    """Lower-case words by which one room lets a customer be found; see `customers.search`."""

    pk = models.CompositePrimaryKey("customer_id", "source")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=16)
    words = models.TextField()

    class Meta:
        verbose_name = _("search term")
        verbose_name_plural = _("search terms")
        indexes = [
            GinIndex(OpClass("words", name="gin_trgm_ops"), name="search_words_trigrams"),
            # Names, numbers and tags alone: a word that fills other rooms ("203.0.113") and stands in no name
            # would be looked up in all of them, once per letter somebody types into the palette.
            GinIndex(
                OpClass("words", name="gin_trgm_ops"),
                name="search_own_words_trigrams",
                condition=models.Q(source="customers"),
            ),
        ]

    def __str__(self) -> str:
        return self.words


class Sparkline(models.Model):
    """Attempts of the last 24 hours, oldest first; `hour` is the start of the last point."""

    customer = models.OneToOneField(
        Customer, primary_key=True, on_delete=models.CASCADE, related_name="sparkline"
    )
    hour = models.DateTimeField()
    points = ArrayField(models.PositiveIntegerField(), size=24)

    class Meta:
        verbose_name = _("sparkline")
        verbose_name_plural = _("sparklines")

    def __str__(self) -> str:
        return f"{self.customer_id}"


class FeedState(models.Model):
    """How fresh live figures are, in one row: when the pulse last folded, when a switch last spoke."""

    ticked_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("feed state")
        verbose_name_plural = _("feed state")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="feed_state_is_one_row")]

    def __str__(self) -> str:
        return f"{self.ticked_at} / {self.heard_at}"
