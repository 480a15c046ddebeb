"""What one installation is set to: the operator's own choices, below every other room.

There is no services.py here: writes need `audit.acting`, which stands one floor above. Rooms above write
these rows inside it, as the demo and the pages of Setup do.
"""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from setup.history import tracked


@tracked()
class Currency(models.Model):
    """A currency customers may be kept in. The code is the key, so that money columns read by themselves."""

    code = models.CharField(
        _("code"),
        max_length=3,
        primary_key=True,
        validators=[RegexValidator(r"^[A-Z]{3}$", _("Use an ISO 4217 code of three capitals, such as EUR."))],
    )
    name = models.CharField(_("name"), max_length=64)
    digits = models.PositiveSmallIntegerField(
        _("minor digits"), default=2, help_text=_("Decimals shown: 2 for EUR, 0 for JPY, 3 for KWD.")
    )
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        ordering = ("code",)
        verbose_name = _("currency")
        verbose_name_plural = _("currencies")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(digits__lte=8),
                name="currency_digits_at_most_8",
                violation_error_message=_("A currency has at most 8 minor digits."),
            )
        ]

    def __str__(self) -> str:
        return self.code


@tracked()
class Reseller(models.Model):
    """A company that brings customers of its own; its users see those and nobody else's."""

    name = models.CharField(_("name"), max_length=128)
    email = models.EmailField(_("email"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("reseller")
        verbose_name_plural = _("resellers")
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="reseller_name_once",
                violation_error_message=_("A reseller with this name already exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name


@tracked()
class PortalDomain(models.Model):
    """A host name on which customers reach their portal, under one brand and one SIP realm."""

    host = models.CharField(
        _("host"),
        max_length=253,
        help_text=_("Host name without scheme or port, such as portal.example.com."),
        validators=[
            RegexValidator(
                r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$",
                _("Use a host name in lower case, without scheme, port or path."),
            )
        ],
    )
    brand = models.CharField(_("brand"), max_length=64)
    sip_realm = models.CharField(
        _("SIP realm"), max_length=253, help_text=_("Digest passwords (HA1) are made for this realm.")
    )
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        ordering = ("host",)
        verbose_name = _("portal domain")
        verbose_name_plural = _("portal domains")
        constraints = [
            models.UniqueConstraint(
                Lower("host"),
                name="portal_host_once",
                violation_error_message=_("This host name is already a portal domain."),
            )
        ]

    def __str__(self) -> str:
        return self.host


@tracked()
class InvoiceTemplate(models.Model):
    """The name of an invoice layout. The layout itself comes with invoices."""

    name = models.CharField(_("name"), max_length=64, unique=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("invoice template")
        verbose_name_plural = _("invoice templates")

    def __str__(self) -> str:
        return self.name


class AcdDefinition(models.TextChoices):
    """Which average call duration the ACD column shows (the other one is always beside it)."""

    ANSWERED = "answered", _("over answered calls")
    ALL = "all", _("over all calls")


@tracked()
class Installation(models.Model):
    """The one row of settings of this installation. Read it by `Installation.current()`."""

    company = models.CharField(_("company"), max_length=128, default="Connex")
    acd_definition = models.CharField(
        _("ACD column shows"), max_length=8, choices=AcdDefinition, default=AcdDefinition.ANSWERED
    )
    asr_warn = models.PositiveSmallIntegerField(
        _("ASR, amber below (%)"), default=35, validators=[MaxValueValidator(100)]
    )
    asr_bad = models.PositiveSmallIntegerField(
        _("ASR, red below (%)"), default=25, validators=[MaxValueValidator(100)]
    )
    pdd_warn_ms = models.PositiveIntegerField(_("PDD, amber from (ms)"), default=4_000)
    pdd_high_ms = models.PositiveIntegerField(_("PDD, called high from (ms)"), default=10_000)
    channels_warn = models.PositiveSmallIntegerField(_("channels, amber from (% of the limit)"), default=80)
    channels_bad = models.PositiveSmallIntegerField(_("channels, red from (% of the limit)"), default=95)
    audit_comment = models.BooleanField(
        _("ask why"),
        default=False,
        db_default=False,
        help_text=_("Saving a customer wants a reason, which goes into its history."),
    )
    number_range_start = models.BigIntegerField(
        _("internal numbers start at"),
        default=100_000,
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: no blocks of internal numbers are given."),
    )
    number_block_size = models.PositiveIntegerField(
        _("size of a number block"), default=100, null=True, blank=True, validators=[MinValueValidator(1)]
    )

    class Meta:
        verbose_name = _("settings")
        verbose_name_plural = _("settings")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="installation_is_one_row")]

    def __str__(self) -> str:
        return self.company

    @classmethod
    def current(cls) -> "Installation":
        """The settings row, or the defaults where none was stored yet."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)
