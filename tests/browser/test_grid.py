"""The customers grid under a person's hands: links, search, status, keyboard, no script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers.models import Customer
from tests import factories
from tests.browser.lists import cell, mark, names, quiet, row, was_reloaded

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick")]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
Open = Callable[..., Page]


# --- Links, search, status, order


@pytest.mark.accept("G-04")
def test_a_name_leads_to_that_customers_page(desk: Open):
    quiet("Ada")
    bea = quiet("Bea")
    page = desk()
    page.get_by_role("link", name="Bea", exact=True).click()
    page.wait_for_url(f"**/customers/{bea.pk}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bea")


@pytest.mark.accept("G-22")
@pytest.mark.accept("G-26")
def test_the_list_narrows_while_typing_and_comes_back_when_cleared(desk: Open):
    for name in ("Altavox", "Baltic", "Balkan"):
        quiet(name)
    page = desk()
    mark(page)
    search = page.get_by_label("Search customers", exact=True)
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("balt", delay=30)
    expect(names(page)).to_have_text(["Baltic"])
    expect(search).to_be_focused()
    expect(search).to_have_value("balt")
    assert "q=balt" in page.url
    page.keyboard.type("z")
    expect(page.locator(".em b")).to_be_visible()
    search.fill("")
    expect(names(page)).to_have_text(["Altavox", "Balkan", "Baltic"])
    assert "q=" not in page.url
    assert not was_reloaded(page)


def test_letters_typed_while_an_answer_is_on_its_way_are_not_lost(desk: Open):
    for name in ("Altavox", "Baltic", "Balkan"):
        quiet(name)
    page = desk()

    def slowly(route: Any) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/customers/?q=*", slowly)
    page.get_by_label("Search customers", exact=True).focus()
    page.keyboard.type("bal", delay=20)
    page.wait_for_timeout(500)  # the first request has left
    page.keyboard.type("tic", delay=150)
    expect(names(page)).to_have_text(["Baltic"], timeout=8000)
    expect(page.get_by_label("Search customers", exact=True)).to_have_value("baltic")


def test_back_leads_through_the_states_of_the_list(desk: Open):
    quiet("Ada")
    quiet("Bea", status="inactive")
    page = desk()
    page.locator('[data-menu="status"] summary').click()
    page.locator('[data-choice="inactive"]').click()
    expect(names(page)).to_have_text(["Bea"])
    page.locator('th[data-c="name"] > a').click()
    expect(page.locator('th[data-c="name"]')).to_have_attribute("aria-sort", "descending")
    page.go_back()
    expect(page.locator('th[data-c="name"]')).to_have_attribute("aria-sort", "ascending")
    page.go_back()
    expect(names(page)).to_have_text(["Ada"])
    expect(page.get_by_text("Status: Active")).to_be_visible()


@pytest.mark.accept("G-23")
@pytest.mark.parametrize("how", ["enter", "icon"])
@pytest.mark.parametrize("script", [True, False])
def test_the_search_runs_on_enter_and_on_its_icon(desk: Open, how: str, script: bool):
    quiet("Altavox")
    quiet("Baltic")
    page = desk(java_script_enabled=script)
    search = page.get_by_label("Search customers", exact=True)
    search.fill("alta")
    if how == "enter":
        search.press("Enter")
    else:
        page.get_by_role("button", name="Search").click()
    expect(names(page)).to_have_text(["Altavox"])
    assert "f.status=in" in page.url


@pytest.mark.accept("G-27")
@pytest.mark.accept("G-28")
@pytest.mark.accept("G-29")
@pytest.mark.accept("G-32")
def test_the_status_menu_rearranges_the_list_at_once_and_says_the_choice(desk: Open):
    labels = ["Active", "Inactive", "Pending", "Pending Approval", "Penalty"]
    made = {label: quiet(label, status=label.lower().replace(" ", "_")) for label in labels}
    factories.set_figures(made["Pending"], channels=1)
    page = desk()
    mark(page)
    menu = page.locator('[data-menu="status"]')
    expect(menu.locator("summary")).to_have_text("Status: Active")
    menu.locator("summary").click()
    entries = menu.locator(".mi > :first-child, .mi:not(:has(.pill))")
    assert "All" in entries.first.inner_text()
    expect(menu.locator(".mi .pill")).to_have_text(["Active", "Dialing", *labels[1:]])
    page.keyboard.press("Escape")
    for choice, expected in [("dialing", ["Pending"]), ("penalty", ["Penalty"]), ("", sorted(labels))]:
        menu.locator("summary").click()
        menu.locator(f'[data-choice="{choice}"]').click()
        expect(names(page)).to_have_text(expected)
    expect(menu.locator("summary")).to_have_text("Status: All")
    expect(menu.locator("summary")).to_be_focused()
    looks = page.locator("tbody .pill").evaluate_all(
        "pills => pills.map(pill => getComputedStyle(pill).backgroundColor + getComputedStyle(pill).color)"
    )
    assert len(set(looks)) == len(labels)
    page.go_back()
    expect(names(page)).to_have_text(["Penalty"])
    assert not was_reloaded(page) or page.url.endswith("in:penalty&s=name")


@pytest.mark.accept("G-31")
def test_the_status_is_changed_in_place_and_stays_changed(desk: Open):
    ada = quiet("Ada")
    page = desk("/customers/?s=name")
    mark(page)
    cell(page, ada, "status").get_by_role("link").click()
    form = page.get_by_role("dialog")
    form.get_by_placeholder("optional").fill("bill unpaid")
    form.get_by_role("button", name="Inactive").click()
    expect(cell(page, ada, "status")).to_have_text("Inactive")
    expect(form).to_have_count(0)
    expect(cell(page, ada, "status").get_by_role("link")).to_be_focused()
    assert not was_reloaded(page)
    page.reload()
    expect(cell(page, ada, "status")).to_have_text("Inactive")
    assert Customer.objects.get(pk=ada.pk).status == "inactive"


def test_the_status_menu_of_a_row_closes_with_escape_and_gives_the_focus_back(desk: Open):
    ada = quiet("Ada")
    page = desk()
    link = cell(page, ada, "status").get_by_role("link")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(link).to_be_focused()


@pytest.mark.accept("G-51")
def test_header_clicks_sort_up_down_and_not_at_all(desk: Open):
    for name, channels in (("Ada", 5), ("Bea", 9), ("Cid", 1)):
        factories.set_figures(quiet(name), channels=channels)
    page = desk()
    head = page.locator('th[data-c="channels"]')
    for order, expected in [
        ("ascending", ["Cid", "Ada", "Bea"]),
        ("descending", ["Bea", "Ada", "Cid"]),
        ("none", ["Ada", "Bea", "Cid"]),
    ]:
        head.locator("> a").click()
        expect(head).to_have_attribute("aria-sort", order)
        expect(names(page)).to_have_text(expected)
        expect(head.locator("> a")).to_be_focused()
    expect(page.locator("[data-announce]")).to_have_text("3 customers")


@pytest.mark.accept("G-06")
@pytest.mark.accept("G-15")
def test_pointing_at_credit_and_last_call_tells_more(desk: Open):
    ada = quiet("Ada", currency="USD")
    at = timezone.now() - timedelta(days=3)
    factories.set_figures(ada, balance=5, last_call_at=at)
    page = desk()
    credit = cell(page, ada, "credit").locator("[title]")
    assert credit.get_attribute("title") == "Debit limit 10.00 USD. Available 15.00 USD"
    expect(cell(page, ada, "last_call")).to_have_text("3 d")
    assert (
        cell(page, ada, "last_call").locator("time").get_attribute("title") == f"{at:%Y-%m-%d %H:%M:%S} UTC"
    )


# --- Without a mouse, without script, without room


@pytest.mark.accept("G-66", part="keyboard; on a phone the panels of columns and filters are missing")
def test_the_table_is_walked_ticked_and_opened_by_keyboard(desk: Open):
    ada, bea = quiet("Ada"), quiet("Bea")
    page = desk()
    page.locator(".gridwrap").focus()
    page.keyboard.press("ArrowDown")
    expect(cell(page, ada, "name")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(cell(page, bea, "credit")).to_be_focused()
    page.keyboard.press("Space")
    expect(row(page, bea).locator(".ck")).to_be_checked()
    page.keyboard.press("Home")
    expect(row(page, bea).locator("td.sel")).to_be_focused()
    page.keyboard.press("Control+End")
    expect(cell(page, bea, "cps")).to_be_focused()
    factories.set_figures(bea, cps=Decimal("3.5"))
    expect(cell(page, bea, "cps")).to_contain_text("3.5", timeout=5000)
    expect(cell(page, bea, "cps")).to_be_focused()  # a live cell keeps the focus it had
    page.keyboard.press("Escape")
    expect(page.locator(".gridwrap")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{ada.pk}/")


def test_list_order_filter_pages_and_status_work_without_script(desk: Open):
    for number in range(3):
        quiet(f"C{number}")
    page = desk("/customers/?f.status=in:active&s=name&n=2", java_script_enabled=False)
    page.get_by_role("link", name="Next page").click()
    expect(names(page)).to_have_text(["C2"])
    page.locator('th[data-c="name"] > a').click()
    expect(names(page)).to_have_text(["C2", "C1"])
    page.locator('[data-menu="status"] summary').click()
    page.locator('[data-choice="inactive"]').click()
    expect(page.locator(".em b")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    page.locator("tbody a.pillmenu").first.click()
    page.get_by_role("button", name="Penalty").click()
    expect(page.locator("tbody tr").first).to_contain_text("Penalty")  # back on the list it came from
    expect(names(page)).to_have_text(["C2", "C1"])
    expect(page.get_by_text("C2 is now Penalty. New calls are refused.")).to_be_visible()
    assert Customer.objects.filter(status="penalty").count() == 1


def test_on_a_phone_rows_are_cards_of_two_lines(desk: Open):
    ada = quiet("Ada", channels_limit=10)
    page = desk(**PHONE)
    top, bottom = cell(page, ada, "name").bounding_box(), cell(page, ada, "credit").bounding_box()
    assert top
    assert bottom
    assert top["y"] < bottom["y"]
    assert abs(top["x"] - bottom["x"]) < 2
    assert cell(page, ada, "asr").is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desk", "phone"])
def test_axe_finds_nothing_wrong_with_rows_menus_and_ticks(desk: Open, scheme: str, size: tuple[int, int]):
    bare = factories.make_customer(name="Bare", country="DE", channels_limit=10)
    factories.set_figures(
        bare, balance=-5, channels=9, last_call_at=timezone.now(), attempts_24h=10, connected_24h=1,
        pdd_sum_ms_24h=12_000, pdd_count_24h=1,
    )  # fmt: skip
    quiet("Ada")
    page = desk(
        "/customers/?nonsense=1&s=name", color_scheme=scheme, viewport={"width": size[0], "height": size[1]}
    )
    page.locator("tbody .ck").first.check()
    page.locator(".wn").focus()
    expect(page.locator(".card-pop")).to_be_visible()
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
    page.keyboard.press("Escape")
    page.locator("a.pillmenu").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
