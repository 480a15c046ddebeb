"""Variables: those that cannot be read, those that Django or we find wanting, and those that contradict."""

from collections.abc import Iterator

from django.conf import settings
from django.core import checks as django_checks
from django.core.checks import run_checks

from connexcs_admin import env
from connexcs_admin.checks import HERE
from connexcs_admin.doctor.finding import ERROR, WARNING, Finding

# Django's words for what one variable of ours decides: said once, by us.
_SAID_BY_US = {"security.W004", "security.W008", "security.W012", "security.W016", "security.W018"}


def unreadable() -> Iterator[Finding]:
    """What kept the settings from loading, every variable at once."""
    for name, sentence in env.problems().items():
        yield Finding(
            f"settings.{name}", ERROR, sentence, f"Set {name} and start again; .env.example explains it."
        )


def checked(*, database: bool) -> Iterator[Finding]:
    """The system checks, with those for a deployment where staff sign in from elsewhere."""
    aliases = ["default"] if database else []
    for message in run_checks(include_deployment_checks=_is_public(), databases=aliases):
        if message.is_silenced() or message.id in _SAID_BY_US:
            continue
        level = ERROR if message.level >= django_checks.ERROR else WARNING
        yield Finding(
            str(message.id), level, str(message.msg), message.hint or "See the documentation of Django."
        )


def contradictory() -> Iterator[Finding]:
    """Each is legal, together they are not what anybody means."""
    if settings.DEBUG and _is_public():
        yield Finding(
            "settings.DEBUG",
            ERROR,
            f"DEBUG=1 although staff sign in at {_public()[0]}: visitors see tracebacks and settings.",
            "Set DEBUG=0.",
        )
    if settings.HTTPS and not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        yield Finding(
            "settings.TRUSTED_PROXIES",
            WARNING,
            "HTTPS=1 means that a proxy stands in front, but TRUSTED_PROXIES=0: all visitors seem to come "
            "from the proxy's address, and one who guesses passwords slows everybody.",
            "Set TRUSTED_PROXIES=1, or to the number of proxies that write X-Forwarded-For.",
        )
    if settings.ALLAUTH_TRUSTED_PROXY_COUNT and not settings.HTTPS and _is_public():
        yield Finding(
            "settings.HTTPS",
            WARNING,
            f"TRUSTED_PROXIES={settings.ALLAUTH_TRUSTED_PROXY_COUNT} names a proxy in front, but HTTPS=0: "
            "cookies travel readable.",
            "Let the proxy speak TLS and set HTTPS=1.",
        )


def _public() -> list[str]:
    return sorted({host.lower() for host in settings.STAFF_HOSTS} - HERE)


def _is_public() -> bool:
    return bool(_public())
