"""The switches that report calls to us."""

import hashlib
import secrets

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from setup.history import tracked


class CdrFormat(models.TextChoices):
    """How a switch writes its call records."""

    CONNEX = "connex", _("Connex JSON")
    FREESWITCH = "freeswitch", _("FreeSWITCH mod_json_cdr")
    ASTERISK = "asterisk", _("Asterisk CSV")
    KAMAILIO = "kamailio", _("Kamailio acc")


@tracked(exclude=["token_hash", "heard_at", "listed_at", "listed_heard_at"])
class Switch(models.Model):
    """A SIP switch, known by its token and never by what a body claims.

    `keepalive_s`: the switch promises to name each live call at least this often; one not named for
    longer is taken for over (it is never billed for that). `time_zone`: of times without a zone in
    formats that have none; our own format refuses them. `listed_at`: its newest snapshot that named every
    call, by its own clock, and `listed_heard_at` by ours; a live call not named since is over.
    """

    name = models.CharField(_("name"), max_length=64, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    cdr_format = models.CharField(_("CDR format"), max_length=16, choices=CdrFormat, default=CdrFormat.CONNEX)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    keepalive_s = models.PositiveSmallIntegerField(
        _("keep-alive (s)"), default=10, validators=[MinValueValidator(3), MaxValueValidator(3600)]
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    heard_at = models.DateTimeField(_("last heard"), null=True, blank=True, editable=False)
    listed_at = models.DateTimeField(null=True, blank=True, editable=False)
    listed_heard_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("switch")
        verbose_name_plural = _("switches")

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def hash_token(token: str) -> str:
        """SHA-256 in hex. A token has 256 random bits, so that a slow hash would add nothing."""
        return hashlib.sha256(token.encode()).hexdigest()

    @staticmethod
    def new_token() -> str:
        return secrets.token_urlsafe(32)
