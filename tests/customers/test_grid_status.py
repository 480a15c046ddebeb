"""Statuses on the customers grid: what the menu counts, how one is changed in place."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from customers.models import Customer, Status
from tests import factories
from tests.customers.listed import names, quiet, rows_of, text_of
from tests.test_every_grid import grant_to
from users.models import User

pytestmark = pytest.mark.django_db
ACTIVE = "/customers/?f.status=in:active&s=name"


def in_every_status() -> dict[str, Customer]:
    made = {value: quiet(str(label), status=value) for value, label in Status.choices}
    factories.set_figures(made["penalty"], channels=2)
    return made


@pytest.mark.accept("G-27")
@pytest.mark.accept("G-28")
def test_the_menu_has_all_states_and_a_bare_address_leads_to_active(client_alice: Client):
    in_every_status()
    response = client_alice.get("/customers/")
    assert response.headers["Location"] == "/customers/?f.status=in:active&s=name"
    page = client_alice.get("/customers/", follow=True)
    menu = page.context["menus"][0]
    labels = ["All", "Active", "Dialing", "Inactive", "Pending", "Pending Approval", "Penalty"]
    assert [text_of(entry["html"]) for entry in menu["entries"]] == labels
    assert [entry["count"] for entry in menu["entries"]] == ["5", "1", "1", "1", "1", "1", "1"]
    assert menu["caption"] == "Active"
    assert names(client_alice, response.headers["Location"]) == ["Active"]


@pytest.mark.accept("G-29")
@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("active", ["Active"]),
        ("inactive", ["Inactive"]),
        ("pending", ["Pending"]),
        ("pending_approval", ["Pending Approval"]),
        ("penalty", ["Penalty"]),
        ("dialing", ["Penalty"]),
        ("active,inactive", ["Active", "Inactive"]),
    ],
)
def test_each_entry_shows_exactly_the_customers_in_that_state(
    client_alice: Client, choice: str, expected: list[str]
):
    in_every_status()
    assert names(client_alice, f"/customers/?f.status=in:{choice}&s=name") == expected


def test_a_penalty_whose_end_has_come_is_over_although_nothing_stored_it(client_alice: Client):
    customer = quiet("Ada", status="penalty", penalty_until=timezone.now() + timedelta(days=1))
    assert names(client_alice, ACTIVE) == []
    Customer.objects.filter(pk=customer.pk).update(penalty_until=timezone.now() - timedelta(seconds=1))
    assert names(client_alice, ACTIVE) == ["Ada"]
    assert names(client_alice, "/customers/?f.status=in:penalty&s=name") == []
    assert rows_of(client_alice.get(ACTIVE))["Ada"]["status"]["status"] == "active"


def test_each_status_has_a_badge_of_its_own(client_alice: Client):
    in_every_status()
    rows = rows_of(client_alice.get("/customers/?s=name"))
    assert {row["status"]["status"] for row in rows.values()} == set(Status.values)


def test_the_status_changes_with_a_reason_and_the_page_works_without_javascript(client_alice: Client):
    customer = quiet("Ada")
    assert "Status of Ada" in client_alice.get(f"/customers/{customer.pk}/status/").content.decode()
    response = client_alice.post(
        f"/customers/{customer.pk}/status/", {"status": "inactive", "reason": "unpaid"}
    )
    assert response.status_code == 302
    assert Customer.objects.get(pk=customer.pk).status == "inactive"


def test_htmx_hears_that_customers_changed(client_alice: Client):
    customer = quiet("Ada")
    response = client_alice.post(
        f"/customers/{customer.pk}/status/", {"status": "inactive"}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 204
    assert "customers-changed" in json.loads(response.headers["HX-Trigger"])


def test_the_status_that_a_form_showed_is_no_choice_after_somebody_else_blocked_the_customer(
    client_alice: Client,
):
    customer = quiet("Ada", status="inactive")
    answer = client_alice.post(
        f"/customers/{customer.pk}/status/",
        {"status": "active", "was": "active"},
        headers={"HX-Request": "true"},
    )
    assert (answer.status_code, answer.headers["HX-Trigger"]) == (204, '{"customers-changed": {}}')
    assert Customer.objects.get(pk=customer.pk).status == "inactive"


def test_a_status_that_does_not_exist_is_answered_with_a_sentence(client_alice: Client):
    customer = quiet("Ada")
    response = client_alice.post(f"/customers/{customer.pk}/status/", {"status": "gone"})
    assert response.status_code == 422
    assert "“gone” is no status" in response.content.decode()
    assert Customer.objects.get(pk=customer.pk).status == "active"


def test_who_may_only_read_sees_a_badge_and_is_refused_the_change(client_bob: Client, bob: User):
    grant_to(bob)("customers.view_customer")
    grant_to(bob)("customers.view_every_customer")
    customer = quiet("Ada")
    assert "pillmenu" not in rows_of(client_bob.get(ACTIVE))["Ada"]["status"]["classes"]
    response = client_bob.post(f"/customers/{customer.pk}/status/", {"status": "inactive"})
    assert response.status_code == 403
    assert Customer.objects.get(pk=customer.pk).status == "active"


def test_another_resellers_customer_cannot_be_changed_or_even_found(
    client_rita: Client, reseller_b: Any, alice: User
):
    theirs = quiet("Theirs", reseller=reseller_b)
    response = client_rita.post(f"/customers/{theirs.pk}/status/", {"status": "inactive"})
    assert response.status_code in (403, 404)
    assert Customer.objects.get(pk=theirs.pk).status == "active"


def test_enter_in_the_reason_of_a_status_form_presses_nothing(client_alice):
    """Browsers press the form's first submit button on Enter; a disabled one stops that."""
    customer = factories.make_customer(status="penalty")
    answer = client_alice.get(f"/customers/{customer.pk}/status/", headers={"HX-Request": "true"})
    page = answer.content.decode()
    first = re.search(r"<button[^>]*>", page[page.index("hx-post") :]).group()
    assert "disabled" in first
    assert re.search(r'value="penalty"[^>]*aria-current="true" autofocus', page)


def test_a_status_change_is_said_in_words_and_leads_back_to_the_list_it_came_from(client_alice):
    customer = factories.make_customer(name="Altavox")
    door = f"/customers/{customer.pk}/status/"
    answer = client_alice.post(door, {"status": "penalty"}, headers={"HX-Request": "true"})
    assert (
        json.loads(answer["HX-Trigger"])["toast"]["text"] == "Altavox is now Penalty. New calls are refused."
    )
    back = "/customers/?f.status=in:active&q=alt"
    form = client_alice.get(door, headers={"Referer": f"http://localhost{back}"})
    assert "f.status=in:active&amp;q=alt" in form.content.decode()
    assert client_alice.post(door, {"status": "active", "back": back})["Location"] == back
    own = f"/customers/{customer.pk}/auth/"  # the palette opens the form from anywhere
    assert client_alice.post(door, {"status": "pending", "back": own})["Location"] == own
    for elsewhere in (
        "https://evil.example/customers/",
        "//evil.example/customers/",
        "/accounts/logout/",
        f"//evil.example{own}",
        f"{own}../../../accounts/logout/",
        f"/customers/{customer.pk + 1}/",
        door,
    ):
        assert client_alice.post(door, {"status": "active", "back": elsewhere})["Location"] == "/customers/"


def test_an_older_fault_in_the_row_or_a_deletion_meanwhile_is_no_server_error(client_alice):
    customer = factories.make_customer()
    Customer.objects.filter(pk=customer.pk).update(website="no url")
    door = f"/customers/{customer.pk}/status/"
    assert client_alice.post(door, {"status": "inactive"}, headers={"HX-Request": "true"}).status_code == 204
    Customer.objects.filter(pk=customer.pk).update(deleted_at=timezone.now())
    assert client_alice.post(door, {"status": "active"}).status_code == 404
