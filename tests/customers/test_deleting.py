"""Customers are deleted on a question, hidden everywhere, and come back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from calls.models import Cdr, Dialog, DialogState
from customers import services
from customers.deletion import Objected
from customers.models import Customer, Listing
from setup.models import Installation
from tests import factories
from tests.conftest import browser_of
from tests.factories import STAFF_HOST
from tests.pages import filled, words
from users.roles import Role

pytestmark = pytest.mark.django_db
DELETE, DELETED = "/customers/delete/", "/customers/deleted/"


@pytest.fixture
def nova(reseller_a: Any) -> Customer:
    return factories.make_customer(
        name="Nova", reseller=reseller_a, tags=["voip"], paypal_email="pay@nova.example"
    )


@pytest.fixture
def client_admin_of_a(reseller_a: Any) -> Client:
    """A reseller's user with every right, who still sees no customers but the reseller's own."""
    return browser_of(factories.make_staff(role=Role.ADMINISTRATOR, reseller=reseller_a), STAFF_HOST)


def put_up_a_call(customer: Customer, callid: str = "call") -> None:
    switch, _token = factories.make_switch()
    now = timezone.now()
    Dialog.objects.create(
        customer_id=customer.pk,
        switch=switch,
        callid=callid,
        state=DialogState.CONNECTED,
        started_at=now,
        seen_at=now,
    )


def ask(browser: Client, *customers: Customer) -> Any:
    return browser.get(DELETE, {"ids": [customer.pk for customer in customers]})


def delete(browser: Client, *customers: Customer, **typed: object) -> Any:
    return browser.post(DELETE, filled(ask(browser, *customers), **typed))


def names(browser: Client, path: str = "/customers/?s=name") -> str:
    return browser.get(path).content.decode()


def test_the_question_names_number_effect_and_way_back_and_deletes_nothing(client_alice, nova):
    other = factories.make_customer(name="Vega")
    page = words(ask(client_alice, nova, other))
    for part in (
        "Delete 2 customers?",
        "Nova #",
        "Vega #",
        "New calls are refused",
        "Call records",
        "way back",
    ):
        assert part in page
    assert Customer.objects.existing().count() == 2


def test_the_deleted_are_gone_everywhere_and_history_says_who_and_why(client_alice, alice, nova):
    answer = delete(client_alice, nova, reason="contract ended")
    assert (answer.status_code, answer["Location"]) == (302, "/customers/")
    assert "Nova" not in names(client_alice).replace("Nova was deleted", "")
    assert client_alice.get(f"/customers/{nova.pk}/").status_code == 404
    assert client_alice.get(f"/customers/{nova.pk}/edit/").status_code == 404
    assert not Listing.objects.visible_to(alice).search("nova", alice).exists()
    event = nova.events.latest("pgh_id")
    assert (event.pgh_context.metadata["email"], event.pgh_context.metadata["reason"]) == (
        alice.email,
        "contract ended",
    )
    page = words(client_alice.get(DELETED), "id", "deleted")
    assert "Nova" in page
    assert alice.email in page
    assert "contract ended" in page


@pytest.mark.accept("U-28", part="sign-in is refused; that calls are waits for the call decision")
def test_a_contact_of_the_deleted_is_refused_at_its_next_click(client_alice, client_carol, carols_customer):
    assert client_carol.get("/").status_code == 200
    delete(client_alice, carols_customer)
    answer = client_carol.get("/")
    assert answer.status_code != 200 or "This account is closed" in words(answer)


@pytest.mark.accept("U-29", part="call records and history stay; payments come with billing")
def test_records_and_history_of_a_deleted_customer_stay(client_alice, nova):
    factories.make_cdr(nova, callid="kept")
    before = nova.events.count()
    delete(client_alice, nova)
    assert Cdr.objects.filter(customer_id=nova.pk, callid="kept").exists()
    assert nova.events.count() == before + 1
    assert Customer.objects.get(pk=nova.pk).account


def test_the_name_is_free_and_then_the_former_cannot_come_back(client_alice, nova):
    delete(client_alice, nova)
    other = factories.make_customer(name="NOVA")
    answer = client_alice.post(f"/customers/{nova.pk}/restore/", follow=True)
    assert "“Nova” cannot come back: another customer has this name now" in words(answer)
    services.change_customer(other.pk, {"name": "Vega", "paypal_email": "PAY@nova.example"}, by=None)
    answer = client_alice.post(f"/customers/{nova.pk}/restore/", follow=True)
    assert "another customer pays from pay@nova.example now" in words(answer)
    services.change_customer(other.pk, {"paypal_email": ""}, by=None)
    answer = client_alice.post(f"/customers/{nova.pk}/restore/")
    assert answer["Location"] == f"/customers/{nova.pk}/"
    assert "Nova" in names(client_alice)


def test_what_came_back_is_as_it_was_and_a_second_click_changes_nothing(client_alice, alice, nova):
    before = Customer.objects.filter(pk=nova.pk).values().get()
    delete(client_alice, nova)
    for _click in range(2):
        assert client_alice.post(f"/customers/{nova.pk}/restore/").status_code == 302
    after = Customer.objects.filter(pk=nova.pk).values().get()
    assert after == before | {"version": before["version"] + 2}
    assert Listing.objects.visible_to(alice).search("nova", alice).exists()


@pytest.mark.accept("U-30", part="refused without the typed name; the browser test types it")
def test_a_customer_with_live_calls_is_deleted_only_by_who_types_its_name(client_alice, alice, nova):
    put_up_a_call(nova, "one")
    put_up_a_call(nova, "two")
    page = ask(client_alice, nova)
    assert "Nova : 2 calls are up." in words(page)
    assert f'href="/customers/{nova.pk}/dialogs/"' in page.content.decode()
    for typed in ("", "Vega"):
        answer = delete(client_alice, nova, typed=typed)
        assert answer.status_code == 422
        assert words(answer, "id", "id_typed_error")
    with pytest.raises(Objected):
        services.delete_customers([nova.pk], by=alice)
    assert Customer.objects.existing().filter(pk=nova.pk).exists()
    assert delete(client_alice, nova, typed=" nova ").status_code == 302
    assert not Customer.objects.existing().filter(pk=nova.pk).exists()


def test_of_several_with_live_calls_their_number_is_typed(client_alice, nova):
    other = factories.make_customer(name="Vega")
    put_up_a_call(other)
    assert delete(client_alice, nova, other, typed="Vega").status_code == 422
    assert Customer.objects.existing().count() == 2
    assert delete(client_alice, nova, other, typed="2").status_code == 302
    assert Customer.objects.existing().count() == 0


def test_a_call_that_begins_after_the_question_is_asked_about(client_alice, nova):
    form = filled(ask(client_alice, nova))
    put_up_a_call(nova)
    answer = client_alice.post(DELETE, form)
    assert answer.status_code == 422
    assert "1 call is up" in words(answer)
    assert Customer.objects.existing().filter(pk=nova.pk).exists()


def test_a_second_click_deletes_nothing_more(client_alice, nova):
    form = filled(ask(client_alice, nova))
    client_alice.post(DELETE, form)
    events = nova.events.count()
    answer = client_alice.post(DELETE, form, follow=True)
    assert "gone already" in words(answer)
    assert nova.events.count() == events


@pytest.mark.parametrize("ids", [[], ["0"], ["-1"], ["1e3"], ["9" * 30], ["x\x00"], ["٣"]])
def test_what_is_no_customer_is_nobody(client_alice, nova, ids):
    for answer in (client_alice.get(DELETE, {"ids": ids}), client_alice.post(DELETE, {"ids": ids})):
        assert (answer.status_code, answer["Location"]) == (302, "/customers/")
    assert Customer.objects.existing().count() == 1


def test_a_reason_is_asked_for_where_the_installation_wants_one(client_alice, nova):
    Installation.objects.update_or_create(pk=1, defaults={"audit_comment": True})
    assert delete(client_alice, nova).status_code == 422
    assert Customer.objects.existing().count() == 1
    assert delete(client_alice, nova, reason="ticket 7").status_code == 302


def test_only_who_may_delete_has_the_doors_and_the_buttons(client, client_rita, client_alice, nova):
    assert f'action="{DELETE}"' in names(client_alice)
    assert f"{DELETE}?ids={nova.pk}" in names(client_alice, f"/customers/{nova.pk}/")
    client.force_login(factories.make_staff(role=Role.SUPPORT))
    for browser in (client, client_rita):
        assert f'action="{DELETE}"' not in names(browser)
        assert f"{DELETE}?ids=" not in names(browser, f"/customers/{nova.pk}/")
        assert ask(browser, nova).status_code == browser.get(DELETED).status_code == 403
        assert browser.post(DELETE, {"ids": [nova.pk]}).status_code == 403
        assert browser.post(f"/customers/{nova.pk}/restore/").status_code == 403
    assert Customer.objects.existing().count() == 1


def test_nobody_deletes_sees_or_restores_what_is_anothers(client_admin_of_a, alice, nova, reseller_b):
    theirs = factories.make_customer(name="Theirs", reseller=reseller_b)
    assert delete(client_admin_of_a, nova, theirs).status_code == 302
    assert Customer.objects.existing().get() == theirs
    services.delete_customers([theirs.pk], by=alice)
    page = words(client_admin_of_a.get(DELETED))
    assert "Nova" in page
    assert "Theirs" not in page
    assert client_admin_of_a.post(f"/customers/{theirs.pk}/restore/").status_code == 404
    assert client_admin_of_a.get(f"/customers/{theirs.pk}/restore/").status_code == 405


def test_more_than_are_deleted_at_once_are_refused_and_none_is_left_out_in_silence(client_alice, nova):
    ticked = [nova.pk, *range(900_000_000, 900_000_500)]
    answer = client_alice.post(DELETE, {"ids": ticked}, follow=True)
    assert "501 customers are ticked, and at most 500 are deleted at once." in words(answer)
    assert Customer.objects.existing().filter(pk=nova.pk).exists()
