"""Customers deleted from the list and brought back, by keyboard alone too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from calls.models import Dialog, DialogState
from customers.models import Customer
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Page]


def existing() -> list[str]:
    return list(Customer.objects.existing().order_by("name").values_list("name", flat=True))


def tick(page: Page, name: str) -> None:
    page.get_by_role("checkbox", name=f"Select {name}").focus()
    page.keyboard.press("Space")


@pytest.mark.accept("U-26")
@pytest.mark.accept("U-27")
def test_the_ticked_of_all_pages_are_deleted_by_keyboard_and_brought_back(visit: Visit):
    for number in range(60):
        factories.make_customer(name=f"Customer {number:02}")
    page = visit("/customers/?s=name")
    tick(page, "Customer 03")
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("checkbox", name="Select Customer 55")).to_be_visible()
    tick(page, "Customer 55")
    page.get_by_role("button", name="Delete", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete 2 customers?")
    expect(page.locator("#main")).to_contain_text("Customer 03")
    page.get_by_role("link", name="Keep them").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name="Select Customer 03")).to_be_visible()
    assert len(existing()) == 60

    tick(page, "Customer 03")
    tick(page, "Customer 04")
    page.get_by_role("button", name="Delete", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Reason").focus()
    page.keyboard.type("contract ended")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 customers were deleted.")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Select Customer 02")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Select Customer 03")).to_have_count(0)
    assert len(existing()) == 58

    page.keyboard.press("Control+k")
    page.keyboard.type("Deleted customers")
    page.get_by_role("option", name="Deleted customers").first.wait_for()
    page.keyboard.press("Enter")
    row = page.locator("#deleted tr", has_text="Customer 03")
    expect(row).to_contain_text("contract ended")
    row.get_by_role("button", name="Restore").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Customer 03")
    assert len(existing()) == 59


@pytest.mark.accept("U-30")
def test_where_calls_are_up_the_name_has_to_be_typed(visit: Visit):
    nova = factories.make_customer(name="Nova")
    switch, _token = factories.make_switch()
    now = timezone.now()
    of = {"customer_id": nova.pk, "switch": switch, "callid": "one"}
    Dialog.objects.create(**of, state=DialogState.CONNECTED, started_at=now, seen_at=now)
    page = visit(f"/customers/{nova.pk}/")
    page.get_by_role("link", name="Delete", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("1 call is up")
    page.get_by_role("button", name="Delete 1 customer").click()
    typed = page.get_by_label("Type Nova to delete nevertheless")
    expect(typed).to_be_focused()
    expect(page.locator("#id_typed_error")).to_be_visible()
    assert existing() == ["Nova"]
    page.keyboard.type("nova")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nova was deleted.")).to_be_visible()
    assert existing() == []


def test_without_a_script_the_question_is_asked_about_the_ticks_of_the_page(visit: Visit):
    factories.make_customer(name="Nova")
    page = visit("/customers/?s=name", java_script_enabled=False)
    page.get_by_role("checkbox", name="Select Nova").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete 1 customer").click()
    expect(page.get_by_text("Nova was deleted.")).to_be_visible()
    assert existing() == []
