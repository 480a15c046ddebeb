"""The customers grid as figures move: cells, warnings, old figures, a lost connection."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers.models import Customer, FeedState
from tests import factories
from tests.browser.lists import cell, hear, mark, names, quiet, was_reloaded

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick")]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
Open = Callable[..., Page]


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
