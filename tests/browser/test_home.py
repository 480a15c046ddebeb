"""The way in: menu, home, and the manual, as a hand takes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import factories

Visit = Callable[..., Page]


@pytest.mark.accept("G-01")
@pytest.mark.accept("G-02")
def test_the_menu_and_the_tile_with_the_number_of_customers_open_the_grid(visit: Visit):
    for name in ("Nova", "Vega", "Deneb"):
        factories.make_customer(name=name)
    page = visit("/")
    expect(page.locator("#tile-customers .big")).to_have_text("3")

    page.locator("#tile-customers").click()
    expect(page.get_by_role("link", name="Vega", exact=True)).to_be_visible()

    page.goto(page.url.partition("/customers/")[0] + "/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Customers").click()
    expect(page.get_by_role("link", name="Deneb", exact=True)).to_be_visible()


@pytest.mark.accept("G-54")
def test_the_question_mark_opens_the_manual_at_this_screen_in_a_new_tab(visit: Visit):
    page = visit("/customers/")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Help for this page").click()
    manual = opened.value
    expect(manual.get_by_role("heading", level=1)).to_have_text("Customers")
    expect(manual.get_by_role("article")).to_contain_text("answer-seizure ratio")
    manual.get_by_role("article").get_by_role("link", name="Groups and pivot").click()
    expect(manual.get_by_role("heading", level=1)).to_have_text("Groups and pivot")
    expect(page).to_have_url(manual.url.partition("/help/")[0] + "/customers/?f.status=in:active&s=name")
