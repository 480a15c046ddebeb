"""From arguments to a living installation, in one transaction."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.db.models.functions import Lower

from audit import acting
from billing.models import Account, LedgerEntry
from calls import partitions, pulse
from calls.models import CdrBatch
from connexcs_admin.demo import calls, customers, endpoints, ground, money, people, plan, samples
from connexcs_admin.demo.arguments import DAYS, REASON, Arguments
from connexcs_admin.demo.copying import analyze, copy_lines, copy_rows, pack, reserve_ids
from connexcs_admin.demo.customers import DemoCustomer
from contacts.models import Contact
from customers.models import CallWindow, Customer, NumberBlock
from routing.models import IngressRoute, IpAuth, SipUser

_LOCK = 0x44454D4F  # "DEMO" in our advisory key space: one maker or remover at a time
_ANALYZED = (
    "customers_customer", "customers_listing", "customers_searchterm", "contacts_contact", "routing_ipauth",
    "routing_sipuser", "routing_ingressroute", "billing_account", "billing_ledgerentry", "calls_cdr",
    "calls_minutebucket",
)  # fmt: skip

Say = Callable[[str], None]


def lock() -> None:
    """Makes others wait who want to make or remove demo data; until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")  # a million rows take longer than a request may
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def build(arguments: Arguments, *, password: str, say: Say) -> None:
    """Makes all demo data and writes the traffic plan. password: of every demo user."""
    with acting(by=None, reason=REASON):
        lock()
        steps = _Steps(say)
        base = ground.lay(password)
        taken = set(Customer.objects.existing().values_list(Lower("name"), flat=True))
        made = customers.invent(reserve_ids(Customer, arguments.customers), arguments, taken)
        copy_rows(Customer, customers.rows(made, arguments, base))
        analyze("customers_customer", "customers_listing", "customers_searchterm")
        steps.done(f"{len(made):,} customers")
        _copy_belongings(made, arguments)
        portal_emails = people.give_sign_ins(made, base)
        steps.done("contacts, authentication, routes")
        history = _copy_calls(made, arguments, base)
        steps.done(f"{arguments.cdrs:,} call records")
        copy_rows(Account, money.accounts(made))
        copy_rows(LedgerEntry, money.entries(made, history.charges, arguments))
        steps.done("payments and charges")
        _count_figures(arguments)
        steps.done("figures")
        wanted = plan.make(made, arguments, base)
        transaction.on_commit(lambda: plan.write(wanted))
        transaction.on_commit(pack)
    say(f"the portal's sign-ins, with the same password: {', '.join(portal_emails)}")


def _copy_belongings(made: list[DemoCustomer], arguments: Arguments) -> None:
    copy_rows(IpAuth, endpoints.ip_auths(made, arguments))
    copy_rows(SipUser, endpoints.sip_users(made, arguments))
    route_ids = iter(reserve_ids(IngressRoute, 2 * len(made)))
    copy_rows(IngressRoute, endpoints.ingress_routes(made, arguments, route_ids))
    copy_rows(Contact, people.contacts(made, arguments))
    after = NumberBlock.objects.aggregate(last=Max("last"))["last"] or 0
    copy_rows(NumberBlock, people.number_blocks(made, arguments, after))
    copy_rows(CallWindow, people.call_windows(made, arguments))


def _copy_calls(made: list[DemoCustomer], arguments: Arguments, base: ground.Ground) -> calls.History:
    days = [arguments.until.date() - timedelta(days=back) for back in range(-3, DAYS + 2)]
    partitions.ensure(days)
    batches = reserve_ids(CdrBatch, DAYS + 3)
    writer = calls.Writer(arguments, base, batches[0])
    copy_lines("calls_cdr", calls.COLUMNS, writer.lines(made))
    history = writer.history
    copy_rows(
        CdrBatch,
        (
            {
                "id": batches[day - writer.first_day],
                "switch_id": base.switch.pk,
                "received_at": min(arguments.until, datetime.fromtimestamp((day + 1) * 86_400, UTC)),
                "stored": count,
                "unfolded": True,
                "first_at": datetime.fromtimestamp(day * 86_400, UTC),
                "last_at": datetime.fromtimestamp((day + 1) * 86_400, UTC),
            }
            for day, count in sorted(history.batches.items())
        ),
    )
    return history


def _count_figures(arguments: Arguments) -> None:
    """Everything that is derived, as the pulse does it: it reads each record once for all the sums."""
    analyze(*_ANALYZED)
    samples.count(arguments.until)
    pulse.refresh_all()


class _Steps:
    """Says what is done and how long it took."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.begun = time.monotonic()

    def done(self, what: str) -> None:
        now = time.monotonic()
        self.say(f"{what}: {now - self.begun:.1f} s")
        self.begun = now
