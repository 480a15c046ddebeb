"""Making and changing a customer by hand: tabs, keys alone, hours drawn, nothing lost, two at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from customers.models import Customer
from tests import factories

Visit = Callable[..., Page]


@pytest.fixture
def nova(live_server: object) -> Customer:
    factories.make_currency("USD")
    return factories.make_customer(name="Nova", channels_limit=10)


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


@pytest.mark.accept("F-01")
@pytest.mark.accept("F-03")
@pytest.mark.accept("F-10")
@pytest.mark.accept("F-20")
def test_a_customer_is_made_by_keyboard_alone(visit: Visit, nova: Customer):
    page = visit("/customers/")
    page.get_by_role("link", name="New", exact=True).focus()
    page.keyboard.press("Enter")
    names = ("Basic", "Config", "Timeout", "Address", "Verification", "Notes", "Day/Time Restrict")
    expect(page.get_by_role("tab")).to_have_text(list(names))
    status = page.locator("#id_status")
    assert status.locator("option").all_inner_texts() == [
        "Active", "Inactive", "Pending", "Pending Approval", "Penalty",
    ]  # fmt: skip
    expect(status).to_have_value("active")

    page.get_by_role("tab", name="Basic").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Account manager")).to_be_visible()
    page.keyboard.press("Control+Enter")

    name = page.get_by_label("Name")
    expect(name).to_be_focused()
    expect(page.locator("#id_name_error")).to_contain_text("Required")
    assert "rgb" in name.locator("xpath=..").evaluate("e => getComputedStyle(e).boxShadow")
    expect(page.get_by_role("tab", name="Basic")).to_contain_text("2")
    assert Customer.objects.count() == 1

    page.keyboard.type("Vega Voice")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("USD")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Vega Voice")
    made = Customer.objects.get(name="Vega Voice")
    assert made.currency_id == "USD"


@pytest.mark.accept("F-67")
def test_leaving_with_changes_asks_and_without_does_not(visit: Visit, nova: Customer):
    page = visit(f"/customers/{nova.pk}/edit/")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_label("Name").fill("Other")
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_timeout(200)
    assert asked == ["beforeunload"]
    expect(page).to_have_url(page.url)

    page.get_by_label("Name").fill("Nova")
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nova")
    assert asked == ["beforeunload"]
    nova.refresh_from_db()
    assert nova.name == "Nova"


@pytest.mark.accept("F-55")
@pytest.mark.accept("F-58", part="the banner; that calls in pass waits for the call decision")
def test_hours_are_drawn_written_and_copied(visit: Visit, nova: Customer):
    page = visit(f"/customers/{nova.pk}/edit/#hours")
    expect(page.get_by_text("calls to the customer always come")).to_be_visible()
    monday, bar = page.get_by_label("Monday"), page.locator("[data-bar=id_day_0]")
    box = bar.bounding_box()
    assert box
    hour, middle = box["width"] / 24, box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 9 * hour, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 12 * hour, middle, steps=4)
    page.mouse.up()
    expect(monday).to_have_value("09:00–12:00")
    monday.fill("9-12, 13:30-18")
    assert bar.locator("rect:not(.all)").count() == 2
    page.get_by_role("button", name="Copy Monday to Friday").click()
    expect(page.get_by_label("Friday")).to_have_value("09:00–12:00, 13:30–18:00")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Nova was saved.")).to_be_visible()
    expect(page.get_by_text("Calls are")).to_be_visible()
    nova.refresh_from_db()
    assert nova.time_zone == "Europe/Berlin"
    assert nova.week[4] == [(540, 720), (810, 1080)]


def test_two_people_at_once_lose_nothing(visit: Visit, nova: Customer):
    one, other = visit(f"/customers/{nova.pk}/edit/"), visit(f"/customers/{nova.pk}/edit/")
    other.locator("#id_channels_limit").fill("20")
    other.get_by_role("button", name="Save and stay").click()
    expect(other.get_by_text("Nova was saved.")).to_be_visible()

    one.locator("#id_channels_limit").fill("30")
    tab(one, "Address")
    one.get_by_label("City").fill("Bremen")
    one.get_by_role("button", name="Save and continue").click()
    expect(one.get_by_role("alert")).to_contain_text("Channels is now 20")
    one.get_by_role("button", name="Take theirs: Channels").click()
    expect(one.locator("#id_channels_limit")).to_have_value("20")
    one.get_by_role("button", name="Save and continue").click()
    expect(one.get_by_role("heading", level=1)).to_have_text("Nova")
    nova.refresh_from_db()
    assert (nova.channels_limit, nova.city) == (20, "Bremen")


def test_without_a_script_all_parts_stand_on_the_page(visit: Visit, nova: Customer):
    page = visit(f"/customers/{nova.pk}/edit/", java_script_enabled=False)
    page.get_by_label("City").fill("Bremen")
    page.get_by_label("Monday").fill("9-12")
    page.get_by_role("button", name="Save and continue").click()
    nova.refresh_from_db()
    assert (nova.city, nova.week) == ("Bremen", {0: [(540, 720)]})
