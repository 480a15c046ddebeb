"""A file becomes customers in six steps: with a mouse, as the manual says, and by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from customers.models import Customer
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Page]


@pytest.fixture(autouse=True)
def _ground(settings: Any, tmp_path: Path) -> None:
    settings.CONNEX_HOME = tmp_path
    factories.make_currency("EUR")


def stored() -> list[tuple[str, str, int | None]]:
    return list(Customer.objects.order_by("name").values_list("name", "currency_id", "channels_limit"))


def cell(page: Page, text: str) -> Any:
    return page.locator("#preview").get_by_role("cell", name=text, exact=True)


@pytest.mark.accept("U-01")
@pytest.mark.accept("U-03")
@pytest.mark.accept("U-04")
@pytest.mark.accept("U-05")
@pytest.mark.accept("U-11")
@pytest.mark.accept("U-12")
def test_right_clicks_set_the_start_row_and_map_columns_until_customers_are_in_the_list(
    visit: Visit, tmp_path: Path
):
    file = tmp_path / "accounts.csv"
    file.write_text("What we have,,\n60,Aurel,Euro\n4,Bergtal,EUR\n5,Celano,XXX\n")
    page = visit("/customers/")
    page.get_by_role("link", name="Bulk upload").click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(cell(page, "Bergtal")).to_be_visible()
    assert stored() == []

    cell(page, "Aurel").click(button="right")
    page.get_by_role("menuitem", name="Set Start Row").click()
    expect(page.get_by_text("Data begins in row 2")).to_be_visible()
    page.get_by_role("button", name="Next: columns").click()

    page.get_by_text("Required: map a column to Name, Currency").wait_for()
    order = [("Euro", "Currency"), ("60", "Channels"), ("Aurel", "Name")]
    for mapped, (text, field) in enumerate(order, start=1):
        cell(page, text).click(button="right")
        menu = page.get_by_role("menu", name="Row and column")
        for offered in ("Name", "Currency", "Channels", "Status"):
            expect(menu.get_by_role("menuitem", name=offered, exact=True)).to_be_visible()
        menu.get_by_role("menuitem", name=field, exact=True).click()
        expect(page.locator("#preview thead").get_by_text("you chose it")).to_have_count(mapped)
        expect(page.locator("#preview thead option:checked", has_text=field)).to_have_count(1)
    page.get_by_role("button", name="Next: check").click()

    page.get_by_label("“Euro” in Currency means").select_option("EUR")
    page.get_by_role("button", name="Next: check").click()
    expect(page.locator("#good")).to_have_text("2")
    page.get_by_role("button", name="Skip row 4").click()
    expect(page.locator("#bad")).to_have_text("0")
    page.get_by_role("button", name="Upload to Server").click()
    dialog = page.get_by_role("dialog", name="Import 2 rows?")
    dialog.get_by_role("button", name="Cancel").click()
    assert stored() == []
    page.get_by_role("button", name="Upload to Server").click()
    dialog.get_by_role("button", name="Yes, import").click()
    expect(page.get_by_role("heading", name="2 rows were imported")).to_be_visible()
    assert stored() == [("Aurel", "EUR", 60), ("Bergtal", "EUR", 4)]
    page.get_by_role("link", name="Open the list").click()
    expect(page.get_by_role("link", name="Aurel", exact=True)).to_be_visible()


def press(page: Page, what: Any, key: str = "Enter") -> None:
    """Reaches something by Tab alone and presses a key there."""
    for _ in range(200):
        if what.evaluate("it => it === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(what).to_be_focused()
    page.keyboard.press(key)


def test_the_six_steps_by_keyboard_alone(visit: Visit, tmp_path: Path):
    file = tmp_path / "accounts.csv"
    file.write_text("What we have,\nFirma,Curr.\nAurel,Euro\nBergtal,EUR\n,EUR\n")
    page = visit("/import/customers/")
    with page.expect_file_chooser() as chooser:
        press(page, page.get_by_label("File"))
    chooser.value.set_files(file)
    press(page, page.get_by_role("button", name="Upload", exact=True))
    press(page, page.locator(".rownum[value='2']"))
    expect(page.get_by_text("Data begins in row 2")).to_be_visible()
    press(page, page.locator(".rownum[value='3']"))
    expect(page.get_by_text("Data begins in row 3")).to_be_visible()
    press(page, page.get_by_role("button", name="Next: columns"))
    press(page, page.get_by_label("Field for column Firma"), "N")
    expect(page.get_by_text("Required: map")).to_have_count(0)
    press(page, page.get_by_role("button", name="Next: check"))
    press(page, page.get_by_label("“Euro” in Currency means"), "E")
    press(page, page.get_by_role("button", name="Next: check"))
    expect(page.locator("#bad")).to_have_text("1")
    press(page, page.get_by_label("Firma in row 5"), "C")
    page.keyboard.press("Enter")
    expect(page.locator("#bad")).to_have_text("0")
    press(page, page.get_by_role("button", name="Upload to Server"))
    press(page, page.get_by_role("button", name="Yes, import"))
    expect(page.get_by_role("heading", name="3 rows were imported")).to_be_visible()
    assert [name for name, _code, _channels in stored()] == ["Aurel", "Bergtal", "C"]
