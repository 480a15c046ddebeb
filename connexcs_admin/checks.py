"""System checks: settings that cannot work, found at start. Each has an id, a message and a hint."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.http.request import split_domain_port

from setup.models import PortalDomain
from setup.secrets import KEY_AT_LEAST
from users import roles

SECRET_KEY_AT_LEAST = 50
METRICS_TOKEN_AT_LEAST = 32
# What may see a request for a foreign host: neither reads the host nor lets it decide anything.
BEFORE_HOSTS = (
    "connexcs_admin.middleware.RequestIdMiddleware",
    "connexcs_admin.metrics.MetricsMiddleware",
    "connexcs_admin.health.doors.HealthMiddleware",
    "connexcs_admin.tls.AskMiddleware",
)
HERE = {"localhost", "127.0.0.1", "[::1]"}


@register(Tags.security)
def secret_key_is_long(**_: Any) -> list[CheckMessage]:
    length = len(settings.SECRET_KEY)
    if length >= SECRET_KEY_AT_LEAST:
        return []
    return [
        Error(
            f"SECRET_KEY has {length} characters.",
            hint=f"Set it to {SECRET_KEY_AT_LEAST} or more random characters. It signs every session.",
            id="connex.E001",
        )
    ]


@register(Tags.security)
def encryption_keys_are_long(**_: Any) -> list[CheckMessage]:
    return [
        Error(
            f"Key {place} of ENCRYPTION_KEYS has {len(key)} characters.",
            hint=f"Use {KEY_AT_LEAST} or more random characters for each key, separated by commas. They keep "
            "stored secrets, such as the seeds of sign-in codes, from whoever gets hold of a backup.",
            id="connex.E006",
        )
        for place, key in enumerate(settings.ENCRYPTION_KEYS, start=1)
        if len(key) < KEY_AT_LEAST
    ]


@register(Tags.security)
def metrics_have_a_token(**_: Any) -> list[CheckMessage]:
    if not settings.METRICS or len(settings.METRICS_TOKEN) >= METRICS_TOKEN_AT_LEAST:
        return []
    return [
        Error(
            f"METRICS is on and METRICS_TOKEN has {len(settings.METRICS_TOKEN)} characters.",
            hint=f"Set it to {METRICS_TOKEN_AT_LEAST} or more random characters, or METRICS=0.",
            id="connex.E007",
        )
    ]


@register(Tags.urls)
def staff_hosts_are_hosts(**_: Any) -> list[CheckMessage]:
    """At least one, each a bare host name, since every other host is refused."""
    if not settings.STAFF_HOSTS:
        return [
            Error(
                "STAFF_HOSTS names no host, so that nobody reaches the staff site.",
                hint="Set it to the host names of the staff site, such as admin.example.com,localhost.",
                id="connex.E002",
            )
        ]
    return [
        Error(
            f"STAFF_HOSTS names {host!r}, which is no host name.",
            hint="Write host names only, without scheme, port or path: admin.example.com or [::1].",
            id="connex.E003",
        )
        for host in settings.STAFF_HOSTS
        if split_domain_port(host) != (host.lower(), "")
    ]


@register(Tags.security)
def hosts_are_judged(**_: Any) -> list[CheckMessage]:
    """ALLOWED_HOSTS is open because SiteMiddleware refuses foreign hosts before anything else runs."""
    order = list(settings.MIDDLEWARE)
    site = "users.middleware.SiteMiddleware"
    if site in order and set(order[: order.index(site)]) <= set(BEFORE_HOSTS):
        return []
    return [
        Error(
            f"{site} does not come first, so that requests for foreign hosts get through.",
            hint=f"Put it at the top of MIDDLEWARE; above it may stand only {', '.join(BEFORE_HOSTS)}.",
            id="connex.E004",
        )
    ]


@register(Tags.models)
def roles_name_known_rights(**_: Any) -> list[CheckMessage]:
    """A misspelt right would be left out of its group without a word."""
    return [
        Error(
            f"users/roles.py names the right {right!r}, which no model declares.",
            hint="Correct the area in MATRIX, or declare the right in the model's Meta.permissions.",
            id="connex.E005",
        )
        for right in roles.unknown_rights()
    ]


@register(Tags.security, deploy=True)
def passwords_travel_safely(**_: Any) -> list[CheckMessage]:
    elsewhere = sorted({host.lower() for host in settings.STAFF_HOSTS} - HERE)
    if settings.SESSION_COOKIE_SECURE or not elsewhere:
        return []
    return [
        Warning(
            f"HTTPS is off although staff sign in at {elsewhere[0]}: passwords travel readable.",
            hint="Put a proxy with TLS in front and set HTTPS=1.",
            id="connex.W001",
        )
    ]


@register(Tags.database)
def no_host_has_two_sites(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """A host that is both is the staff site, and the customers of that domain stand before a closed door."""
    if "default" not in (databases or ()):
        return []
    if PortalDomain._meta.db_table not in connections["default"].introspection.table_names():
        return []  # before the first migration
    both = PortalDomain.objects.filter(host__in=[host.lower() for host in settings.STAFF_HOSTS], enabled=True)
    return [
        Warning(
            f"{domain.host} is a portal domain and also in STAFF_HOSTS; it shows the staff site.",
            hint="Take it out of STAFF_HOSTS, or give the portal another host name.",
            id="connex.W002",
        )
        for domain in both
    ]
