"""The palette as a person uses it: by keyboard, by mouse, on a phone, and when the server is slow or gone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from customers.models import Customer
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rheinfon(db: None) -> Customer:
    customer = factories.make_customer(name="Rheinfon GmbH")
    factories.make_ip_auth(customer, host="203.0.113.14")
    factories.make_customer(name="Oberrhein Telefon AG", status="inactive")
    return customer


def field(page: Page):
    return page.get_by_role("combobox", name="Search customers, contacts and pages")


def active(page: Page) -> str:
    """The words of the option that the field points at, as a screen reader follows it."""
    return page.evaluate(
        """() => {
            const field = document.querySelector("#palette-q");
            const id = field.getAttribute("aria-activedescendant");
            const option = id && document.getElementById(id);
            if (!option || option.getAttribute("aria-selected") !== "true") return "";
            return option.querySelector("bdi").textContent;
        }"""
    )


def open_and_type(page: Page, text: str) -> None:
    page.keyboard.press("Control+k")
    expect(field(page)).to_be_focused()
    page.keyboard.type(text)
    page.wait_for_selector(f'#palette-found[data-for="{text}"]')


def test_ctrl_k_finds_a_customer_and_enter_opens_it(visit, rheinfon):
    page = visit("/")
    open_and_type(page, "rhein")
    assert active(page) == "Rheinfon GmbH"
    expect(page.locator(".pal [data-said]")).to_have_text("7 results")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{rheinfon.pk}/")


def test_arrows_home_and_end_walk_through_the_results_and_round_them(visit, rheinfon):
    page = visit("/")
    open_and_type(page, "rhein")
    page.keyboard.press("ArrowDown")
    assert active(page) == "Oberrhein Telefon AG"
    page.keyboard.press("ArrowDown")
    assert active(page) == "Change status…"
    page.keyboard.press("Home")
    assert active(page) == "Rheinfon GmbH"
    page.keyboard.press("ArrowUp")
    last = active(page)
    assert last == "Latest calls"
    page.keyboard.press("ArrowDown")
    assert active(page) == "Rheinfon GmbH"
    page.keyboard.press("End")
    assert active(page) == last
    expect(field(page)).to_be_focused()


def test_escape_closes_the_palette_alone_and_the_focus_goes_back(visit, rheinfon):
    page = visit("/customers/")
    search = page.get_by_label("Search customers", exact=True)
    search.fill("rhein")
    search.focus()
    page.keyboard.press("Control+k")
    expect(field(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(search).to_be_focused()
    expect(search).to_have_value("rhein")


def test_ctrl_enter_opens_a_new_tab_and_stays(visit, rheinfon):
    page = visit("/")
    open_and_type(page, "rhein")
    with page.context.expect_page() as opened:
        page.keyboard.press("Control+Enter")
    opened.value.wait_for_url(f"**/customers/{rheinfon.pk}/")
    expect(page.locator("#palette")).to_be_visible()


def test_enter_before_the_answer_waits_for_it(visit, rheinfon):
    """What is still shown belongs to other words and must not be opened."""
    page = visit("/")
    open_and_type(page, "ober")
    page.keyboard.press("Control+a")
    page.keyboard.type("rheinf")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{rheinfon.pk}/")


def test_an_answer_that_comes_too_late_is_dropped_and_old_results_stay_until_then(visit, rheinfon):
    page = visit("/")
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if "q=ober" in route.request.url and not held:
            held.append(route)
        else:
            route.continue_()

    open_and_type(page, "rhein")
    page.route("**/find/**", hold_the_first)
    page.keyboard.press("Control+a")
    page.keyboard.type("ober")
    page.wait_for_timeout(400)
    assert active(page) == "Rheinfon GmbH"
    page.keyboard.press("Control+a")
    page.keyboard.type("203.0")
    page.wait_for_selector('#palette-found[data-for="203.0"]')
    for route in held:
        route.continue_()
    page.wait_for_timeout(300)
    expect(page.locator("#palette-found")).to_have_attribute("data-for", "203.0")


def test_a_server_that_does_not_answer_is_said_and_nothing_typed_is_lost(visit, rheinfon):
    page = visit("/")
    open_and_type(page, "rhein")
    page.route("**/find/**", lambda route: route.fulfill(status=500))
    page.keyboard.type("f")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    expect(field(page)).to_have_value("rheinf")
    page.unroute("**/find/**")
    page.keyboard.type("o")
    page.wait_for_selector('#palette-found[data-for="rheinfo"]')
    expect(page.locator(".pal-e")).to_be_hidden()


def test_what_was_opened_from_it_is_there_next_time_without_its_name(visit, rheinfon):
    page = visit("/")
    open_and_type(page, "rheinf")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/customers/{rheinfon.pk}/")
    page.goto(page.url.split("/customers")[0] + "/")
    page.keyboard.press("Control+k")
    recent = page.get_by_role("group", name="Recently opened").get_by_role("option")
    expect(recent).to_contain_text("Rheinfon GmbH")
    stored = page.evaluate("JSON.stringify(localStorage)")
    assert "Rheinfon" not in stored  # a name would outlive the right to see it


def test_the_next_person_at_the_same_browser_finds_nothing_of_the_one_before(visit, rheinfon):
    page = visit("/")
    page.evaluate(f"localStorage.setItem('palette-999999', 'c{rheinfon.pk}')")
    page.reload()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("group", name="Go to")).to_be_visible()
    expect(page.get_by_role("group", name="Recently opened")).to_have_count(0)
    assert page.evaluate("localStorage.getItem('palette-999999')") is None


def test_a_verb_leads_into_the_first_field_of_its_form(visit, rheinfon):
    page = visit("/")
    open_and_type(page, "add rheinf")
    page.keyboard.press("Enter")
    page.wait_for_url("**/auth/#add-ip")
    expect(page.get_by_label("IP, network or host name")).to_be_focused()


def test_one_ticked_row_is_what_something_is_done_with(visit, rheinfon):
    page = visit("/customers/?f.status=all")
    page.locator("tbody .ck").first.check()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("group", name="Do something with Oberrhein Telefon AG")).to_be_visible()
    page.get_by_role("option", name="Clear the selection").click()
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator("tbody .ck:checked")).to_have_count(0)


def test_signing_out_from_the_palette(visit, rheinfon):
    page = visit("/")
    open_and_type(page, ">sign out")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in to Connex")).to_be_visible()


def test_the_field_in_the_top_bar_opens_it_and_is_a_link_without_javascript(visit, rheinfon):
    page = visit("/")
    page.get_by_role("link", name="Search customers, numbers").click()
    expect(field(page)).to_be_focused()
    page = visit("/", java_script_enabled=False)
    page.get_by_role("link", name="Search customers, numbers").click()
    page.get_by_role("searchbox").fill("rheinf")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Rheinfon GmbH").click()
    assert page.url.endswith(f"/customers/{rheinfon.pk}/")


def test_on_a_phone_it_is_a_sheet_that_the_search_sign_opens(visit, rheinfon):
    page = visit("/", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.get_by_role("link", name="Search customers, numbers").tap()
    expect(field(page)).to_be_focused()
    box = page.locator("#palette").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844)
    page.keyboard.type("rhein")
    page.get_by_role("option", name="Rheinfon GmbH Active").tap()
    page.wait_for_url(f"**/customers/{rheinfon.pk}/")


def test_shortcuts_of_single_letters_are_letters_in_the_palette(visit, rheinfon):
    page = visit("/customers/")
    open_and_type(page, "?/gh")
    expect(field(page)).to_have_value("?/gh")
    expect(page.locator("#shortcuts")).to_be_hidden()
