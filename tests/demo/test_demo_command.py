"""`manage.py demo`: when it refuses, and that it takes away exactly what it made."""

import pytest
from django.apps import apps
from django.core.management import CommandError
from django.db import connection

from billing.models import Account, LedgerEntry
from calls.models import Cdr, CustomerDay, CustomerHour, Switch, TrafficDay, TrafficHour
from customers.models import Customer, Listing
from setup.models import PortalDomain, Reseller
from tests.calls.conversation import deliver, record
from tests.factories import make_customer, make_staff, make_switch
from users.models import User

pytestmark = pytest.mark.django_db

# Row history is never deleted; currencies, settings and roles are the operator's from then on.
STAYS = {"Context", "Currency", "Installation", "Group", "Permission", "ContentType", "FeedState"}


def count_rows() -> dict[str, int]:
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models(include_auto_created=True)
        if model.__name__ not in STAYS
        and not model.__name__.endswith("Event")
        and not model._meta.proxy
        and model._meta.managed
    }


def test_removal_leaves_nothing_behind(demo, home):
    before = count_rows()
    demo()
    between = count_rows()
    assert between["calls.Cdr"] - before["calls.Cdr"] == 4000
    assert (home / "traffic-plan.json").exists()

    assert demo(remove=True) == "Removed the demo data (250 customers).\n"
    after = count_rows()
    left = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert left == {}
    assert not (home / "traffic-plan.json").exists()
    connection.check_constraints()


def test_removal_leaves_other_customers_as_they_were(demo):
    mine = make_customer(name="Mine Telecom", tags=["keep"])
    _switch, token = make_switch()
    deliver(token, record(mine, customer_charge="1.25"))
    before = count_rows()
    demo()
    demo(remove=True)
    # What the pulse would have done meanwhile, it has done: the call's delta is now its customer's figures.
    figures = {"calls.FigureDelta", "calls.MinuteBucket", "customers.Sparkline"} | {
        model._meta.label for model in (CustomerHour, CustomerDay, TrafficHour, TrafficDay)
    }
    after = count_rows()
    assert {name for name in after if after[name] != before[name]} <= figures
    assert Listing.objects.get().attempts_24h == 1
    assert list(Customer.objects.values_list("name", "tags")) == [("Mine Telecom", ["keep"])]
    assert LedgerEntry.objects.count() == Cdr.objects.count() == Account.objects.count() == 1


def test_calls_that_came_in_later_go_with_their_demo_customer(demo):
    demo()
    customer = Customer.objects.order_by("pk")[0]
    switch = Switch.objects.get()
    Switch.objects.filter(pk=switch.pk).update(token_hash=Switch.hash_token("known"))
    deliver("known", record(customer, customer_charge="1.25"))
    demo(remove=True)
    assert not Cdr.objects.exists()
    assert not LedgerEntry.objects.exists()


def change_reseller(customer: Customer) -> str:
    customer.reseller = Reseller.objects.first()
    customer.save()
    return "1 customers of a demo reseller"


def change_domain(customer: Customer) -> str:
    customer.domain = PortalDomain.objects.get(host="portal.localhost")
    customer.save()
    return "1 customers on the demo's portal domain"


def change_manager(customer: Customer) -> str:
    customer.account_manager = User.objects.get(email="manager@connex.example")
    customer.save()
    return "1 customers managed by a demo user"


def use_switch(customer: Customer) -> str:
    Switch.objects.filter(name="Demo switch").update(token_hash=Switch.hash_token("known"))
    deliver("known", record(customer))
    return "1 calls of other customers on the demo's switch or carriers"


def add_user(_customer: Customer) -> str:
    make_staff(role=None, reseller=Reseller.objects.first())
    return "1 users of a demo reseller"


@pytest.mark.parametrize("tie", [change_reseller, change_domain, change_manager, use_switch, add_user])
def test_removal_refuses_while_other_rows_depend_on_the_demo_and_says_which(demo, tie):
    demo(customers=30, cdrs=100)
    words = tie(make_customer())
    before = count_rows()
    with pytest.raises(CommandError, match="depend on the demo") as error:
        demo(remove=True)
    assert words in str(error.value)
    assert "nothing was removed" in str(error.value)
    assert count_rows() == before


def test_once_does_nothing_where_there_is_any_customer(demo):
    make_customer()
    before = count_rows()
    assert demo(once=True) == "There are customers already; no demo data was made.\n"
    assert count_rows() == before


def test_once_makes_the_data_on_an_empty_installation_and_not_again(demo):
    demo(once=True, customers=30, cdrs=100)
    demo(once=True, customers=30, cdrs=100)
    assert Customer.objects.count() == 30


def test_demo_data_is_never_laid_over_demo_data(demo):
    demo(customers=30, cdrs=100)
    with pytest.raises(CommandError, match=r"already \(30 customers\).*manage.py demo --remove"):
        demo(customers=30, cdrs=100)


def test_removing_what_is_not_there_says_so(demo):
    assert demo(remove=True) == "There is no demo data.\n"


@pytest.mark.parametrize(
    ("password", "words"),
    [(None, "DEMO_PASSWORD is not set"), ("short", "DEMO_PASSWORD has 5 characters. Use 10")],
)
def test_a_password_is_asked_for_before_anything_is_made(demo, monkeypatch, password, words):
    monkeypatch.delenv("DEMO_PASSWORD")
    if password:
        monkeypatch.setenv("DEMO_PASSWORD", password)
    with pytest.raises(CommandError, match=words):
        demo()
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"customers": 0}, "--customers 0 is out of range. Use 1 to 1,000,000"),
        ({"cdrs": -1}, "--cdrs -1 is out of range. Use 0 to 50,000,000"),
        ({"until": "tomorrow"}, "--until 'tomorrow' is no date. Use one such as 2026-11-21"),
        ({"until": "2026-02-30"}, "is no date"),
        ({"until": "2999-01-01"}, "lies in the future"),
    ],
)
def test_a_wrong_argument_is_named_with_a_legal_value(demo, options, words):
    with pytest.raises(CommandError, match=words):
        demo(**options)
    assert not Customer.objects.exists()


def test_a_date_without_time_means_its_beginning_in_utc(demo):
    demo(customers=60, cdrs=500, until="2026-11-19")
    assert Cdr.objects.latest("started_at").started_at.isoformat() < "2026-11-19T00:00:00+00:00"
