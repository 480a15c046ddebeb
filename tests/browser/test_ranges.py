"""Ranges of cells: drag, keys, sums in the foot, what lands in the clipboard, the menu on a cell."""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import factories

Visit = Callable[..., Page]
LIST = "/customers/?s=name&c=name,credit,channels,asr"


@pytest.fixture
def four(live_server: Any) -> None:
    for name, code, balance, channels in (
        ("=1+1", "EUR", "10.5", 4), ("Deneb", "EUR", "-2.25", 2),
        ("Nova", "USD", "7", 1), ("Vega", "EUR", "1", 0),
    ):  # fmt: skip
        customer = factories.make_customer(name=name, currency=code)
        factories.set_figures(
            customer, balance=Decimal(balance), channels=channels, attempts_24h=8, connected_24h=channels
        )


def cell(page: Page, row: int, column: str) -> Locator:
    return page.locator("tbody tr[data-id]").nth(row).locator(f'[data-c="{column}"]')


def drag(page: Page, one: Locator, other: Locator) -> None:
    begin, end = one.bounding_box(), other.bounding_box()
    assert begin
    assert end
    page.mouse.move(begin["x"] + 4, begin["y"] + begin["height"] - 4)
    page.mouse.down()
    page.mouse.move(end["x"] + 4, end["y"] + end["height"] - 4, steps=6)
    page.mouse.up()


def copied(page: Page, keys: str = "Control+c") -> tuple[str, str]:
    """What lands in the clipboard: as text, and as markup."""
    page.evaluate(
        """() => document.addEventListener("copy", (event) => {
          window.took = ["text/plain", "text/html"].map((kind) => event.clipboardData.getData(kind));
        }, {once: true})"""
    )
    page.keyboard.press(keys)
    took = page.evaluate("window.took")
    return took[0], took[1]


@pytest.mark.accept("G-60")
def test_a_dragged_range_shows_count_sum_mean_lowest_and_highest_by_currency(visit: Visit, four: None):
    page = visit(LIST)
    foot = page.locator("[data-range]")
    drag(page, cell(page, 0, "credit"), cell(page, 3, "credit"))
    expect(page.locator("td.rng")).to_have_count(4)
    expect(foot).to_contain_text("4 cells")
    expect(foot).to_contain_text("EUR: Sum 9.25 · Average 3.0833 · Lowest −2.25 · Highest 10.50")
    expect(foot).to_contain_text("USD: Sum 7.00 · Average 7.0000 · Lowest 7.00 · Highest 7.00")

    drag(page, cell(page, 0, "channels"), cell(page, 2, "channels"))
    expect(foot).to_contain_text("3 cells")
    expect(foot).to_contain_text("Sum 7 · Average 2.33 · Lowest 1 · Highest 4")
    page.keyboard.press("Escape")
    expect(foot).to_be_hidden()


def test_a_range_grows_by_keys_is_announced_and_goes_with_escape(visit: Visit, four: None):
    page = visit(LIST)
    page.locator(".gridwrap").focus()
    for key in ("ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    for _step in range(2):
        page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("td.rng")).to_have_count(3)
    expect(page.locator("[data-announce]")).to_contain_text("3 cells")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("td.rng")).to_have_count(6)
    page.keyboard.press("Escape")
    expect(page.locator("td.rng")).to_have_count(0)
    expect(page.locator("td.cell-focus")).to_be_focused()


def test_shift_and_a_click_reach_from_where_one_was(visit: Visit, four: None):
    page = visit(LIST)
    cell(page, 0, "channels").click(position={"x": 4, "y": 4})
    cell(page, 2, "asr").click(position={"x": 4, "y": 4}, modifiers=["Shift"])
    expect(page.locator("td.rng")).to_have_count(6)


def test_a_range_outlives_news_of_its_cells(visit: Visit, four: None):
    from customers.models import Listing

    page = visit(LIST)
    drag(page, cell(page, 0, "channels"), cell(page, 1, "channels"))
    expect(page.locator("[data-range]")).to_contain_text("Sum 6")
    factories.set_figures(Listing.objects.get(name="Deneb").customer, channels=9)
    expect(page.locator("[data-range]")).to_contain_text("Sum 13", timeout=12_000)
    expect(page.locator("td.rng")).to_have_count(2)


@pytest.mark.accept("G-61")
def test_cells_are_copied_with_and_without_heads_and_the_file_holds_filtered_rows(visit: Visit, four: None):
    page = visit(f"{LIST}&f.credit=gt:0")
    drag(page, cell(page, 0, "name"), cell(page, 1, "channels"))
    text, markup = copied(page)
    assert text == "'=1+1\t10.50 EUR\t4\nNova\t7.00 USD\t1"
    assert markup.count("<tr>") == 2
    assert "<td>Nova</td><td>7.00 USD</td><td>1</td>" in markup

    page.evaluate(
        """() => document.addEventListener("copy", (event) => {
          window.took = event.clipboardData.getData("text/plain");
        })"""
    )
    cell(page, 0, "credit").click(button="right", position={"x": 4, "y": 4})
    menu = page.get_by_role("menu")
    assert menu.get_by_role("menuitem").all_inner_texts() == [
        "Copy", "Copy with headers", "Export as CSV", "Open",
    ]  # fmt: skip
    menu.get_by_role("menuitem", name="Copy with headers").click()
    assert page.evaluate("window.took").split("\n")[0] == "Name\tCredit\tChannels"
    expect(menu).to_have_count(0)

    cell(page, 0, "channels").click(button="right", position={"x": 4, "y": 4})
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Export as CSV").click()
    rows = list(csv.reader(Path(download.value.path()).read_text("utf-8-sig").splitlines()))
    assert [row[0] for row in rows] == ["Name", "'=1+1", "Nova", "Vega"]


def test_the_menu_opens_moves_and_closes_by_keys_alone(visit: Visit, four: None):
    page = visit(LIST)
    page.locator(".gridwrap").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.press("Shift+F10")
    expect(page.get_by_role("menuitem", name="Copy", exact=True)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Copy with headers")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(page.locator("td.cell-focus")).to_be_focused()


def test_names_in_the_clipboard_are_text(visit: Visit, live_server: Any):
    for name in ("<img src=x>", "Zeta"):
        factories.make_customer(name=name)
    page = visit("/customers/?s=name&c=name,credit")
    drag(page, cell(page, 0, "name"), cell(page, 1, "name"))
    _text, markup = copied(page)
    assert "<img" not in markup


def test_shift_on_a_head_adds_to_the_order_and_heads_say_their_place(visit: Visit, four: None):
    page = visit(LIST)
    head = page.locator("th[data-c=channels] > a")
    head.click(modifiers=["Shift"])
    expect(page).to_have_url(page.url.partition("?")[0] + "?c=name,credit,channels,asr&s=name,channels")
    expect(page.locator("th[data-c=name] sup")).to_have_text("1")
    expect(page.locator("th[data-c=channels] sup")).to_have_text("2")
    page.locator("th[data-c=channels] > a").focus()
    page.keyboard.press("Shift+Enter")
    expect(page).to_have_url(page.url.partition("?")[0] + "?c=name,credit,channels,asr&s=name,-channels")
    page.locator("th[data-c=channels] > a").click(modifiers=["Shift"])
    expect(page.locator("th sup")).to_have_count(0)
    page.go_back()
    expect(page.locator("th[data-c=channels] sup")).to_have_text("2")
