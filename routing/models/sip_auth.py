"""How a customer proves who it is to a switch: by source address or by digest user."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from customers.search import search_term_triggers
from routing.querysets import IpAuths, OfCustomers
from routing.warnings import warning_triggers
from setup.history import tracked

PREFIX = RegexValidator(r"^[0-9#+*]*$", _("Use digits, #, + and * only."))


class Protocol(models.TextChoices):
    UDP = "udp", _("SIP UDP")
    TCP = "tcp", _("SIP TCP")
    TLS = "tls", _("SIP TLS")
    TLS_SRTP = "tls_srtp", _("SIP TLS & SRTP")


# Both kinds of entry, and routes with their tech prefixes, are what routing lets a customer be found by.
SEARCH_WORDS = """
    SELECT customer_id, string_agg(word, ' ' ORDER BY word) AS words FROM (
        SELECT customer_id, host AS word FROM routing_ipauth WHERE customer_id = ANY(touched)
        UNION SELECT customer_id, username FROM routing_sipuser WHERE customer_id = ANY(touched)
        UNION SELECT customer_id, tech_prefix FROM routing_ingressroute
               WHERE customer_id = ANY(touched) AND tech_prefix <> ''
    ) AS words GROUP BY customer_id
"""


def routing_triggers() -> list:
    """What every table of this room carries: warnings and search words kept by the database."""
    return [
        *warning_triggers(),
        *search_term_triggers(source="routing", customer_column="customer_id", select=SEARCH_WORDS),
    ]


class Endpoint(models.Model):
    """What both kinds of entry share. Limits: empty or 0 means unlimited."""

    channels_limit = models.PositiveIntegerField(_("channels"), null=True, blank=True)
    cps_limit = models.PositiveIntegerField(_("flow speed (CPS)"), null=True, blank=True)
    protocol = models.CharField(_("protocol"), max_length=8, choices=Protocol, default=Protocol.UDP)
    dial_pattern = models.CharField(_("dial pattern"), max_length=32, default="E164")
    cli_prefix = models.CharField(_("CLI prefix"), max_length=32, blank=True, validators=[PREFIX])
    tech_prefix = models.CharField(_("tech prefix"), max_length=32, blank=True, validators=[PREFIX])
    strip_digits = models.PositiveSmallIntegerField(_("strip digits"), default=0)
    bandwidth_mbps = models.PositiveIntegerField(
        _("bandwidth (Mb/s)"), null=True, blank=True, help_text=_("For information; not enforced.")
    )
    codecs_denied = ArrayField(
        models.CharField(max_length=32), verbose_name=_("codecs not allowed"), default=list, blank=True
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(_("created"), db_default=models.functions.Now(), editable=False)

    class Meta:
        abstract = True


@tracked(exclude=["password"])
class IpAuth(Endpoint):
    """A customer's address: an IPv4 or IPv6 address or network, or a host name.

    A host name can only be an address the switch sends to ("receives calls" as seen by the customer is
    off), because a call that comes in is known by its source address. `host` holds the text as entered,
    in canonical form for addresses; `is_network` says that it is one.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="ip_auths")
    host = models.CharField(
        _("IP, network or host name"),
        max_length=253,
        help_text=_("Such as 203.0.113.7, 203.0.113.0/24, 2001:db8::1 or sip.example.com."),
    )
    is_network = models.BooleanField(editable=False, default=True)
    port = models.PositiveIntegerField(
        _("port"), default=5060, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    may_send = models.BooleanField(_("this switch receives calls"), default=True)
    may_receive = models.BooleanField(_("this switch sends calls"), default=True)
    manufacturer = models.CharField(_("manufacturer"), max_length=64, blank=True)
    version = models.CharField(_("version"), max_length=64, blank=True)
    force_from = models.CharField(_("force From"), max_length=64, blank=True)
    username = models.CharField(_("username"), max_length=64, blank=True)
    password = models.CharField(_("password"), max_length=255, blank=True, editable=False)
    outbound_proxy = models.CharField(_("outbound proxy"), max_length=253, blank=True)
    cli_authentication = models.BooleanField(_("CLI authentication"), default=False)
    force_nat = models.BooleanField(_("force NAT"), default=False)
    disable_nat = models.BooleanField(_("disable NAT"), default=False)
    intercept_reinvite = models.BooleanField(_("intercept re-INVITE"), default=False)

    objects = IpAuths.as_manager()

    class Meta:
        ordering = ("host", "pk")
        verbose_name = _("IP entry")
        verbose_name_plural = _("IP entries")
        constraints = [
            models.UniqueConstraint(
                "customer",
                Lower("host"),
                "port",
                name="ip_auth_once_per_customer",
                violation_error_message=_("This customer already has an entry for this address and port."),
            ),
            models.CheckConstraint(
                condition=Q(may_send=True) | Q(may_receive=True),
                name="ip_auth_has_a_direction",
                violation_error_message=_("Tick at least one direction."),
            ),
            models.CheckConstraint(
                condition=Q(is_network=True) | Q(may_send=False),
                name="ip_auth_host_name_only_receives",
                violation_error_message=_(
                    "A host name can only be an address that calls are sent to. Untick “this switch receives"
                    " calls”, or give the address in digits."
                ),
            ),
        ]
        triggers = routing_triggers()

    def __str__(self) -> str:
        return self.host


@tracked(exclude=["ha1"])
class SipUser(Endpoint):
    """A digest user. `ha1` is MD5(username:realm:password) under the domain's realm; no password is kept."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="sip_users")
    username = models.CharField(_("username"), max_length=64)
    realm = models.CharField(_("realm"), max_length=253)
    ha1 = models.CharField(max_length=32, editable=False)
    ip_whitelist = ArrayField(
        models.CharField(max_length=43), verbose_name=_("calls only from"), default=list, blank=True
    )
    sip_ping = models.BooleanField(_("SIP ping"), default=False)
    retain_did = models.BooleanField(_("retain DID"), default=False)

    objects = OfCustomers.as_manager()

    class Meta:
        ordering = ("username",)
        verbose_name = _("SIP user")
        verbose_name_plural = _("SIP users")
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                Lower("realm"),
                name="sip_user_once_per_realm",
                violation_error_message=_("Duplicate User Detected"),
            ),
            models.CheckConstraint(
                condition=Q(ha1__regex=r"^[0-9a-f]{32}$"),
                name="sip_user_ha1_is_md5",
                violation_error_message=_("The stored digest must be an MD5 in lower-case hex."),
            ),
        ]
        triggers = routing_triggers()

    def __str__(self) -> str:
        return self.username
