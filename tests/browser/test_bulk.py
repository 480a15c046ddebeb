"""Many customers changed from the list: those that are ticked, or all that match but some."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from customers.models import Customer
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Page]


def many(number: int) -> None:
    for at in range(number):
        factories.make_customer(name=f"Customer {at:02}", country="DE" if at % 2 else "FR", channels_limit=5)


def box(page: Page, name: str) -> None:
    page.get_by_role("checkbox", name=f"Select {name}").focus()
    page.keyboard.press("Space")


@pytest.mark.accept("G-53")
def test_bulk_edit_and_delete_are_disabled_until_a_row_is_ticked(visit: Visit):
    many(3)
    page = visit("/customers/?s=name")
    buttons = [page.get_by_role("button", name=name, exact=True) for name in ("Bulk edit", "Delete")]
    for button in buttons:
        expect(button).to_be_disabled()
    box(page, "Customer 01")
    for button in buttons:
        expect(button).to_be_enabled()
    page.get_by_role("link", name="Name", exact=True).click()
    expect(page.get_by_role("checkbox", name="Select Customer 01")).to_be_checked()
    for button in buttons:
        expect(button).to_be_enabled()
    box(page, "Customer 01")
    for button in buttons:
        expect(button).to_be_disabled()


def test_all_that_match_but_one_are_changed_by_keyboard_and_taken_back(visit: Visit):
    many(12)
    page = visit("/customers/?f.country=in:DE&s=name&n=4")
    page.locator("[data-tick-all]").focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-selbar]")).to_contain_text("4 selected")
    page.get_by_role("button", name="Select all 6").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-selbar]")).to_contain_text("6 selected")
    page.get_by_role("link", name="Next page").click()
    expect(page.get_by_role("checkbox", name="Select Customer 11")).to_be_checked()
    box(page, "Customer 11")
    expect(page.locator("[data-selbar]")).to_contain_text("5 selected")
    page.get_by_role("button", name="Bulk edit").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Change 5 customers")
    page.get_by_label("Channels", exact=True).select_option("add")
    page.get_by_label("Channels: value").fill("3")
    page.keyboard.press("Enter")
    expect(page.locator("#preview")).to_contain_text("5 customers change")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("button", name="Change 5 customers").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("5 customers changed")
    assert Customer.objects.filter(channels_limit=8).count() == 5
    assert Customer.objects.get(name="Customer 11").channels_limit == 5
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("5 customers are as they were.")).to_be_visible()
    assert Customer.objects.filter(channels_limit=5).count() == 12


def test_another_filter_ends_all_that_match(visit: Visit):
    many(6)
    page = visit("/customers/?f.country=in:DE&s=name&n=2")
    page.locator("[data-tick-all]").check()
    page.get_by_role("button", name="Select all 3").click()
    expect(page.locator("[data-selbar]")).to_contain_text("3 selected")
    page.get_by_role("link", name="Remove: Country").click()
    expect(page.get_by_role("checkbox", name="Select Customer 00")).to_be_visible()
    expect(page.locator("[data-selbar]")).to_be_hidden()


def test_without_a_script_the_ticks_of_the_page_are_changed(visit: Visit):
    many(3)
    page = visit("/customers/?s=name", java_script_enabled=False)
    page.get_by_role("checkbox", name="Select Customer 01").check()
    page.get_by_role("checkbox", name="Select Customer 02").check()
    page.get_by_role("button", name="Bulk edit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Change 2 customers")
    page.get_by_label("Country", exact=True).select_option("set")
    page.get_by_label("Country: value").select_option("NL")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Change 2 customers").click()
    expect(page.get_by_text("2 customers were changed.")).to_be_visible()
    assert Customer.objects.filter(country="NL").count() == 2
