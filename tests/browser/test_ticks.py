"""What stays as the list is drawn anew: ticks, filters, scroll, focus."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from calls.pulse import Pulse
from tests import factories
from tests.browser.lists import cell, names, quiet, row

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick")]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
Open = Callable[..., Page]


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
