"""Views by hand: saved, shared, found by others, left and there again, put back to the usual."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from users.models import User
from users.roles import Role

Visit = Callable[..., Page]


@pytest.fixture
def three(live_server: object) -> None:
    for name, code, balance in (("Nova", "EUR", "5"), ("Vega", "USD", "-3"), ("Deneb", "EUR", "-7")):
        customer = factories.make_customer(name=name, currency=code)
        factories.set_figures(customer, balance=Decimal(balance))


@pytest.mark.accept("G-50")
def test_debtors_by_currency_are_saved_shared_found_and_reset(visit: Visit, three: None):
    page = visit("/customers/")
    page.locator("input.q").fill("balance<0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Nova", exact=True)).to_have_count(0)
    page.goto(page.url + "&g=currency")
    page.get_by_role("link", name="Save view").click()
    page.get_by_label("Name").fill("Debtors by currency")
    page.get_by_label("for whom").select_option(label="Everybody")
    page.get_by_role("button", name="Save view").click()
    views = page.get_by_role("navigation", name="Views")
    expect(views.get_by_role("link", name="Debtors by currency")).to_have_attribute("aria-current", "true")

    other = visit("/customers/", by=factories.make_staff(role=Role.FINANCE))
    other.get_by_role("navigation", name="Views").get_by_role("link", name="Debtors by currency").click()
    expect(other.locator("tr").filter(has_text="USD").first).to_be_visible()
    expect(other.get_by_text("EUR").first).to_be_visible()
    other.get_by_role("navigation", name="Views").get_by_role("link", name="Usual").click()
    expect(other.get_by_role("link", name="Nova", exact=True)).to_be_visible()

    page.goto(page.url.replace("g=currency", "g=status"))
    expect(page.get_by_text("View changed")).to_be_visible()
    page.get_by_role("link", name="Revert").click()
    expect(page.get_by_text("View changed")).to_have_count(0)
    page.goto(page.url.replace("g=currency", "g=status"))
    page.get_by_role("link", name="Save", exact=True).click()
    expect(page.get_by_text("The view “Debtors by currency” was saved.")).to_be_visible()
    expect(page.get_by_text("View changed")).to_have_count(0)


@pytest.mark.accept("G-49")
def test_the_list_is_as_it_was_left_after_signing_out_and_in_elsewhere(
    visit: Visit, three: None, alice: User
):
    page = visit("/customers/")
    page.get_by_role("link", name="Columns").click()
    page.get_by_role("checkbox", name="PDD").uncheck()
    expect(page.locator("th[data-c=pdd]")).to_have_count(0)
    page.locator("input.q").fill("balance<0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Nova", exact=True)).to_have_count(0)
    page.goto(page.url + "&g=currency&w=name:320")
    page.reload()
    page.get_by_role("link", name="Refresh").click()
    expect(page.locator("#toasts, body").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    left = page.url

    again = visit("/customers/", by=alice)
    for part in ("g=currency", "w=name:320", "f.credit=lt:0"):
        assert part in left
        assert part in again.url
    expect(again.locator("th[data-c=pdd]")).to_have_count(0)


def test_views_work_without_a_script(visit: Visit, three: None):
    page = visit("/customers/?f.credit=lt:0&s=credit", java_script_enabled=False)
    page.get_by_role("link", name="Save view").click()
    page.get_by_label("Name").fill("Debtors")
    page.get_by_role("button", name="Save view").click()
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Usual").click()
    expect(page.get_by_role("link", name="Nova", exact=True)).to_be_visible()
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Debtors").click()
    expect(page.get_by_role("link", name="Nova", exact=True)).to_have_count(0)
