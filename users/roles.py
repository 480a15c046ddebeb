"""What each role may do: the whole matrix. Groups are seeded from it; Groups are what counts afterwards.

A user without a group may do nothing. Which rows a user sees is not decided here but by `visible_to`:
a reseller's user and one without `view_every_customer` see their own customers only.
"""

from enum import StrEnum

from django.apps import apps as installed
from django.apps.registry import Apps
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Model

from users.models import OfferedRight


class Role(StrEnum):
    """Names of the seeded Groups, in the order of the matrix's columns."""

    ADMINISTRATOR = "Administrator"
    OPERATIONS = "Operations"
    SUPPORT = "Support"
    FINANCE = "Finance"
    ACCOUNT_MANAGER = "Account manager"
    RESELLER = "Reseller"
    READ_ONLY = "Read-only"


# r read · c create · u change · d delete; "yes" for a right that is no table; "-" nothing.
# fmt: off
MATRIX = {
    # Area                          Admin   NOC     Support Finance Manager Reseller Read-only
    "customers.customer":          ("rcud", "ru",   "rcu",  "ru",   "rcu",  "rcu",  "r"),
    "customers.view_every_customer": ("yes", "yes", "yes",  "yes",  "-",    "-",    "yes"),
    "customers.view_credit":       ("yes",  "-",    "-",    "yes",  "yes",  "yes",  "-"),
    "customers.callwindow":        ("rcud", "rcud", "rcud", "r",    "rcud", "rcud", "r"),
    "customers.numberblock":       ("rcud", "rcud", "rcu",  "r",    "rcu",  "r",    "r"),
    "contacts.contact":            ("rcud", "r",    "rcud", "rcu",  "rcud", "rcud", "r"),
    "routing.ingressroute":        ("rcud", "rcud", "rcu",  "-",    "r",    "r",    "r"),
    "routing.ipauth":              ("rcud", "rcud", "rcu",  "-",    "r",    "rcud", "r"),
    "routing.sipuser":             ("rcud", "rcud", "rcu",  "-",    "r",    "rcud", "r"),
    "calls.cdr":                   ("r",    "r",    "r",    "r",    "r",    "r",    "r"),
    "calls.dialog":                ("r",    "r",    "r",    "-",    "r",    "r",    "r"),
    "calls.switch":                ("rcud", "rcu",  "r",    "-",    "-",    "-",    "r"),
    "calls.quarantinedrecord":     ("ru",   "ru",   "r",    "-",    "-",    "-",    "r"),
    "carriers.carrier":            ("rcud", "rcu",  "r",    "rcu",  "-",    "-",    "r"),
    "billing.account":             ("r",    "-",    "-",    "r",    "r",    "r",    "-"),
    "billing.ledgerentry":         ("rc",   "-",    "-",    "rc",   "r",    "r",    "-"),
    "audit.act":                   ("r",    "r",    "-",    "r",    "-",    "-",    "r"),
    "grids.share_view":            ("yes",  "yes",  "-",    "-",    "-",    "yes",  "-"),
    "users.user":                  ("rcud", "-",    "-",    "-",    "-",    "-",    "-"),
    "auth.group":                  ("rcud", "-",    "-",    "-",    "-",    "-",    "-"),
    "setup.currency":              ("rcud", "-",    "-",    "rcu",  "-",    "-",    "r"),
    "setup.reseller":              ("rcud", "-",    "-",    "r",    "-",    "-",    "r"),
    "setup.portaldomain":          ("rcud", "-",    "-",    "-",    "-",    "-",    "r"),
    "setup.invoicetemplate":       ("rcud", "-",    "-",    "rcu",  "-",    "-",    "r"),
    "setup.installation":          ("ru",   "r",    "-",    "-",    "-",    "-",    "r"),
}
# fmt: on

_VERBS = {"r": "view", "c": "add", "u": "change", "d": "delete"}


def rights(role: Role) -> set[str]:
    """The preset of one role as "app.codename" strings."""
    column = list(Role).index(role)
    found = set()
    for area, row in MATRIX.items():
        app, _, name = area.partition(".")
        match row[column]:
            case "-":
                pass
            case "yes":
                found.add(area)
            case letters:
                found |= {f"{app}.{_VERBS[letter]}_{name}" for letter in letters}
    return found


def declared_rights() -> set[str]:
    """Every permission that the installed models declare, as "app.codename" strings; asks no database."""
    return {
        f"{model._meta.app_label}.{codename}"
        for model in installed.get_models()
        for codename in _codenames(model)
    }


def unknown_rights() -> list[str]:
    """Rights the matrix names but no model declares; seeding leaves them out."""
    return sorted(set().union(*map(rights, Role)) - declared_rights())


def seed(*, reset: bool = False) -> list[str]:
    """Makes the missing Groups with their presets, and offers existing ones what their role has gained since.

    A right is offered to a role once: what operators gave or took away stays as they left it, and a right
    that is new in the matrix still reaches the groups that were there before it.
    reset: gives every seeded Group its preset again. Returns the names of Groups that were made or changed.
    """
    stored = {
        f"{app}.{codename}": pk
        for app, codename, pk in Permission.objects.values_list("content_type__app_label", "codename", "pk")
    }
    written = []
    with transaction.atomic():
        offered = set(OfferedRight.objects.values_list("role", "right"))
        for role in Role:
            preset = {right for right in rights(role) if right in stored}
            group, created = Group.objects.get_or_create(name=role.value)
            new = {right for right in preset if (role.value, right) not in offered}
            if created or reset:
                group.permissions.set([stored[right] for right in preset])
            elif new:
                group.permissions.add(*(stored[right] for right in new))
            if created or reset or new:
                written.append(group.name)
            OfferedRight.objects.bulk_create(
                [OfferedRight(role=role.value, right=right) for right in sorted(new)], ignore_conflicts=True
            )
    return written


def seed_after_migrate(*, using: str, apps: Apps = installed, **_: object) -> None:
    """Receiver of post_migrate: seeds once every declared right is stored, so that no preset is cut short.

    post_migrate is sent app by app, and migrations can be run in part; each call but the last finds rights
    missing and leaves the work to the next.
    """
    try:
        apps.get_model("auth", "Group")
        apps.get_model("users", "OfferedRight")
    except LookupError:
        return
    wanted = {(role.value, right) for role in Role for right in rights(role)}
    known = {right for _role, right in wanted} & declared_rights()
    if using != "default" or _is_seeded({pair for pair in wanted if pair[1] in known}):
        return
    missing = set(known)
    for app, codename in Permission.objects.values_list("content_type__app_label", "codename"):
        missing.discard(f"{app}.{codename}")
    if not missing:
        seed()


def _is_seeded(wanted: set[tuple[str, str]]) -> bool:
    """Whether all groups are there and all of `wanted`, pairs of role and right, was offered."""
    if Group.objects.filter(name__in=list(Role)).count() < len(Role):
        return False
    return wanted <= set(OfferedRight.objects.values_list("role", "right"))


def _codenames(model: type[Model]) -> list[str]:
    meta = model._meta
    usual = [f"{verb}_{meta.model_name}" for verb in meta.default_permissions]
    return usual + [codename for codename, _name in meta.permissions]
