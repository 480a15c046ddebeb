"""The companies we serve."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from customers import hours
from customers.querysets import CustomerQuerySet
from customers.search import search_term_triggers
from customers.statuses import Status, effective_status
from setup.history import tracked
from setup.models import Currency, InvoiceTemplate, PortalDomain, Reseller

# The moment at which columns that listings copy have changed; see Listing.
COPIED = (
    "name", "status", "penalty_until", "status_after_penalty", "currency_id", "country", "reseller_id",
    "account_manager_id", "domain_id", "portal_access", "debit_limit", "daily_spend_limit",
    "channels_limit", "cps_limit", "created_at", "deleted_at", "tags",
)  # fmt: skip

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class PaidMode(models.TextChoices):
    """What happens to a P-Asserted-ID header. The stricter of customer's and carrier's mode wins."""

    DEFAULT = "default", _("Default")
    REMOVE = "remove", _("Remove")
    IF_AVAILABLE = "if_available", _("If available")
    REQUIRED = "required", _("Required")


class InvoiceSchedule(models.TextChoices):
    DISABLED = "disabled", _("Disabled")
    DAILY = "daily", _("Daily")
    WEEKLY = "weekly", _("Weekly")
    MONTHLY = "monthly", _("Monthly")


class RtpFirewall(models.TextChoices):
    """Locked: media only from the address announced in SDP. Unlocked: the source may change."""

    LOCKED = "locked", _("Locked")
    UNLOCKED = "unlocked", _("Unlocked")


class Attestation(models.TextChoices):
    """STIR/SHAKEN levels: A full, B partial, C gateway."""

    FULL = "A", _("A, full")
    PARTIAL = "B", _("B, partial")
    GATEWAY = "C", _("C, gateway")


def money(label: StrOrPromise, **options: Any) -> models.DecimalField:
    """An amount in the customer's currency, to eight decimals."""
    return models.DecimalField(label, max_digits=20, decimal_places=8, **options)


def _copy_to_listing(event: str) -> str:
    """SQL that copies the columns lists need; updates touch listing rows in id order, as the pulse does."""
    columns = ", ".join(COPIED)
    if event == "insert":
        return f"""
            INSERT INTO customers_listing (customer_id, {columns}) SELECT id, {columns} FROM new_rows;
            RETURN NULL;
        """  # noqa: S608 - column names from this module
    pairs = ", ".join(f"{column} = new_rows.{column}" for column in COPIED)
    news = ", ".join(f"new_rows.{column}" for column in COPIED)
    olds = ", ".join(f"listing.{column}" for column in COPIED)
    return f"""
        PERFORM 1 FROM customers_listing WHERE customer_id IN (SELECT id FROM new_rows)
          ORDER BY customer_id FOR NO KEY UPDATE;
        UPDATE customers_listing AS listing SET {pairs} FROM new_rows
         WHERE listing.customer_id = new_rows.id AND ({olds}) IS DISTINCT FROM ({news});
        RETURN NULL;
    """  # noqa: S608 - column names from this module


@tracked()
class Customer(models.Model):
    """A customer: limits, money rules, address, verification, hours.

    Limits (`channels_limit`, `cps_limit`): live calls and calls per second; empty or 0 means unlimited.
    Money is in `currency`, which cannot change once the row exists. `debit_limit` is how far below zero
    the balance may go; negative is a safety buffer. Time-outs are seconds. Deleted rows keep their
    records but free their name.
    """

    # Basic
    name = models.CharField(_("name"), max_length=128)
    channels_limit = models.PositiveIntegerField(
        _("channels"), null=True, blank=True, help_text=_("Live calls at once. Empty or 0: unlimited.")
    )
    cps_limit = models.PositiveIntegerField(
        _("flow speed (CPS)"),
        null=True,
        blank=True,
        help_text=_("New calls per second. Empty or 0: unlimited."),
    )
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.ACTIVE)
    penalty_until = models.DateTimeField(_("penalty until"), null=True, blank=True)
    status_after_penalty = models.CharField(
        _("status after the penalty"), max_length=16, choices=Status, default=Status.ACTIVE
    )
    debit_limit = money(_("debit limit"), default=0)
    min_payment = money(_("minimum payment"), null=True, blank=True)
    topup_currencies = ArrayField(
        models.CharField(max_length=3), verbose_name=_("restrict top-up currencies"), default=list, blank=True
    )
    tax = models.DecimalField(
        _("tax (%)"),
        max_digits=7,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    currency = models.ForeignKey(
        Currency, verbose_name=_("currency"), on_delete=models.PROTECT, related_name="+"
    )

    # Config
    paypal_email = models.EmailField(_("PayPal email"), blank=True)
    website = models.URLField(_("website"), blank=True)
    paid_mode = models.CharField(
        _("P-Asserted-ID"), max_length=12, choices=PaidMode, default=PaidMode.DEFAULT
    )
    portal_access = models.BooleanField(_("portal access"), default=True)
    portal_show = ArrayField(
        models.CharField(max_length=32), verbose_name=_("show"), default=list, blank=True
    )
    portal_hide = ArrayField(
        models.CharField(max_length=32), verbose_name=_("hide"), default=list, blank=True
    )
    tags = ArrayField(models.CharField(max_length=64), verbose_name=_("tags"), default=list, blank=True)
    vars = models.TextField(_("vars (TOML)"), blank=True)
    reseller = models.ForeignKey(
        Reseller,
        verbose_name=_("reseller"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="customers",
    )
    account_manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("account manager"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="managed_customers",
    )
    invoice_schedule = models.CharField(
        _("invoice schedule"), max_length=8, choices=InvoiceSchedule, default=InvoiceSchedule.DISABLED
    )
    invoice_on_payment = models.BooleanField(_("create invoice on payment"), default=False)
    inbound_at_zero_balance = models.BooleanField(_("allow inbound calls with zero balance"), default=False)
    invoice_due_days = models.PositiveSmallIntegerField(_("invoice due days"), default=0)
    invoice_template = models.ForeignKey(
        InvoiceTemplate, verbose_name=_("invoice template"), null=True, blank=True, on_delete=models.SET_NULL
    )
    ext_accounting_id = models.CharField(_("ext. accounting ID"), max_length=64, blank=True)
    rtp_firewall = models.CharField(
        _("RTP firewall"), max_length=8, choices=RtpFirewall, default=RtpFirewall.UNLOCKED
    )
    recording_days = models.PositiveSmallIntegerField(
        _("call recording retention (days)"), default=0, help_text=_("0: the operator's default.")
    )
    domain = models.ForeignKey(
        PortalDomain,
        verbose_name=_("domain"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="customers",
    )
    daily_spend_limit = money(_("daily spend limit"), null=True, blank=True)
    stir_attestation = models.CharField(
        _("default STIR/SHAKEN attestation"), max_length=1, choices=Attestation, blank=True
    )

    # Timeout
    first_reply_timeout_s = models.PositiveSmallIntegerField(
        _("first reply timeout (s)"), null=True, blank=True
    )
    pdd_timeout_s = models.PositiveSmallIntegerField(_("PDD timeout (s)"), null=True, blank=True)
    ring_timeout_s = models.PositiveSmallIntegerField(_("ring timeout (s)"), null=True, blank=True)

    # Address
    address1 = models.TextField(_("address 1"), blank=True)
    address2 = models.TextField(_("address 2"), blank=True)
    city = models.CharField(_("city"), max_length=128, blank=True)
    county = models.CharField(_("county"), max_length=128, blank=True)
    postcode = models.CharField(_("postcode"), max_length=32, blank=True)
    country = models.CharField(
        _("country"), max_length=2, blank=True, help_text=_("ISO 3166 code of two letters.")
    )

    # Verification
    approved_clis_only = models.BooleanField(_("approved CLIs only"), default=False)
    email_verification = models.BooleanField(_("email verification"), default=False)
    mobile_verification = models.BooleanField(_("mobile verification"), default=False)

    # Notes, hours
    notes = models.TextField(_("notes"), blank=True)
    time_zone = models.CharField(_("time zone of the hours"), max_length=64, default="UTC")

    # Record
    demo = models.BooleanField(_("demo data"), default=False, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=models.functions.Now(), editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(_("row version"), default=1, editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        permissions = [
            ("view_every_customer", _("Can view customers of every account manager")),
            ("view_credit", _("Can view credit and money limits")),
        ]
        indexes = [GinIndex(fields=["tags"], name="customer_tags")]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                condition=Q(deleted_at=None),
                name="customer_name_once",
                violation_error_message=_("A customer with this name already exists."),
            ),
            models.UniqueConstraint(
                Lower("paypal_email"),
                condition=Q(deleted_at=None) & ~Q(paypal_email=""),
                name="customer_paypal_email_once",
                violation_error_message=_("Another customer already pays from this PayPal address."),
            ),
            models.CheckConstraint(
                condition=~Q(name__regex=r"^\s*$"),
                name="customer_name_not_blank",
                violation_error_message=_("Required"),
            ),
            models.CheckConstraint(
                condition=Q(tax__gte=0, tax__lte=100),
                name="customer_tax_is_percent",
                violation_error_message=_("Tax must be between 0 and 100"),
            ),
            models.CheckConstraint(
                condition=Q(min_payment=None) | Q(min_payment__gte=0),
                name="customer_min_payment_not_negative",
                violation_error_message=_("The minimum payment cannot be negative."),
            ),
            models.CheckConstraint(
                condition=Q(daily_spend_limit=None) | Q(daily_spend_limit__gte=0),
                name="customer_daily_spend_not_negative",
                violation_error_message=_("The daily spend limit cannot be negative."),
            ),
            models.CheckConstraint(
                condition=Q(penalty_until=None) | Q(status=Status.PENALTY),
                name="customer_penalty_end_needs_penalty",
                violation_error_message=_(
                    "Only a penalty has an end. Set the status to Penalty or clear the end."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(status_after_penalty=Status.PENALTY),
                name="customer_penalty_ends_in_another_status",
                violation_error_message=_("A penalty cannot end in a penalty. Choose another status."),
            ),
            models.CheckConstraint(
                condition=Q(country="") | Q(country__regex=r"^[A-Z]{2}$"),
                name="customer_country_is_iso",
                violation_error_message=_("Use a country code of two capitals, such as DE."),
            ),
            models.CheckConstraint(
                condition=~Q(portal_show__overlap=F("portal_hide")),
                name="customer_portal_item_shown_or_hidden",
                violation_error_message=_("A portal item cannot be both shown and hidden."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="keep_currency_count_version",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF NEW.currency_id <> OLD.currency_id THEN
                        RAISE EXCEPTION 'The account currency cannot be changed once the account exists'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'customer_currency_is_fixed';
                    END IF;
                    NEW.version := OLD.version + 1;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="copy_to_listing_insert",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_rows"),
                func=_copy_to_listing("insert"),
            ),
            pgtrigger.Trigger(
                name="copy_to_listing_update",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
                func=_copy_to_listing("update"),
            ),
            *search_term_triggers(
                source="customers",
                customer_column="id",
                select="""
                    SELECT id, concat_ws(' ', name, '#' || id, array_to_string(tags, ' '), ext_accounting_id,
                                         paypal_email)
                      FROM customers_customer WHERE id = ANY(touched) AND deleted_at IS NULL
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def week(self) -> dict[int, list[tuple[int, int]]]:
        """Weekday -> hours in which it may call, as customers.hours has them. One query."""
        found: dict[int, list[tuple[int, int]]] = {}
        for weekday, opens, closes in self.call_windows.order_by("weekday", "opens").values_list(
            "weekday", "opens", "closes"
        ):
            found.setdefault(weekday, []).append((opens, closes))
        return found

    def may_call_at(self, at: datetime) -> bool:
        """Whether its hours let it begin a call at `at` (aware). Calls that are up and calls to it go on."""
        return hours.is_open(self.week, self.time_zone, at)

    def effective_status(self, at: datetime) -> Status:
        """The status that holds at `at` (aware)."""
        return effective_status(self.status, self.penalty_until, self.status_after_penalty, at)


class _MinuteRange(Func):
    """int4range of minutes since midnight, end exclusive."""

    function = "int4range"
    template = "%(function)s(%(expressions)s, '[)')"


@tracked()
class CallWindow(models.Model):
    """Hours of one weekday in which a customer may call, in the customer's time zone.

    weekday: 0 is Monday. opens, closes: minutes since midnight in steps of 15, end exclusive.
    No window at all means no restriction; a day without one, beside others, is closed.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="call_windows")
    weekday = models.PositiveSmallIntegerField(_("weekday"))
    opens = models.PositiveSmallIntegerField(_("opens"))
    closes = models.PositiveSmallIntegerField(_("closes"))

    class Meta:
        ordering = ("customer", "weekday", "opens")
        verbose_name = _("call window")
        verbose_name_plural = _("call windows")
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__lte=6),
                name="call_window_weekday",
                violation_error_message=_("No such weekday."),
            ),
            models.CheckConstraint(
                condition=Q(opens__lt=F("closes"), closes__lte=1440),
                name="call_window_opens_before_it_closes",
                violation_error_message=_("A window must open before it closes, both within one day."),
            ),
            models.CheckConstraint(
                condition=Q(opens=F("opens") / 15 * 15) & Q(closes=F("closes") / 15 * 15),
                name="call_window_quarter_hours",
                violation_error_message=_("Windows open and close on quarter hours."),
            ),
            ExclusionConstraint(
                name="call_windows_do_not_overlap",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    ("weekday", RangeOperators.EQUAL),
                    (_MinuteRange("opens", "closes"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("Two windows of one day overlap. Join them or move one."),
            ),
        ]

    def __str__(self) -> str:
        opens, closes = (f"{minute // 60}:{minute % 60:02}" for minute in (self.opens, self.closes))
        return f"{self.weekday} {opens}-{closes}"


@tracked()
class NumberBlock(models.Model):
    """Internal numbers given to one customer, from `first` to `last` inclusive; no number belongs to two."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="number_blocks")
    first = models.BigIntegerField(_("from"), validators=[MinValueValidator(1)])
    last = models.BigIntegerField(_("to"), validators=[MinValueValidator(1)])

    class Meta:
        ordering = ("first",)
        verbose_name = _("internal number block")
        verbose_name_plural = _("internal number blocks")
        constraints = [
            models.CheckConstraint(
                condition=Q(first__lte=F("last")),
                name="number_block_first_before_last",
                violation_error_message=_("The first number must not be above the last."),
            ),
            ExclusionConstraint(
                name="number_blocks_do_not_overlap",
                expressions=[
                    (
                        Func("first", "last", RangeBoundary(inclusive_upper=True), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("Some of these numbers already belong to a block."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"
