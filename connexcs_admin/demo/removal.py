"""Taking demo data away again, and only that."""

import pgtrigger
from django.db import connection
from django.db.models import ProtectedError

from audit import acting
from calls import partitions, rollups
from calls.models import CdrBatch, LiveSample, QuarantinedRecord, Switch
from carriers.models import Carrier
from connexcs_admin.demo import plan
from connexcs_admin.demo.arguments import MAIL_DOMAIN, PORTAL_HOST, RESELLERS, SWITCH_NAME, TEMPLATES
from connexcs_admin.demo.build import lock
from connexcs_admin.demo.ground import CARRIERS
from customers.models import Customer
from setup.models import InvoiceTemplate, PortalDomain, Reseller
from users.models import User

# Children first. Tables of figures have no foreign keys; the ledger is append-only for everybody else.
_TABLES = (
    "billing_ledgerentry", "billing_account", "calls_cdr", "calls_dialog", "calls_figuredelta",
    "calls_minutebucket", "calls_customerhour", "calls_customerday", "contacts_contact", "routing_ipauth",
    "routing_sipuser", "routing_ingressroute", "customers_numberblock", "customers_callwindow",
    "customers_sparkline", "customers_searchterm", "customers_listing",
)  # fmt: skip
_DELETE = 'DELETE FROM "{}" WHERE customer_id IN (SELECT id FROM customers_customer WHERE demo)'
_FOREIGN_CALLS = """
    SELECT count(*) FROM calls_cdr
     WHERE customer_id IN (SELECT id FROM customers_customer WHERE NOT demo)
       AND (switch_id IN (SELECT id FROM calls_switch WHERE name = %s)
            OR carrier_id IN (SELECT id FROM carriers_carrier WHERE name = ANY(%s)))
"""


class StillNeeded(Exception):
    """Rows that are no demo data depend on the demo's; the message says which."""


def exists() -> bool:
    return Customer.objects.filter(demo=True).exists() or Switch.objects.filter(name=SWITCH_NAME).exists()


def remove() -> int:
    """Deletes all demo data but row history, currencies, roles and settings; the live curve begins anew.

    Returns the number of customers.
    Raises StillNeeded, and deletes nothing, where other rows depend on it.
    """
    with acting(by=None, reason="Demo data removed"):
        lock()
        _check_dependants()
        portal_users = list(User.objects.filter(contact__customer__demo=True).values_list("pk", flat=True))
        with pgtrigger.ignore("billing.LedgerEntry:append_only"), connection.cursor() as cursor:
            for table in _TABLES:
                cursor.execute(_DELETE.format(table))
            cursor.execute("DELETE FROM customers_customer WHERE demo")
            count = cursor.rowcount
        rollups.rebuild_lasting(partitions.existing())  # what is summed over all customers
        try:
            _remove_ground(portal_users)
        except ProtectedError as error:
            kept = ", ".join(sorted({str(row._meta.verbose_name) for row in error.protected_objects}))
            raise StillNeeded(
                f"Demo data is still needed by other rows ({kept}). Remove those first."
            ) from error
    plan.remove()
    return count


def _remove_ground(portal_users: list[int]) -> None:
    resellers = Reseller.objects.filter(name__in=[name for name, _currency in RESELLERS])
    staff = User.objects.filter(email__iendswith=f"@{MAIL_DOMAIN}")
    LiveSample.objects.all().delete()  # a curve that counted demo calls too cannot be told apart
    switches = Switch.objects.filter(name=SWITCH_NAME)
    CdrBatch.objects.filter(switch__in=switches).delete()
    QuarantinedRecord.objects.filter(switch__in=switches).delete()
    switches.delete()
    Carrier.objects.filter(name__in=[shape.name for shape in CARRIERS]).delete()
    User.objects.filter(pk__in=portal_users).delete()
    staff.delete()
    resellers.delete()
    PortalDomain.objects.filter(host=PORTAL_HOST).delete()
    used = Customer.objects.exclude(invoice_template=None).values("invoice_template")
    InvoiceTemplate.objects.filter(name__in=TEMPLATES).exclude(pk__in=used).delete()


def _check_dependants() -> None:
    """Raises StillNeeded with every reason at once."""
    others = Customer.objects.filter(demo=False)
    reasons = [
        f"{count:,} {what}"
        for what, count in (
            (
                "customers of a demo reseller",
                others.filter(reseller__name__in=[name for name, _currency in RESELLERS]).count(),
            ),
            ("customers on the demo's portal domain", others.filter(domain__host=PORTAL_HOST).count()),
            (
                "customers managed by a demo user",
                others.filter(account_manager__email__iendswith=f"@{MAIL_DOMAIN}").count(),
            ),
            (
                "users of a demo reseller",
                User.objects.filter(reseller__name__in=[name for name, _currency in RESELLERS])
                .exclude(email__iendswith=f"@{MAIL_DOMAIN}")
                .count(),
            ),
            ("calls of other customers on the demo's switch or carriers", _foreign_calls()),
        )
        if count
    ]
    if reasons:
        raise StillNeeded(
            f"Rows that are no demo data depend on the demo: {'; '.join(reasons)}."
            " Change those first; nothing was removed."
        )


def _foreign_calls() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_FOREIGN_CALLS, [SWITCH_NAME, [shape.name for shape in CARRIERS]])
        return cursor.fetchone()[0]
