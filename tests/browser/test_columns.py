"""Columns, row groups and pivot under a person's hands: panel, drag, keyboard, links, and without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from customers.models import FeedState
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
Open = Callable[..., Page]
GROUPED = "/customers/?g=currency,status&open=EUR&s=name"
TURNED = "/customers/?g=status&p=currency&s="
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture(autouse=True)
def _fresh(settings: Any) -> None:
    settings.GRID_POLL_SECONDS = 2
    settings.FEED_STALE_SECONDS = 3600
    now = timezone.now()
    FeedState.objects.update_or_create(pk=1, defaults={"ticked_at": now, "heard_at": now})


@pytest.fixture
def desk(visit: Open) -> Open:
    return lambda path="/customers/?s=name", **options: visit(path, **options)


@pytest.fixture
def six(db: None) -> None:
    """Balances by currency and status: EUR 10 + 20 active, 5 inactive; USD 7 + 8 active, 100 pending."""
    manager = factories.make_staff(name="Ana Ruiz")
    for name, currency, status, balance, own in (
        ("Ada", "EUR", "active", 10, manager), ("Bea", "EUR", "active", 20, None),
        ("Cem", "EUR", "inactive", 5, manager), ("Dan", "USD", "active", 7, manager),
        ("Eve", "USD", "active", 8, None), ("Fay", "USD", "pending", 100, None),
    ):  # fmt: skip
        customer = factories.make_customer(name=name, currency=currency, status=status, account_manager=own)
        factories.set_figures(customer, balance=balance, channels=balance)


def heads(page: Page) -> list[str]:
    return page.locator(".gridwrap thead th[data-c]").evaluate_all("all => all.map(one => one.dataset.c)")


def panel(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Columns")


def group(page: Page, key: str) -> Locator:
    return page.locator(f'tr.grp[data-group="{key}"]')


@pytest.mark.accept("G-36")
def test_the_columns_tab_hides_and_shows_a_column(six, desk):
    page = desk()
    page.get_by_role("link", name="Columns").click()
    panel(page).get_by_role("checkbox", name="ASR").uncheck()
    expect(page.locator('th[data-c="asr"]')).to_have_count(0)
    panel(page).get_by_role("checkbox", name="Country").check()
    expect(page.locator('th[data-c="country"]')).to_have_count(1)
    assert "c=" in page.url
    panel(page).get_by_role("checkbox", name="ASR").check()
    expect(page.locator('th[data-c="asr"]')).to_have_count(1)
    panel(page).get_by_role("link", name="Reset").click()
    expect(page.locator('th[data-c="country"]')).to_have_count(0)
    assert "c=" not in page.url.split("?")[1].replace("f.", "")


@pytest.mark.accept("G-37")
def test_the_order_changes_in_the_panel_and_by_dragging_heads(six, desk):
    page = desk("/customers/?s=name&panel=columns")
    before = heads(page)
    line = panel(page).locator('[data-col="credit"]')
    line.hover()
    line.get_by_role("button", name="Move Credit up").click()
    expect(page.locator(".gridwrap thead th[data-c]").first).to_have_attribute("data-c", "credit")
    panel(page).locator('[data-col="status"]').drag_to(panel(page).locator('[data-col="credit"]'))
    expect(page.locator(".gridwrap thead th[data-c]").first).to_have_attribute("data-c", "status")
    page.locator('th[data-c="status"]').drag_to(page.locator('th[data-c="name"]'))
    expect(page.locator(".gridwrap thead th[data-c]").first).to_have_attribute("data-c", "credit")
    assert sorted(heads(page)) == sorted(before)
    page.go_back()
    expect(page.locator(".gridwrap thead th[data-c]").first).to_have_attribute("data-c", "status")


def test_a_head_is_moved_widened_and_opened_by_keys_alone(six, desk):
    page = desk()
    link = page.locator('th[data-c="credit"] > a')
    link.focus()
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator(".gridwrap thead th[data-c]").first).to_have_attribute("data-c", "credit")
    expect(link).to_be_focused()
    page.keyboard.press("Alt+ArrowRight")
    page.wait_for_url(re.compile(r"w=credit"))
    expect(link).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("link", name="Sort upwards")).to_be_focused()


def test_the_edge_of_a_head_widens_its_column(six, desk):
    page = desk()
    box = page.locator('th[data-c="name"]').bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 80, box["y"] + 10, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile(r"w=name"))
    width = int(re.search(r"w=name:(\d+)", page.url)[1])  # type: ignore[index]
    assert abs(width - box["width"] - 82) <= 3
    assert "s=name" in page.url, "widening is no sorting"


@pytest.mark.accept("G-38", "G-40")
def test_grouping_by_status_gives_counts_sums_and_rows_that_open_and_close(six, desk):
    page = desk()
    page.locator('th[data-c="status"]').click(button="right")
    page.locator('th[data-c="status"]').get_by_role("link", name="Group by this").click()
    expect(group(page, "active")).to_contain_text("4 customers")
    expect(group(page, "pending")).to_contain_text("1 customer")
    page.goto(page.url.replace("g=status", "g=currency,status"))
    expect(group(page, "EUR").locator('[data-c="credit"]')).to_have_text("35.00 EUR")
    expect(group(page, "USD").locator('[data-c="credit"]')).to_have_text("115.00 USD")
    page.get_by_role("link", name="Open EUR").click()
    page.get_by_role("link", name="Open EUR, Active").click()
    expect(group(page, "EUR,active").locator('[data-c="credit"]')).to_have_text("30.00 EUR")
    expect(page.locator("tbody .nm")).to_have_text(["Ada", "Bea"])
    page.reload()
    expect(page.locator("tbody .nm")).to_have_text(["Ada", "Bea"])
    page.get_by_role("link", name="Close EUR, Active").click()
    expect(page.locator("tbody .nm")).to_have_count(0)


@pytest.mark.accept("G-39")
def test_two_levels_are_made_in_the_panel(six, desk):
    page = desk("/customers/?s=name&panel=columns")
    panel(page).get_by_label("Add to Row groups").select_option("currency")
    expect(group(page, "USD")).to_be_visible()
    panel(page).get_by_label("Add to Row groups").select_option("status")
    expect(page.locator("thead")).to_contain_text("Currency, Status, Name")
    page.get_by_role("link", name="Open USD").click()
    expect(group(page, "USD,active")).to_contain_text("2")
    expect(group(page, "USD,pending")).to_contain_text("1")


@pytest.mark.accept("G-41")
def test_sums_of_several_currencies_are_named_and_never_added(six, desk):
    page = desk("/customers/?g=status&s=name")
    cell = group(page, "active").locator('[data-c="credit"] [title]')
    assert cell.get_attribute("title") == "30.00 EUR\n15.00 USD"
    shown = page.locator('tbody [data-c="credit"]').all_inner_texts()
    assert not any("45" in text for text in shown)


@pytest.mark.accept("G-42", "G-43")
def test_a_pivot_is_made_by_hand_read_followed_and_left(six, desk):
    page = desk("/customers/?s=name&panel=columns")
    before = heads(page)
    panel(page).get_by_role("switch", name="Pivot").click()
    expect(panel(page).get_by_role("switch", name="Pivot", checked=True)).to_be_visible()
    panel(page).get_by_label("Add to Row groups").select_option("manager")
    expect(panel(page).locator('[data-zone="p"] .zitem')).to_have_text(["Status"])
    table = page.locator("table.pv")
    expect(table.locator("thead th")).to_have_text(
        ["Account manager", "Active", "Inactive", "Pending", "Total"]
    )
    ana = table.locator("tbody tr", has_text="Ana Ruiz")
    expect(ana.locator("td")).to_have_text(["2", "1", "·none", "3"])
    expect(table.locator("tbody tr", has_text="(blank)").locator("td")).to_have_text(["2", "·none", "1", "3"])
    expect(table.locator("tfoot td")).to_have_text(["4", "1", "1", "6"])
    ana.locator("td a").first.click()
    expect(page.locator("tbody .nm")).to_have_text(["Ada", "Dan"])
    page.go_back()
    panel(page).get_by_role("switch", name="Pivot").click()
    expect(page.locator("tbody .nm")).to_have_count(6)
    assert heads(page) == before


def test_amounts_stand_in_one_currency_and_a_segment_changes_it(six, desk):
    page = desk("/customers/?g=status&p=portal&a=sum:credit&s=")
    segment = page.get_by_role("navigation", name="Currency")
    expect(segment.locator("[aria-current]")).to_have_count(1)
    segment.get_by_role("link", name="USD").click()
    expect(page.locator("table.pv tfoot td").last).to_contain_text("115.00")
    segment.get_by_role("link", name="EUR").click()
    expect(page.locator("table.pv tfoot td").last).to_contain_text("35.00")
    page.get_by_role("switch", name="Shade by value").click()
    expect(page.locator("table.pv [class*=hp]")).to_have_count(0)


def test_all_of_it_works_by_forms_and_links_without_scripts(six, desk):
    page = desk("/customers/?s=name", java_script_enabled=False)
    page.get_by_role("link", name="Columns").click()
    panel(page).get_by_role("checkbox", name="PDD").uncheck()
    panel(page).get_by_label("Add to Row groups").select_option("currency")
    panel(page).get_by_role("button", name="Apply").click()
    expect(page.locator('th[data-c="pdd"]')).to_have_count(0)
    page.get_by_role("link", name="Open EUR").click()
    expect(page.locator("tbody .nm")).to_have_text(["Ada", "Bea", "Cem"])
    panel(page).get_by_role("switch", name="Pivot").click()
    expect(page.locator("table.pv")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    ["/customers/?g=currency,status&open=EUR&s=name&panel=columns", "/customers/?g=status&p=currency&s="],
)
def test_axe_finds_nothing(six, desk, path, theme):
    page = desk(path, color_scheme=theme)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(
    "path", ["/customers/?g=currency,status&open=EUR&s=name", "/customers/?g=status&p=currency&s="]
)
def test_nothing_is_wider_than_a_phone(six, desk, path):
    page = desk(path, **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
