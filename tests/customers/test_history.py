"""What was changed about a customer is told to those who may know, and one change can be taken back."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit import acting
from customers.models import Customer, NumberBlock, Status
from customers.services import change_customer, create_customer, set_status
from setup.models import Installation
from tests import factories
from tests.conftest import browser_of
from tests.pages import links, words
from users.roles import Role

EVENTS = apps.get_model("customers", "CustomerEvent")


def tab(customer):
    return reverse("customers:audit", args=[customer.pk])


def last_change(customer):
    number = EVENTS.objects.filter(pgh_obj_id=customer.pk).latest("pgh_id").pgh_id
    return reverse("customers:change", args=[customer.pk, f"customer-{number}"])


def told(answer):
    return words(answer, "id", "changes")


def document(answer, name):
    found = re.search(f'<pre id="{name}">(.*?)</pre>', answer.content.decode(), re.DOTALL)
    assert found is not None
    return json.loads(html.unescape(found[1]))


@pytest.fixture
def customer(alice):
    return factories.make_customer(name="Rheinfon", channels_limit=150)


# --- What is told


@pytest.mark.accept("C-28")
@pytest.mark.django_db(transaction=True)  # a change is dated by the beginning of its transaction
def test_the_tab_tells_creation_and_every_later_change_of_whatever_room(client_alice, alice, bob):
    euro = factories.make_currency()
    customer = create_customer(by=alice, name="Rheinfon", currency=euro, channels_limit=150)
    change_customer(customer.pk, {"channels_limit": 200}, by=bob, reason="ticket 4711")
    with acting(by=alice, reason="office"):
        NumberBlock.objects.create(customer=customer, first=1000, last=1999)
        factories.make_contact(customer=customer, name="Katrin Vogel")
        factories.make_ip_auth(customer, host="192.0.2.7")
    set_status(customer.pk, Status.INACTIVE, by=None, reason="unpaid")

    shown = told(client_alice.get(tab(customer)))

    assert "alice@example.com added customer Rheinfon" in shown
    assert "bob@example.com changed Channels 150 → 200" in shown
    assert "Connex changed Status Active → Inactive" in shown
    for other in (
        "internal number block 1000–1999",
        "contact Katrin Vogel",
        "192.0.2.7",
        "ticket 4711",
        "unpaid",
    ):
        assert other in shown
    assert shown.index("Inactive") < shown.index("Katrin Vogel") < shown.index("150 → 200")
    assert tab(customer) in links(client_alice.get(reverse("customers:detail", args=[customer.pk])))


def test_a_change_tells_address_and_source(client_alice, customer):
    url = reverse("customers:status", args=[customer.pk])
    client_alice.post(url, {"status": "inactive", "reason": "asked"}, REMOTE_ADDR="192.0.2.44")

    assert "192.0.2.44 form asked" in told(client_alice.get(tab(customer)))


@pytest.mark.accept("C-29")
def test_view_difference_has_old_and_new_as_json(client_alice, customer, alice):
    change_customer(customer.pk, {"channels_limit": 200, "tags": ["retail"]}, by=alice)

    answer = client_alice.get(last_change(customer))

    old, new = document(answer, "old"), document(answer, "new")
    assert (old["channels_limit"], new["channels_limit"]) == (150, 200)
    assert (old["tags"], new["tags"]) == ([], ["retail"])
    assert {name for name in old if old[name] != new[name]} == {"channels_limit", "tags"}
    assert "Channels 150 → 200" in words(answer, "id", "difference")
    assert last_change(customer) in links(client_alice.get(tab(customer)))


def test_what_was_made_has_no_old_and_what_was_deleted_no_new(client_alice, customer):
    answer = client_alice.get(last_change(customer))
    assert document(answer, "old") is None
    assert document(answer, "new")["name"] == "Rheinfon"

    NumberBlock.objects.create(customer=customer, first=1, last=2).delete()
    number = apps.get_model("customers", "NumberBlockEvent").objects.latest("pgh_id").pgh_id
    answer = client_alice.get(reverse("customers:change", args=[customer.pk, f"numberblock-{number}"]))
    assert (document(answer, "old")["first"], document(answer, "new")) == (1, None)


def test_names_stand_for_keys_and_words_for_values(client_alice, customer, alice, anna):
    change_customer(customer.pk, {"account_manager": anna, "portal_access": False}, by=alice)

    assert "Portal access Yes → No" in told(client_alice.get(tab(customer)))
    assert "Account manager — → Anna Adler" in told(client_alice.get(tab(customer)))


def test_words_of_people_cannot_break_the_page(client_alice, customer, alice):
    change_customer(customer.pk, {"city": "<b>Bonn"}, by=alice, reason="<i>why")

    for url in (tab(customer), last_change(customer)):
        page = client_alice.get(url).content.decode()
        assert "<b>Bonn" not in page
        assert "<i>why" not in page


def test_pages_go_from_change_to_change_and_miss_none(client_alice, customer, alice):
    with acting(by=alice):  # all at the very same moment, in two tables
        for number in range(1, 65):
            NumberBlock.objects.create(customer=customer, first=number, last=number)
            Customer.objects.filter(pk=customer.pk).update(channels_limit=1000 + number)

    first = client_alice.get(tab(customer))
    (older,) = [link for link in links(first) if "before=" in link]
    second = client_alice.get(tab(customer) + older)
    (oldest,) = [link for link in links(second) if "before=" in link]
    third = client_alice.get(tab(customer) + oldest)

    seen = " ".join(told(answer) for answer in (first, second, third)).replace("Newest", "")
    for number in range(1, 65):
        assert seen.count(f"→ {1000 + number} ") == 1
        assert seen.count(f"block {number}–{number} ") == 1
    assert not [link for link in links(third) if "before=" in link]


@pytest.mark.parametrize("before", ["x", "2026-01-01", "2026-13-45T00:00:00Z~customer~1", "~~", "%00"])
def test_an_address_of_a_page_that_means_nothing_is_the_first_page(client_alice, customer, before):
    assert "Rheinfon" in told(client_alice.get(f"{tab(customer)}?before={before}"))


def test_it_costs_the_same_however_much_was_changed(client_alice, customer, alice):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            client_alice.get(tab(customer))
        return len(asked)

    change_customer(customer.pk, {"channels_limit": 1}, by=alice)
    few = queries()
    for number in range(20):
        change_customer(customer.pk, {"channels_limit": 200 + number}, by=alice)
    assert queries() == few <= 20


def test_the_first_tab_loads_the_latest_five(client_alice, customer, alice):
    for number in range(6):
        change_customer(customer.pk, {"channels_limit": 200 + number}, by=alice, reason=f"ticket {number}")

    panel = words(client_alice.get(tab(customer), headers={"HX-Request": "true"}), "id", "latest-changes")

    assert [f"ticket {number}" in panel for number in range(6)] == [False, True, True, True, True, True]


# --- To whom


def test_without_the_right_to_read_acts_there_is_no_tab_and_no_door(customer):
    support = browser_of(factories.make_staff(role=Role.SUPPORT), factories.STAFF_HOST)

    assert support.get(tab(customer)).status_code == 403
    assert tab(customer) not in links(support.get(reverse("customers:detail", args=[customer.pk])))


def test_amounts_are_not_told_to_those_who_may_not_see_money(customer, alice):
    change_customer(customer.pk, {"debit_limit": Decimal("4321.5")}, by=alice)
    operations = browser_of(factories.make_staff(role=Role.OPERATIONS), factories.STAFF_HOST)

    for url in (tab(customer), last_change(customer)):
        answer = operations.get(url)
        assert "Debit limit" in words(answer)
        assert "4321" not in answer.content.decode()
    assert operations.post(last_change(customer)).status_code == 409


def test_rooms_that_one_may_not_read_are_left_out(customer):
    factories.make_ip_auth(customer, host="192.0.2.7")
    finance = browser_of(factories.make_staff(role=Role.FINANCE), factories.STAFF_HOST)

    assert "192.0.2.7" not in told(finance.get(tab(customer)))


def test_a_resellers_user_is_not_told_which_of_our_people_it_was(rita, reseller_a, alice):
    rita.groups.first().permissions.add(Permission.objects.get(codename="view_act"))
    customer = factories.make_customer(reseller=reseller_a)
    change_customer(customer.pk, {"channels_limit": 200}, by=alice, reason="owes us money")
    change_customer(customer.pk, {"channels_limit": 300}, by=rita, reason="more calls")

    shown = told(browser_of(rita, factories.STAFF_HOST).get(tab(customer)))

    assert "Connex changed Channels — → 200" in shown
    assert "rita@example.com changed Channels 200 → 300" in shown
    assert "more calls" in shown
    assert "alice" not in shown
    assert "owes us money" not in shown


def test_a_change_of_another_customer_is_not_found_at_this_one(client_alice, customer, alice):
    other = factories.make_customer()
    number = EVENTS.objects.filter(pgh_obj_id=other.pk).latest("pgh_id").pgh_id

    for word in (f"customer-{number}", "customer-0", "customer-99999999999", "user-1", "x"):
        url = reverse("customers:change", args=[customer.pk, word])
        assert client_alice.get(url).status_code == 404


# --- Taking back


def test_a_change_is_taken_back_and_that_is_told_too(client_alice, customer, bob):
    change_customer(customer.pk, {"channels_limit": 200, "city": "Bonn"}, by=bob)

    answer = client_alice.post(last_change(customer), {"reason": "ticket 12"})

    customer.refresh_from_db()
    assert (answer.status_code, customer.channels_limit, customer.city) == (302, 150, "")
    shown = told(client_alice.get(tab(customer)))
    assert "alice@example.com changed Channels 200 → 150" in shown
    assert "revert ticket 12 (Reverts bob@example.com's change of" in shown


def test_a_later_change_of_another_field_is_kept(client_alice, customer, bob):
    change_customer(customer.pk, {"channels_limit": 200}, by=bob)
    url = last_change(customer)
    change_customer(customer.pk, {"city": "Bonn"}, by=bob)

    client_alice.post(url)

    customer.refresh_from_db()
    assert (customer.channels_limit, customer.city) == (150, "Bonn")


def test_what_was_changed_again_since_is_refused_and_said(client_alice, customer, bob):
    change_customer(customer.pk, {"channels_limit": 200, "city": "Bonn"}, by=bob)
    url = last_change(customer)
    change_customer(customer.pk, {"channels_limit": 300}, by=bob)

    answer = client_alice.post(url)

    customer.refresh_from_db()
    assert (answer.status_code, customer.channels_limit, customer.city) == (409, 300, "Bonn")
    assert "Channels has been changed again since" in words(answer)
    assert "Channels has been changed again since" in words(client_alice.get(url))


def test_taking_back_twice_does_it_once(client_alice, customer, bob):
    change_customer(customer.pk, {"channels_limit": 200}, by=bob)
    url = last_change(customer)

    assert [client_alice.post(url).status_code for _ in range(2)] == [302, 409]
    assert EVENTS.objects.filter(pgh_obj_id=customer.pk).count() == 3


def test_a_name_that_somebody_else_took_is_refused(client_alice, customer, bob):
    change_customer(customer.pk, {"name": "Rheinfon West"}, by=bob)
    factories.make_customer(name="rheinfon")

    answer = client_alice.post(last_change(customer))

    assert answer.status_code == 409
    assert "A customer with this name already exists." in words(answer)


def test_a_status_comes_back_with_what_belongs_to_it(client_alice, customer, bob):
    set_status(customer.pk, Status.PENALTY, by=bob, until=timezone.now() + timedelta(days=1))

    client_alice.post(last_change(customer))

    customer.refresh_from_db()
    assert (customer.status, customer.penalty_until) == (Status.ACTIVE, None)


def test_a_penalty_that_would_be_over_does_not_come_back(client_alice, customer, bob):
    Customer.objects.filter(pk=customer.pk).update(
        status=Status.PENALTY, penalty_until=timezone.now() - timedelta(minutes=1)
    )
    change_customer(customer.pk, {"status": Status.ACTIVE}, by=bob)

    answer = client_alice.post(last_change(customer))

    assert (answer.status_code, "is over by now" in words(answer)) == (409, True)


def test_a_reason_is_asked_for_where_setup_says_so(client_alice, customer, bob):
    Installation.objects.create(pk=1, audit_comment=True)
    change_customer(customer.pk, {"channels_limit": 200}, by=bob)

    answer = client_alice.post(last_change(customer))

    assert (answer.status_code, "Required" in words(answer)) == (422, True)
    assert client_alice.post(last_change(customer), {"reason": "why"}).status_code == 302


def test_who_may_only_read_takes_nothing_back(customer, bob):
    change_customer(customer.pk, {"channels_limit": 200}, by=bob)
    reader = browser_of(factories.make_staff(role=Role.READ_ONLY), factories.STAFF_HOST)

    assert 'id="revert"' not in reader.get(last_change(customer)).content.decode()
    assert reader.post(last_change(customer)).status_code == 403
    customer.refresh_from_db()
    assert customer.channels_limit == 200


def test_creation_is_not_taken_back_here(client_alice, customer):
    answer = client_alice.post(last_change(customer))

    assert (answer.status_code, Customer.objects.existing().count()) == (409, 1)
