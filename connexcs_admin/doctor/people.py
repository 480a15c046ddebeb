"""Who can run this installation, and whether anything is in it to run."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.apps import apps
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q, QuerySet

from calls.models import Switch
from connexcs_admin.doctor.finding import ERROR, WARNING, Finding
from contacts.models import Contact
from setup.models import Currency, PortalDomain
from users.models import Kind, User
from users.roles import Role

SILENT_AFTER = timedelta(hours=1)


def administrators() -> Iterator[Finding]:
    admins = _administrators()
    if not admins.exists():
        yield Finding(
            "people.administrator",
            ERROR,
            "Nobody with all rights can sign in: no active member of staff is in the group Administrator.",
            "manage.py createsuperuser",
        )
    if not apps.is_installed("allauth.mfa"):
        return
    secured = apps.get_app_config("mfa").get_model("Authenticator")._default_manager.values("user_id")
    bare = list(admins.exclude(pk__in=secured).values_list("email", flat=True)[:5])
    if bare:
        yield Finding(
            "people.second_factor",
            WARNING,
            f"Administrators without a second factor: {', '.join(bare)}. One guessed password is enough.",
            "Each of them: sign in, open Security under the initials, add a passkey or an authenticator app.",
        )


def _administrators() -> "QuerySet[User]":
    return (
        User.objects.filter(
            Q(is_superuser=True) | Q(groups__name=Role.ADMINISTRATOR),
            kind=Kind.STAFF,
            is_active=True,
            reseller=None,
        )
        .exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
        .exclude(password="")
        .distinct()
        .order_by("email")
    )


def content() -> Iterator[Finding]:
    """What a customer needs before there can be one, and calls before there are any."""
    if not Currency.objects.exists():
        yield Finding(
            "setup.currency",
            WARNING,
            "No currency is set up, so that no customer can be made.",
            'manage.py shell -c "from setup.models import Currency as C; '
            "C.objects.create(code='EUR', name='Euro')\"",
        )
    for domain in PortalDomain.objects.filter(enabled=True).order_by("host"):
        if not Contact.objects.filter(
            Q(customer__domain=domain) | Q(customer__domain=None), user__is_active=True
        ).exists():
            yield Finding(
                f"portal.{domain.host}",
                WARNING,
                f"Nobody can sign in to the portal at {domain.host}: no contact there has a sign-in.",
                "Give a contact of a customer there a sign-in, or switch the domain off in Django admin.",
            )


def switches(now: datetime | None = None) -> Iterator[Finding]:
    now = now or datetime.now(UTC)
    known = list(Switch.objects.filter(enabled=True).order_by("name"))
    if not known:
        yield Finding(
            "switch.none",
            WARNING,
            "No switch may report calls, so that there are no figures.",
            "manage.py switch_token NAME makes one and prints its token: docs/switch-api.md",
        )
    for switch in known:
        if switch.heard_at is None:
            yield Finding(
                f"switch.{switch.name}",
                WARNING,
                f"The switch {switch.name} has never reported.",
                "Check address and token on the switch; docs/switch-api.md has a line to try by hand.",
            )
        elif now - switch.heard_at > SILENT_AFTER:
            yield Finding(
                f"switch.{switch.name}",
                WARNING,
                f"The switch {switch.name} last reported at {switch.heard_at:%Y-%m-%d %H:%M} UTC.",
                "See its log, and whether it reaches this host. If it is gone: manage.py switch_token "
                f"{switch.name!r} --revoke",
            )
