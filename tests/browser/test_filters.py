"""Filters under a person's hands: the panel, chips, and conditions written into the search box."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from customers.models import Customer, FeedState
from tests import factories
from tests.test_every_grid import grant_to
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
Open = Callable[..., Page]


@pytest.fixture(autouse=True)
def _fresh(settings: Any) -> None:
    settings.GRID_POLL_SECONDS = 2
    settings.FEED_STALE_SECONDS = 3600
    FeedState.objects.update_or_create(
        pk=1, defaults={"ticked_at": timezone.now(), "heard_at": timezone.now()}
    )


@pytest.fixture
def desk(visit: Open) -> Open:
    return lambda path="/customers/?s=name", **options: visit(path, **options)


def make(name: str, **fields: Any) -> Customer:
    figures = {
        key: fields.pop(key)
        for key in ("balance", "last_call_at", "attempts_24h", "connected_24h")
        if key in fields
    }
    customer = factories.make_customer(name=name, debit_limit=fields.pop("debit_limit", 10_000), **fields)
    if figures:
        factories.set_figures(customer, **figures)
    return customer


@pytest.fixture
def four() -> None:
    now = timezone.now()
    make("Ada Tel", balance=-120, country="DE", last_call_at=now - timedelta(hours=1))
    make("Bea Voice", balance=-3, country="US", status="pending", last_call_at=now - timedelta(days=40))
    make("Cem Net", balance=0, country="US")
    make("Dan Tel", balance=700, country="", last_call_at=now - timedelta(days=3))


def names(page: Page) -> Locator:
    return page.locator("tbody .nm")


def box(page: Page) -> Locator:
    return page.get_by_label("Search customers", exact=True)


def chips(page: Page) -> Locator:
    return page.locator(".fbar .chip:not(.add)")


def panel(page: Page) -> Locator:
    return page.locator("[data-panel]")


def card(page: Page, column: str) -> Locator:
    return page.locator(f'[data-card="{column}"]')


def open_panel(page: Page, column: str = "") -> None:
    page.locator("[data-panel-tab]").click()
    expect(panel(page)).to_be_visible()
    if column:
        panel(page).locator(f'.ffolds [data-opens="{column}"]').click()
        expect(card(page, column)).to_be_visible()


# --- Words in the box


def test_words_become_chips_and_the_rest_is_searched_for(desk: Open, four: None):
    page = desk()
    page.evaluate("window.stillHere = true")
    box(page).fill("tel balance<0 created:>-7d")
    expect(names(page)).to_have_count(4)  # half a sentence is no search
    box(page).press("Enter")
    expect(names(page)).to_have_text(["Ada Tel"])
    expect(box(page)).to_have_value("tel")
    expect(box(page)).to_be_focused()
    expect(chips(page)).to_have_text(["Credit < 0", "Created in the last 7 days"])
    assert page.url.endswith("?q=tel&f.credit=lt:0&f.created=prev:7d&s=name")
    assert page.evaluate("window.stillHere")
    page.go_back()
    expect(names(page)).to_have_count(4)


def test_a_word_that_is_not_understood_is_pointed_at_and_nothing_is_lost(desk: Open, four: None):
    page = desk("/customers/?f.country=in:US&s=name")
    box(page).fill("tel balanse<0")
    box(page).press("Enter")
    fault = page.get_by_role("alert")
    expect(fault).to_contain_text("Did you mean “balance”?")
    expect(fault.locator("mark")).to_have_text("balanse<0")
    expect(box(page)).to_have_value("tel balanse<0")
    expect(box(page)).to_have_attribute("aria-invalid", "true")
    assert page.evaluate("getSelection().toString()") == "balanse<0"
    page.keyboard.type("balance<0")
    page.keyboard.press("Enter")
    expect(fault).to_have_count(0)
    expect(chips(page)).to_have_text(["Credit < 0", "Country is US"])


def test_suggestions_lead_from_a_letter_to_a_condition_by_keyboard_alone(desk: Open, four: None):
    page = desk()
    page.keyboard.press("/")
    page.keyboard.type("coun", delay=20)
    options = page.get_by_role("option")
    expect(options.first).to_contain_text("Country")
    expect(box(page)).to_have_attribute("aria-expanded", "true")
    page.wait_for_timeout(700)  # the search for "coun" has come back: the list is still there
    page.keyboard.press("ArrowDown")
    active = box(page).get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    expect(box(page)).to_have_value("country:")
    expect(options).to_have_text(["US2", "(blank)1", "DE1"], ignore_case=True)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box(page)).to_have_value("country:US")
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["Bea Voice", "Cem Net"])
    expect(chips(page)).to_have_text(["Country is US"])


def test_escape_closes_the_suggestions_before_it_clears_the_box(desk: Open, four: None):
    page = desk()
    box(page).focus()
    page.keyboard.type("bal")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    expect(box(page)).to_have_value("bal")
    page.keyboard.press("Escape")
    expect(box(page)).to_have_value("")


# --- The panel


@pytest.mark.accept("G-44")
def test_the_tab_at_the_right_edge_opens_a_panel_with_a_fold_for_each_column(desk: Open, four: None):
    page = desk()
    tab = page.locator("[data-panel-tab]")
    expect(tab).to_have_attribute("aria-expanded", "false")
    assert tab.bounding_box()["x"] + tab.bounding_box()["width"] > 1440 - 40
    tab.click()
    expect(panel(page)).to_be_visible()
    folds = panel(page).locator(".ffolds li a")
    shown = page.locator("thead th[data-c]").evaluate_all("cells => cells.map(cell => cell.dataset.c)")
    offered = folds.evaluate_all("links => links.map(link => link.dataset.opens)")
    assert set(shown) <= set(offered)
    folds.filter(has_text="Last call").click()
    expect(card(page, "last_call").locator("select").first).to_be_visible()
    expect(folds.filter(has_text="Last call")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)
    expect(tab).to_be_focused()


@pytest.mark.accept("G-45")
def test_credit_below_zero_leaves_the_negative_balances_and_no_others(desk: Open, four: None):
    make("Hair below", balance="-0.0001")
    page = desk()
    open_panel(page, "credit")
    expect(card(page, "credit").locator("select").first).to_be_focused()
    page.keyboard.type("<")
    expect(card(page, "credit").locator("select").first).to_have_value("lt")
    card(page, "credit").get_by_label("Value for Credit").first.fill("0")
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["Ada Tel", "Bea Voice", "Hair below"])
    expect(card(page, "credit").get_by_label("Value for Credit").first).to_be_focused()
    expect(page.locator("[data-announce]")).to_contain_text("3 customers")
    expect(page.locator('th[data-c="credit"]')).to_contain_text("filtered")
    page.go_back()
    expect(names(page)).to_have_count(5)


@pytest.mark.accept("G-46")
def test_words_days_and_sets_are_filtered_by(desk: Open, four: None):
    page = desk()
    open_panel(page, "name")
    card(page, "name").get_by_label("Value for Name").first.fill("tel")
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["Ada Tel", "Dan Tel"])
    card(page, "name").get_by_role("link", name="Remove the filter on Name").click()
    expect(names(page)).to_have_count(4)

    panel(page).locator('[data-opens="last_call"]').click()
    card(page, "last_call").locator("select").first.select_option("before")
    day = card(page, "last_call").locator("input[type=date]").first
    day.fill((timezone.now() - timedelta(days=10)).date().isoformat())
    day.blur()
    expect(names(page)).to_have_text(["Bea Voice"])
    panel(page).get_by_role("link", name="Clear all").click()
    expect(names(page)).to_have_count(4)

    panel(page).locator('[data-opens="status"]').click()
    card(page, "status").locator("[value=active]").check()
    expect(names(page)).to_have_text(["Ada Tel", "Cem Net", "Dan Tel"])
    card(page, "status").locator("[value=pending]").check()
    expect(names(page)).to_have_count(4)


@pytest.mark.accept("G-47")
def test_two_conditions_on_one_column_and_a_link_that_clears_all(desk: Open, four: None):
    page = desk("/customers/?f.credit=lt:-100&s=name&panel=filters")
    expect(names(page)).to_have_text(["Ada Tel"])
    credit = card(page, "credit")
    credit.locator("select[name='o.credit']").nth(1).select_option("gt")
    credit.get_by_label("Value for Credit").nth(1).fill("100")
    page.keyboard.press("Enter")
    expect(page.locator(".em b")).to_be_visible()  # nothing is both
    credit.get_by_label("How conditions on Credit are joined").select_option("any")
    expect(names(page)).to_have_text(["Ada Tel", "Dan Tel"])
    expect(chips(page)).to_have_text(["Credit < −100 or Credit > 100"])
    assert "f.credit=lt:-100&f.credit=gt:100&f.credit=any" in page.url
    credit.get_by_label("How conditions on Credit are joined").select_option("")
    expect(page.locator(".em b")).to_be_visible()
    panel(page).get_by_role("link", name="Clear all").click()
    expect(names(page)).to_have_count(4)
    expect(chips(page)).to_have_count(0)


@pytest.mark.accept("G-48")
def test_search_status_and_panel_narrow_one_list(desk: Open, four: None):
    make("Eve Tel", balance=-1, status="pending")
    page = desk()
    box(page).fill("tel")
    expect(names(page)).to_have_text(["Ada Tel", "Dan Tel", "Eve Tel"])
    page.locator('[data-menu="status"] summary').click()
    page.locator('[data-menu="status"] [data-choice="active"]').click()
    expect(names(page)).to_have_text(["Ada Tel", "Dan Tel"])
    open_panel(page, "credit")
    card(page, "credit").locator("select").first.select_option("lt")
    card(page, "credit").get_by_label("Value for Credit").first.fill("0")
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["Ada Tel"])
    expect(page.locator("[data-totals]")).to_contain_text("of 5")
    page.reload()
    expect(names(page)).to_have_text(["Ada Tel"])
    expect(card(page, "credit").get_by_label("Value for Credit").first).to_have_value("0")


def test_a_set_counts_under_the_other_filters_and_finds_values(desk: Open, four: None):
    for number in range(60):
        make(f"Far {number}", country=chr(65 + number // 26) + chr(65 + number % 26), balance=5)
    page = desk("/customers/?f.credit=lte:0&s=name")
    open_panel(page, "country")
    values = card(page, "country").locator(".vals label")
    expect(values).to_have_count(2)
    assert [text.split() for text in values.all_inner_texts()] == [["US", "2"], ["DE", "1"]]
    page.goto(page.url.replace("f.credit=lte:0&", ""))
    expect(values).to_have_count(50)
    expect(card(page, "country")).to_contain_text("more. Search to find them.")
    card(page, "country").get_by_label("Find a value of Country").fill("bh")
    expect(values).to_have_count(1)
    page.keyboard.press("Enter")  # exactly what is found
    expect(names(page)).to_have_count(1)
    assert "f.country=in:BH" in page.url
    card(page, "country").locator("select").first.select_option("not-in")
    expect(page.locator("[data-totals]")).to_contain_text("63")
    expect(chips(page)).to_have_text(["Country is not BH"])


def test_a_chip_opens_its_card_and_its_cross_removes_it(desk: Open, four: None):
    page = desk("/customers/?f.name=has:tel&f.country=in:DE&s=name")
    chips(page).filter(has_text="Name").locator("a").first.click()
    expect(card(page, "name").get_by_label("Value for Name").first).to_be_visible()
    expect(card(page, "name").locator("select").first).to_be_focused()
    expect(card(page, "country").locator("details")).not_to_have_attribute("open", "")
    chips(page).filter(has_text="Country").get_by_role("link", name="Remove: Country is DE").click()
    expect(names(page)).to_have_text(["Ada Tel", "Dan Tel"])
    expect(card(page, "country")).to_have_count(0)


def test_what_cannot_be_meant_is_said_in_its_card(desk: Open, four: None):
    page = desk()
    open_panel(page, "credit")
    value = card(page, "credit").get_by_label("Value for Credit").first
    value.fill("a lot")
    page.keyboard.press("Enter")
    expect(card(page, "credit").locator(".err")).to_contain_text("“a lot” is no number")
    expect(value).to_have_value("a lot")
    expect(value).to_be_focused()
    expect(names(page)).to_have_count(4)
    expect(page.locator(".chip.bad")).to_have_count(0)


def test_without_script_the_panel_is_a_form(desk: Open, four: None):
    page = desk("/customers/?s=-name", java_script_enabled=False)
    page.locator("[data-panel-tab]").click()
    page.locator('.ffolds [data-opens="credit"]').click()
    card(page, "credit").locator("select").first.select_option("lt")
    card(page, "credit").locator("input[name='v.credit']").first.fill("0")
    panel(page).get_by_role("button", name="Apply").click()
    expect(names(page)).to_have_text(["Bea Voice", "Ada Tel"])
    assert page.url.endswith("/customers/?f.credit=lt:0&s=-name&panel=filters.credit")
    page.locator('.ffolds [data-opens="country"]').click()
    card(page, "country").get_by_label("DE").check()
    panel(page).get_by_role("button", name="Apply").click()
    expect(names(page)).to_have_text(["Ada Tel"])
    box(page).fill("country:US")
    box(page).press("Enter")
    expect(names(page)).to_have_text(["Bea Voice"])
    box(page).fill("country:XX")
    box(page).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("No row has the value “XX”")
    expect(box(page)).to_have_value("country:XX")


def test_the_poll_takes_nothing_out_of_a_hand_that_fills_a_card_in(desk: Open, four: None):
    page = desk()
    open_panel(page, "credit")
    value = card(page, "credit").get_by_label("Value for Credit").first
    value.press_sequentially("12")
    make("Newcomer")
    page.wait_for_timeout(3500)
    expect(value).to_have_value("12")
    expect(value).to_be_focused()


def test_on_a_phone_the_panel_is_a_sheet(desk: Open, four: None):
    page = desk(**PHONE)
    page.locator("[data-panel-tab]").click()
    expect(panel(page)).to_be_visible()
    at = panel(page).bounding_box()
    assert at["width"] == 390
    assert at["y"] > 100
    panel(page).locator('[data-opens="country"]').click()
    card(page, "country").locator(".vals label").filter(has_text="DE").click()
    expect(names(page)).to_have_text(["Ada Tel"])
    panel(page).get_by_role("link", name="Close the panel").click()
    expect(panel(page)).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_who_may_not_see_credit_is_offered_no_filter_on_it(desk: Open, bob: User, four: None):
    for right in ("customers.view_customer", "customers.view_every_customer"):
        grant_to(bob)(right)
    page = desk(by=bob)
    open_panel(page)
    offered = panel(page).locator(".ffolds a").all_inner_texts()
    assert "Country" in offered
    assert not {"Credit", "Debit limit", "Available credit", "Charge today", "Daily spend limit"} & set(
        offered
    )
    box(page).fill("balance<0")
    box(page).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("There is no column “balance”")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_axe_finds_nothing_wrong_with_panel_chips_and_faults(
    desk: Open, four: None, scheme: str, size: tuple[int, int]
):
    page = desk(
        "/customers/?f.credit=lt:9&f.credit=gt:-900&f.country=in:DE,US&f.last_call=prev:90d&f.portal=is:yes"
        "&f.x=1&s=name&panel=filters&q=balance<x",
        color_scheme=scheme,
        viewport={"width": size[0], "height": size[1]},
    )
    expect(panel(page)).to_be_visible()
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert found.violations_count == 0, found.generate_report()
