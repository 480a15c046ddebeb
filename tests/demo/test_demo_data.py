"""What demo data looks like, and that it adds up."""

import ipaddress
import json
import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import mean

import pytest
from django.db import connection
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from billing.models import Account, EntryKind, LedgerEntry
from calls import selfcheck
from calls.models import Cdr, CdrBatch, LiveSample, MinuteBucket, Switch
from carriers.models import Carrier
from contacts.models import Contact
from customers.models import Customer, Listing, Status
from routing.models import IpAuth, SipUser
from setup.models import Currency
from tests.demo.conftest import PASSWORD, UNTIL
from tests.factories import make_customer, make_ip_auth, make_route
from users.models import Kind, User
from users.roles import Role

pytestmark = pytest.mark.django_db

END = datetime.fromisoformat(UNTIL)

# Everything that says something, with names in place of ids: ids are the sequences' affair. Left out are
# secrets (the switch's token, digests, the salt of the password), which no seed may give away.
FINGERPRINT = """
    SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
        SELECT concat_ws(',', name, status, penalty_until, currency_id, country, city, debit_limit, tags, tax,
                         channels_limit, cps_limit, paypal_email, created_at, daily_spend_limit) AS line
          FROM customers_customer
        UNION ALL SELECT concat_ws(',', customer.name, contact.name, email, phone, contact.type)
          FROM contacts_contact contact JOIN customers_customer customer ON customer.id = customer_id
        UNION ALL SELECT concat_ws(',', customer.name, host, ip.tech_prefix, may_send, enabled)
          FROM routing_ipauth ip JOIN customers_customer customer ON customer.id = customer_id
        UNION ALL SELECT concat_ws(',', customer.name, username, realm)
          FROM routing_sipuser sip JOIN customers_customer customer ON customer.id = customer_id
        UNION ALL SELECT concat_ws(',', customer.name, route.name, route.tech_prefix, dial_strings, enabled)
          FROM routing_ingressroute route JOIN customers_customer customer ON customer.id = customer_id
        UNION ALL SELECT concat_ws(',', customer.name, kind, amount, at, reference, description)
          FROM billing_ledgerentry entry JOIN customers_customer customer ON customer.id = customer_id
        UNION ALL SELECT concat_ws(',', customer.name, cdr.started_at, callid, attempt, is_last, cli,
                         destination, cdr.source_ip, carrier.name, connected, duration_ms, ring_ms, pdd_ms,
                         pdd_out_ms, sip_code, customer_charge, carrier_charge, reseller_charge)
          FROM calls_cdr cdr JOIN customers_customer customer ON customer.id = cdr.customer_id
          JOIN carriers_carrier carrier ON carrier.id = cdr.carrier_id
    ) AS lines
"""


def fingerprint() -> str:
    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINT)
        return cursor.fetchone()[0]


def test_the_same_arguments_make_the_same_data_and_another_seed_makes_other_data(demo):
    demo()
    first = fingerprint()
    demo(remove=True)
    demo()
    second = fingerprint()
    demo(remove=True)
    demo(seed=8)
    assert first == second
    assert fingerprint() != first


def test_as_many_rows_as_asked_for_are_made_and_all_customers_are_marked(demo):
    demo(customers=120, cdrs=3001)
    assert Customer.objects.filter(demo=True).count() == Customer.objects.count() == 120
    assert Cdr.objects.count() == CdrBatch.objects.aggregate(n=Sum("stored"))["n"] == 3001


def test_every_balance_is_payments_minus_charges_to_the_last_digit(demo):
    demo()
    charged = dict(
        Cdr.objects.values("customer_id")
        .annotate(sum=Sum("customer_charge"))
        .values_list("customer_id", "sum")
    )
    paid = dict(
        LedgerEntry.objects.filter(kind=EntryKind.PAYMENT)
        .values("customer_id")
        .annotate(sum=Sum("amount"))
        .values_list("customer_id", "sum")
    )
    assert sum(charged.values()) > 0
    for account in Account.objects.select_related("customer__listing"):
        expected = paid.get(account.pk, Decimal(0)) - charged.get(account.pk, Decimal(0))
        assert account.balance == account.customer.listing.balance == expected


def test_each_day_with_charges_is_one_ledger_entry_of_that_days_calls(demo):
    demo()
    entries = LedgerEntry.objects.filter(kind=EntryKind.CALLS)
    by_day: Counter[tuple[int, str]] = Counter()
    for pk, started, charge in Cdr.objects.values_list("customer_id", "started_at", "customer_charge"):
        by_day[pk, f"demo-{started:%Y-%m-%d}"] += charge
    assert {(e.customer_id, e.reference): -e.amount for e in entries} == {
        k: v for k, v in by_day.items() if v
    }


def test_payments_are_amounts_that_can_be_paid_in_their_currency(demo):
    demo()
    digits = dict(Currency.objects.values_list("code", "digits"))
    payments = LedgerEntry.objects.filter(kind=EntryKind.PAYMENT).select_related("customer")
    assert payments
    for payment in payments:
        assert payment.amount > 0
        assert payment.amount == round(payment.amount, digits[payment.customer.currency_id])


def test_figures_of_the_listing_are_those_of_the_records(demo):
    demo(until=None)
    since = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=1440)
    own = {
        row["customer_id"]: (row["attempts"], row["connected"])
        for row in Cdr.objects.filter(started_at__gte=since, is_last=True)
        .values("customer_id")
        .annotate(attempts=Count("callid"), connected=Count("callid", filter=Q(connected=True)))
    }
    shown = Listing.objects.exclude(attempts_24h=0).values_list("pk", "attempts_24h", "connected_24h")
    assert own == {pk: (attempts, connected) for pk, attempts, connected in shown}
    last = dict(Cdr.objects.order_by("started_at").values_list("customer_id", "started_at"))
    assert last == dict(Listing.objects.exclude(last_call_at=None).values_list("pk", "last_call_at"))
    assert MinuteBucket.objects.exists()
    assert not CdrBatch.objects.filter(unfolded=True).exists()
    assert list(selfcheck.differences()) == []
    assert LiveSample.objects.count() > 500


def test_a_quarter_of_the_calls_lies_in_the_last_day_and_none_ends_later_than_asked(demo):
    demo(cdrs=8000)
    assert 0.18 < Cdr.objects.filter(started_at__gte=END - timedelta(days=1)).count() / 8000 < 0.30
    first, last = Cdr.objects.order_by("started_at").first(), Cdr.objects.order_by("started_at").last()
    assert END - timedelta(days=31) < first.started_at
    assert last.started_at < END
    for row in Cdr.objects.filter(started_at__gte=END - timedelta(hours=2)):
        whole = (row.pdd_ms or 0) + (row.ring_ms or 0) + row.duration_ms
        assert row.started_at + timedelta(milliseconds=whole) <= END


def test_a_few_customers_make_most_calls_and_many_never_called(demo):
    demo(customers=400, cdrs=8000)
    counts = sorted(Cdr.objects.values("customer_id").annotate(n=Count("callid")).values_list("n", flat=True))
    assert sum(counts[-40:]) > 0.5 * 8000
    assert counts[-1] < 0.2 * 8000
    assert 0.25 < Listing.objects.filter(last_call_at=None).count() / 400 < 0.6


def test_nights_are_quieter_than_days_where_the_customer_lives(demo):
    demo(customers=200, cdrs=8000)
    hours: Counter[int] = Counter()
    home = Customer.objects.filter(country__in=["DE", "FR", "ES", "IT", "NO", "NL", "PL"])
    for started in Cdr.objects.filter(customer_id__in=home).values_list("started_at", flat=True):
        hours[(started.hour + 1) % 24] += 1
    assert sum(hours[h] for h in (1, 2, 3)) * 5 < sum(hours[h] for h in (9, 10, 11))


def test_asr_and_talk_are_those_of_the_trade(demo):
    demo(customers=300, cdrs=30_000)
    last = Cdr.objects.filter(is_last=True)
    asr = [
        row["yes"] / row["n"]
        for row in last.values("customer_id").annotate(
            n=Count("callid"), yes=Count("callid", filter=Q(connected=True))
        )
        if row["n"] > 300
    ]
    assert len(asr) > 15
    assert 0.30 < min(asr) < 0.47
    assert 0.53 < max(asr) < 0.70

    def talk(tag: str) -> float:
        ids = Customer.objects.filter(tags__contains=[tag])
        return (
            mean(last.filter(connected=True, customer_id__in=ids).values_list("duration_ms", flat=True))
            / 1000
        )

    assert talk("dialer") < 45
    assert 100 < talk("retail") < 320


def test_codes_are_mixed_and_one_carrier_rings_after_eleven_seconds(demo):
    demo(cdrs=12_000)
    codes = Counter(Cdr.objects.filter(is_last=True).values_list("sip_code", flat=True))
    assert {200, 404, 480, 486, 487, 503} <= codes.keys()
    assert codes.most_common(1)[0][0] == 200
    pdd = {
        carrier.name: mean(
            Cdr.objects.filter(carrier_id=carrier.pk, attempt=1, pdd_ms__isnull=False).values_list(
                "pdd_ms", flat=True
            )
        )
        for carrier in Carrier.objects.all()
    }
    assert len(pdd) == 6
    assert 10_000 < pdd.pop("Brokenhurst Routes") < 13_000
    assert all(800 < delay < 4000 for delay in pdd.values())


def test_a_call_that_fails_over_has_two_attempts_and_only_the_second_counts_and_costs(demo):
    demo(cdrs=8000)
    second = Cdr.objects.filter(attempt=2)
    assert 100 < second.count() < 1500
    for row in second[:200]:
        first = Cdr.objects.get(callid=row.callid, customer_id=row.customer_id, attempt=1)
        assert not first.is_last
        assert not first.connected
        assert (first.sip_code, first.customer_charge) == (503, 0)
        assert row.is_last
        assert row.started_at == first.started_at
        assert row.carrier_id != first.carrier_id
    assert Cdr.objects.filter(is_last=False).count() == second.count()


def test_charges_are_above_cost_and_resellers_stand_between(demo):
    demo(cdrs=8000)
    dollars = Customer.objects.filter(currency="USD")
    rows = Cdr.objects.filter(connected=True, customer_id__in=dollars, carrier_currency="USD")
    assert rows.filter(customer_charge__lt=F("carrier_charge")).count() < 0.01 * rows.count()
    assert Cdr.objects.filter(reseller_id__isnull=False, reseller_charge__gt=0).exists()
    assert not Cdr.objects.filter(reseller_id__isnull=True, reseller_charge__isnull=False).exists()


def test_names_are_unique_and_written_in_many_scripts(demo):
    demo(customers=1500, cdrs=0)
    names = list(Customer.objects.values_list("name", flat=True))
    assert len({name.lower() for name in names}) == 1500
    scripts = {unicodedata.name(letter).split()[0] for name in names for letter in name if letter.isalpha()}
    assert {"LATIN", "CYRILLIC", "GREEK", "ARABIC", "CJK", "HANGUL", "DEVANAGARI"} <= scripts
    assert Customer.objects.values("currency").distinct().count() == 9
    assert Customer.objects.values("country").distinct().count() >= 25


def test_statuses_and_warnings_come_in_believable_shares(demo):
    demo(customers=1500, cdrs=6000)
    status = Counter(Customer.objects.values_list("status", flat=True))
    assert status.keys() == set(Status.values)
    assert 0.78 < status[Status.ACTIVE] / 1500 < 0.90
    active = Listing.objects.filter(status=Status.ACTIVE)
    for code in ("no_authentication", "no_routing"):
        assert 5 < active.filter(routing_warnings__contains=[code]).count() < 80
    assert 0 < active.filter(billing_warnings__contains=["credit_exhausted"]).count() < 80
    assert Customer.objects.filter(penalty_until__gt=END).exists()


def test_every_address_is_set_aside_for_documentation(demo):
    demo(customers=1500, cdrs=1000)
    nets = [
        ipaddress.ip_network(net)
        for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    ]
    hosts = IpAuth.objects.filter(is_network=True).values_list("host", flat=True)
    assert {ipaddress.ip_address(host).version for host in hosts} == {4, 6}
    assert all(any(ipaddress.ip_address(host) in net for net in nets) for host in hosts)
    assert all(str(ipaddress.ip_address(host)) == host for host in hosts)
    mails = Contact.objects.values_list("email", flat=True)
    assert all(mail.endswith(".example") for mail in mails)
    assert SipUser.objects.values("ha1").distinct().count() == SipUser.objects.count() > 100


def test_staff_of_each_role_and_contacts_of_two_customers_can_sign_in(demo):
    demo()
    admin = User.objects.get(email="admin@connex.example")
    assert admin.is_superuser
    assert set(User.objects.values_list("groups__name", flat=True)) == {None, *Role}
    assert all(user.check_password(PASSWORD) for user in (admin, User.objects.filter(kind=Kind.CONTACT)[0]))
    assert len(set(User.objects.values_list("password", flat=True))) == 1
    for local in "ab":
        user = User.objects.get(email=f"reseller-{local}@connex.example")
        assert 0 < Customer.objects.visible_to(user).count() < 60
    portal = Contact.objects.exclude(user=None).values_list("customer__reseller", flat=True)
    assert sorted(reseller is None for reseller in portal) == [False, True]


def test_the_history_names_demo_data_as_the_reason(demo):
    demo()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM customers_customerevent event JOIN pghistory_context context"
            " ON context.id = event.pgh_context_id WHERE context.metadata ->> 'reason' = 'Demo data'"
            " AND event.pgh_label = 'insert'"
        )
        assert cursor.fetchone()[0] == 250


def test_rows_made_afterwards_get_free_ids(demo):
    demo()
    customer = make_customer()
    make_ip_auth(customer)
    make_route(customer)
    assert customer.pk > Customer.objects.filter(demo=True).order_by("-pk")[0].pk
    assert Listing.objects.get(pk=customer.pk).routing_warnings == []


def test_the_traffic_plan_is_private_and_names_only_customers_that_may_call(demo, home):
    demo()
    path = home / "traffic-plan.json"
    plan = json.loads(path.read_text())
    assert path.stat().st_mode & 0o077 == 0
    assert Switch.objects.get().token_hash == Switch.hash_token(plan["token"])
    callers = Listing.objects.filter(pk__in=[customer["id"] for customer in plan["customers"]])
    assert len(callers) == len(plan["customers"]) > 60
    for caller in callers:
        assert caller.status == Status.ACTIVE
        assert caller.routing_warnings == []
        assert caller.available_credit > 0
    assert {row["id"] for row in plan["carriers"]} == set(Carrier.objects.values_list("pk", flat=True))


def test_no_customer_is_said_to_call_outside_its_hours(demo):
    demo()
    windowed = Customer.objects.filter(call_windows__isnull=False).distinct()
    assert windowed.exists()
    assert not Cdr.objects.filter(customer_id__in=windowed).exists()


def test_times_are_in_order_of_life(demo):
    demo()
    assert not Customer.objects.filter(created_at__gt=END).exists()
    first = dict(Cdr.objects.order_by("-started_at").values_list("customer_id", "started_at"))
    made = dict(Customer.objects.values_list("pk", "created_at"))
    assert all(made[pk] < started for pk, started in first.items())
    assert END.tzinfo is not None
    assert END.astimezone(UTC) == END
