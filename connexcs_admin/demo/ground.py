"""What demo customers stand on: currencies, resellers, brand, staff, carriers and the switch."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.utils import timezone

from calls.models import Switch
from carriers.models import Carrier
from connexcs_admin.demo.arguments import (
    MAIL_DOMAIN,
    PORTAL_HOST,
    RESELLERS,
    SIP_REALM,
    SWITCH_NAME,
    TEMPLATES,
)
from connexcs_admin.demo.tariff import CURRENCIES
from setup.models import Currency, Installation, InvoiceTemplate, PortalDomain, Reseller
from users import roles
from users.models import Kind, User
from users.roles import Role

# Name before the @, name, role, index of the reseller (None: the operator's own people).
STAFF = (
    ("admin", "Ada Sorensen", Role.ADMINISTRATOR, None),
    ("noc", "Niko Varga", Role.OPERATIONS, None),
    ("support", "Sunniva Park", Role.SUPPORT, None),
    ("finance", "Felix Okoro", Role.FINANCE, None),
    ("manager", "Maren Brække", Role.ACCOUNT_MANAGER, None),
    ("manager-2", "Tomás Iriarte", Role.ACCOUNT_MANAGER, None),
    ("manager-3", "Yuki Arata", Role.ACCOUNT_MANAGER, None),
    ("viewer", "Vera Lindt", Role.READ_ONLY, None),
    ("reseller-a", "Rhys Brindle", Role.RESELLER, 0),
    ("reseller-b", "Carmen Ordaz", Role.RESELLER, 1),
)


@dataclass(frozen=True, slots=True)
class CarrierShape:
    """cost: percent of the tariff's cost. share: of first attempts, in 32nds."""

    name: str
    currency: str
    cost: int
    share: int
    channels: int | None
    failing: bool = False


CARRIERS = (
    CarrierShape("Ardent Carrier Exchange", "USD", 100, 9, 3000),
    CarrierShape("Nordhav Transit", "EUR", 104, 7, 1500),
    CarrierShape("Pelagia Voice Hub", "USD", 97, 5, None),
    CarrierShape("Kestrelline Interconnect", "GBP", 108, 4, 800),
    CarrierShape("Straitsway Termination", "SGD", 95, 4, 600),
    CarrierShape("Brokenhurst Routes", "USD", 81, 3, 400, failing=True),
)


@dataclass(frozen=True)
class Ground:
    """What later steps refer to. `carriers` stand in the order of CARRIERS; `token` is the switch's own."""

    resellers: list[Reseller]
    managers: list[User]
    domain: PortalDomain
    templates: list[InvoiceTemplate]
    carriers: list[Carrier]
    switch: Switch
    token: str
    password_hash: str


def lay(password: str) -> Ground:
    """Stores the ground. What an operator may have set already (currencies, settings) is left alone."""
    Currency.objects.bulk_create(
        [Currency(code=code, name=name, digits=digits) for code, name, digits in CURRENCIES],
        ignore_conflicts=True,
    )
    Installation.objects.get_or_create(pk=1, defaults={"company": "Connex"})
    resellers = [
        Reseller.objects.create(name=name, email=f"desk-{letter}@{MAIL_DOMAIN}")
        for letter, (name, _currency) in zip("ab", RESELLERS, strict=True)
    ]
    domain = PortalDomain.objects.create(host=PORTAL_HOST, brand="Connex Voice", sip_realm=SIP_REALM)
    # One hash for all of them: hashing is slow on purpose, and it is one password.
    password_hash = make_password(password)
    staff = _staff(resellers, password_hash)
    token = Switch.new_token()
    return Ground(
        resellers=resellers,
        managers=[user for user, row in zip(staff, STAFF, strict=True) if row[2] == Role.ACCOUNT_MANAGER],
        domain=domain,
        templates=[InvoiceTemplate.objects.get_or_create(name=name)[0] for name in TEMPLATES],
        carriers=[_carrier(shape) for shape in CARRIERS],
        switch=Switch.objects.create(
            name=SWITCH_NAME, token_hash=Switch.hash_token(token), heard_at=timezone.now()
        ),
        token=token,
        password_hash=password_hash,
    )


def _staff(resellers: list[Reseller], password_hash: str) -> list[User]:
    roles.seed()
    groups = {group.name: group for group in Group.objects.all()}
    staff = []
    for local, name, role, reseller in STAFF:
        user = User.objects.create(
            email=f"{local}@{MAIL_DOMAIN}",
            name=name,
            kind=Kind.STAFF,
            reseller=None if reseller is None else resellers[reseller],
            is_superuser=role == Role.ADMINISTRATOR,
            password=password_hash,
        )
        user.groups.add(groups[role.value])
        staff.append(user)
    return staff


def _carrier(shape: CarrierShape) -> Carrier:
    return Carrier.objects.create(
        name=shape.name,
        currency_id=shape.currency,
        channels_limit=shape.channels,
        cps_limit=None if shape.channels is None else shape.channels // 20,
    )
