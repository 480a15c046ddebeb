"""The customers grid under a person's hands: live cells, ticks, search, status, keyboard, no script."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from calls.pulse import Pulse
from customers.models import Customer, FeedState
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
Open = Callable[..., Page]


@pytest.fixture(autouse=True)
def _fresh_and_quick(settings: Any) -> None:
    """Polls every second, over a feed that is fresh unless the test is about its age."""
    settings.GRID_POLL_SECONDS = 1
    settings.FEED_STALE_SECONDS = 3600
    hear()


def hear(seconds_ago: int = 0) -> None:
    at = timezone.now() - timedelta(seconds=seconds_ago)
    FeedState.objects.update_or_create(pk=1, defaults={"ticked_at": at, "heard_at": at})


@pytest.fixture
def desk(visit: Open) -> Open:
    """Opens the grid as Alice."""
    return lambda path="/customers/", **options: visit(path, **options)


def quiet(name: str, **fields: Any) -> Customer:
    """A customer without warnings."""
    customer = factories.make_customer(name=name, debit_limit=10, **fields)
    factories.make_ip_auth(customer)
    factories.make_route(customer)
    return customer


def row(page: Page, customer: Customer) -> Locator:
    return page.locator(f'tr[data-id="{customer.pk}"]')


def cell(page: Page, customer: Customer, column: str) -> Locator:
    return row(page, customer).locator(f'[data-c="{column}"]')


def names(page: Page) -> Locator:
    return page.locator("tbody .nm")


def mark(page: Page) -> None:
    """Leaves a sign that only a reload would wipe out."""
    page.evaluate("window.stillHere = true")


def was_reloaded(page: Page) -> bool:
    return not page.evaluate("window.stillHere === true")


# --- Live


def test_changed_cells_follow_the_database_and_flash_and_the_others_stay(desk: Open):
    ada, bea = quiet("Ada", channels_limit=100), quiet("Bea")
    page = desk()
    mark(page)
    page.evaluate(
        """() => { window.flashed = []; document.addEventListener("animationstart", (event) =>
        event.animationName === "flash" && window.flashed.push(event.target.dataset.c)) }"""
    )
    untouched = cell(page, bea, "channels").element_handle()
    factories.set_figures(ada, channels=42, balance=Decimal("12.5"), attempts_24h=4, connected_24h=3)
    expect(cell(page, ada, "channels")).to_have_text("42 / 100", timeout=5000)
    expect(cell(page, ada, "credit")).to_contain_text("12.50")
    expect(cell(page, ada, "asr")).to_have_text("75.0")
    expect(page.locator("[data-totals]")).to_contain_text("Channels 42")
    expect(page.locator('[data-choice="dialing"] .num')).to_have_text("1")
    assert sorted(page.evaluate("window.flashed")) == ["acd", "asr", "channels", "credit"]
    assert untouched.evaluate("cell => cell.isConnected")
    assert not was_reloaded(page)


def test_a_poll_brings_nothing_when_nothing_changed(desk: Open):
    quiet("Ada")
    page = desk()
    with page.expect_response(lambda answer: "/live/" in answer.url) as first:
        pass
    assert first.value.status == 204
    factories.set_figures(Customer.objects.get(), channels=1)
    with page.expect_response(lambda answer: "/live/" in answer.url and answer.status == 200) as changed:
        pass
    assert len(changed.value.body()) < 4000


@pytest.mark.accept("G-34")
def test_what_others_do_turns_up_by_itself(desk: Open, client_alice: Client):
    ada, bea = quiet("Ada"), quiet("Bea")
    page = desk()
    expect(names(page)).to_have_text(["Ada", "Bea"])
    mark(page)
    client_alice.post(f"/customers/{ada.pk}/status/", {"status": "inactive"})
    expect(names(page)).to_have_text(["Bea"], timeout=10_000)
    quiet("Abe")
    expect(names(page)).to_have_text(["Abe", "Bea"], timeout=10_000)
    Customer.objects.filter(pk=bea.pk).update(name="Zoe", deleted_at=None)
    expect(names(page)).to_have_text(["Abe", "Zoe"], timeout=10_000)
    Customer.objects.filter(pk=bea.pk).update(deleted_at=timezone.now())
    expect(names(page)).to_have_text(["Abe"], timeout=10_000)
    assert not was_reloaded(page)


def test_rows_stay_where_they_are_until_asked_to_move(desk: Open):
    ada, bea = quiet("Ada"), quiet("Bea")
    factories.set_figures(ada, channels=9)
    page = desk("/customers/?f.status=in:active&s=-channels")
    expect(names(page)).to_have_text(["Ada", "Bea"])
    factories.set_figures(bea, channels=50)
    moved = page.locator("[data-moved]")
    expect(moved).to_have_text("2 rows changed, sort again", timeout=5000)
    expect(cell(page, bea, "channels")).to_have_text("50")
    expect(names(page)).to_have_text(["Ada", "Bea"])
    moved.click()
    expect(names(page)).to_have_text(["Bea", "Ada"])
    expect(moved).to_be_hidden()


@pytest.mark.accept("G-17")
@pytest.mark.accept("G-18")
@pytest.mark.accept("G-19")
def test_warnings_show_on_hover_and_vanish_when_they_are_met(desk: Open):
    bare = factories.make_customer(name="Bare", debit_limit=10)
    page = desk()
    mark(page)
    page.locator(".wn").hover()
    card = page.locator(".card-pop")
    expect(card).to_be_visible()
    expect(card).to_contain_text("No Authentication Set")
    expect(card).to_contain_text("No Routing Set")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    page.mouse.move(5, 5)
    factories.make_ip_auth(bare)
    expect(page.locator(".card-pop b")).to_have_text(["No Routing Set"], timeout=5000)
    factories.make_route(bare)
    expect(page.locator(".wn")).to_have_count(0, timeout=5000)
    assert not was_reloaded(page)


@pytest.mark.accept("G-21")
def test_a_click_on_a_warning_opens_the_tab_where_it_is_settled(desk: Open):
    bare = factories.make_customer(name="Bare", debit_limit=10)
    page = desk()
    page.locator(".wn").click()
    page.wait_for_url(f"**/customers/{bare.pk}/auth/")
    factories.make_ip_auth(bare)
    page.go_back()
    expect(page.locator(".card-pop b")).to_have_text(["No Routing Set"], timeout=5000)
    page.locator(".wn").hover()
    page.locator(".card-pop").get_by_role("link", name="Add a route").click()
    page.wait_for_url(f"**/customers/{bare.pk}/routes/")


def test_old_figures_are_called_old_until_they_are_fresh_again(desk: Open, settings: Any):
    settings.FEED_STALE_SECONDS = 10
    quiet("Ada")
    hear()
    page = desk()
    banner = page.locator("[data-stale]")
    expect(banner).to_be_hidden()
    hear(seconds_ago=60)
    expect(banner).to_be_visible(timeout=5000)
    expect(banner).to_contain_text("Figures are old")
    expect(names(page)).to_have_text(["Ada"])
    hear()
    expect(banner).to_be_hidden(timeout=5000)


def test_a_lost_connection_is_said_and_made_good(desk: Open):
    ada = quiet("Ada")
    page = desk()
    page.route("**/live/**", lambda route: route.abort())
    banner = page.locator("[data-paused]")
    expect(banner).to_be_visible(timeout=5000)
    expect(banner).to_contain_text("Live updates paused")
    factories.set_figures(ada, channels=7)
    page.unroute("**/live/**")
    page.get_by_role("button", name="Try now").click()
    expect(banner).to_be_hidden(timeout=5000)
    expect(cell(page, ada, "channels")).to_have_text("7")


def test_a_page_opened_before_any_figures_says_later_how_old_they_are(desk: Open, settings: Any):
    settings.FEED_STALE_SECONDS = 10
    FeedState.objects.all().delete()
    quiet("Ada")
    page = desk()
    banner = page.locator("[data-stale]")
    expect(banner.get_by_text("No figures have come in yet")).to_be_visible()
    hear(seconds_ago=60)
    expect(banner.get_by_text("Figures are old")).to_be_visible(timeout=5000)
    expect(banner.get_by_text("No figures have come in yet")).to_be_hidden()
    expect(banner.locator("time")).to_have_text("1 min")


def test_who_stops_dialing_under_the_pointer_is_struck_out_and_leaves_after_it(desk: Open):
    ada, bea = quiet("Ada"), quiet("Bea")
    for one in (ada, bea):
        factories.set_figures(one, channels=1)
    page = desk("/customers/?f.status=in:dialing&s=name")
    cell(page, bea, "channels").hover()
    factories.set_figures(ada, channels=0)
    expect(page.locator("tr.gone .nm")).to_have_text("Ada", timeout=5000)
    expect(names(page)).to_have_text(["Ada", "Bea"])
    page.mouse.move(700, 5)
    expect(names(page)).to_have_text(["Bea"], timeout=5000)


def test_escape_clears_the_search_then_leaves_it(desk: Open):
    quiet("Altavox")
    quiet("Baltic")
    page = desk("/customers/?q=alta&s=name")
    search = page.get_by_label("Search customers", exact=True)
    search.focus()
    page.keyboard.press("Escape")
    expect(search).to_have_value("")
    expect(names(page)).to_have_text(["Altavox", "Baltic"])
    expect(search).to_be_focused()
    page.keyboard.press("Escape")
    expect(search).not_to_be_focused()


def test_the_status_menu_of_a_row_closes_when_the_focus_leaves_it(desk: Open):
    ada = quiet("Ada")
    page = desk()
    cell(page, ada, "status").get_by_role("link").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Active", exact=True)).to_be_focused()
    page.get_by_label("Search customers", exact=True).focus()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_hidden_page_does_not_ask(desk: Open):
    quiet("Ada")
    page = desk()
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true, configurable: true})")
    page.wait_for_timeout(1200)  # a poll that was due may still be on its way
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/live/" in request.url else None)
    page.wait_for_timeout(2500)
    assert asked == []


# --- Ticks, refresh


@pytest.mark.accept("G-33")
def test_refresh_shows_what_the_api_changed(desk: Open, client: Client, settings: Any):
    settings.GRID_POLL_SECONDS = 60
    ada = quiet("Ada")
    _, token = factories.make_switch()
    page = desk()
    start = {"event": "start", "customer_id": ada.pk, "callid": "a", "at": timezone.now().isoformat()}
    answer = client.post(
        "/api/switch/dialogs",
        json.dumps([start]),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code in (200, 202), answer.content
    Pulse().tick(timezone.now())
    expect(cell(page, ada, "channels")).to_have_text("0")
    page.get_by_role("link", name="Refresh").click()
    expect(cell(page, ada, "channels")).to_have_text("1")


@pytest.mark.accept("G-35")
def test_refresh_keeps_ticks_filters_scroll_and_focus(desk: Open):
    made = [quiet(f"Nova {number:02}", status="inactive") for number in range(40)]
    page = desk("/customers/?q=nova&f.status=in:inactive&s=-name")
    row(page, made[5]).locator(".ck").check()
    row(page, made[6]).locator(".ck").check()
    page.locator(".gridwrap").evaluate("wrap => wrap.scrollTop = 300")
    before = page.url
    head = page.locator("#customers-grid").element_handle()
    refresh = page.get_by_role("link", name="Refresh")
    refresh.click()
    page.wait_for_function("old => !old.isConnected", arg=head)
    expect(row(page, made[5]).locator(".ck")).to_be_checked()
    expect(page.locator("tbody .ck:checked")).to_have_count(2)
    assert page.locator(".gridwrap").evaluate("wrap => wrap.scrollTop") == 300
    assert page.url == before
    expect(page.get_by_label("Search customers", exact=True)).to_have_value("nova")
    expect(page.get_by_text("Status: Inactive")).to_be_visible()
    expect(page.locator('th[data-c="name"]')).to_have_attribute("aria-sort", "descending")
    expect(refresh).to_be_focused()


@pytest.mark.accept("G-52")
def test_ticks_count_and_sum_per_currency_and_outlive_sorting_and_paging(desk: Open):
    for number, code in enumerate(("EUR", "EUR", "USD")):
        factories.set_figures(quiet(f"C{number}", currency=code), balance=Decimal("100000000.1") + number)
    page = desk("/customers/?s=name&n=2")
    bar, every = page.locator("[data-selbar]"), page.locator("[data-tick-all]")
    expect(bar).to_be_hidden()
    page.locator("tbody .ck").first.check()
    assert every.evaluate("box => box.indeterminate")
    every.click()
    expect(page.locator("tbody .ck:checked")).to_have_count(2)
    expect(every).to_be_checked()
    expect(bar).to_contain_text("2 selected")
    page.get_by_role("link", name="Next page").click()
    expect(names(page)).to_have_text(["C2"])
    expect(every).not_to_be_checked()
    page.locator("tbody .ck").first.check()
    expect(bar).to_contain_text("3 selected")
    expect(bar.locator("[data-sums]")).to_have_text("200,000,001.20 EUR\u2002100,000,002.10 USD")
    page.locator('th[data-c="name"] > a').click()
    expect(page.locator("tbody .ck:checked")).to_have_count(2)
    page.get_by_role("button", name="Clear selection").click()
    expect(bar).to_be_hidden()
    expect(page.locator("tbody .ck:checked")).to_have_count(0)


def test_shift_ticks_a_range(desk: Open):
    for number in range(5):
        quiet(f"C{number}")
    page = desk()
    boxes = page.locator("tbody .ck")
    boxes.nth(0).click()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(page.locator("tbody .ck:checked")).to_have_count(4)


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
