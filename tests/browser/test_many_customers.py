"""Ten thousand customers in a real browser: the list is up at once and has no blank stretch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from customers.models import Customer
from tests import factories

Visit = Callable[..., Page]
SOON_MS = 3_000  # the sentence of G-63; a page takes some 200 ms


@pytest.mark.accept("G-63")
def test_ten_thousand_customers_are_up_within_three_seconds_without_blank_stretches(
    visit: Visit, live_server: Any
):
    factories.make_currency("EUR")
    Customer.objects.bulk_create(
        (Customer(name=f"Carrier {number:05}", currency_id="EUR") for number in range(10_000)),
        batch_size=2_000,
    )
    page = visit("/customers/")
    page.goto(page.url + "&n=200")
    took_ms = page.evaluate("() => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    assert took_ms < SOON_MS
    expect(page.get_by_text("10,000 customers").first).to_be_visible()
    rows = page.locator("tbody tr[data-id]")
    expect(rows).to_have_count(200)
    wrap = page.locator(".gridwrap")
    for share in (0.25, 0.5, 1):
        wrap.evaluate("(box, share) => box.scrollTo(0, box.scrollHeight * share)", share)
        blank = page.evaluate(
            """() => {
              const box = document.querySelector(".gridwrap").getBoundingClientRect();
              const lines = [0.3, 0.5, 0.7].map((share) => box.top + box.height * share);
              const row = (y) => document.elementFromPoint(box.left + 200, y)?.closest("tr[data-id]");
              return lines.filter((y) => !row(y)?.innerText.trim());
            }"""
        )
        assert blank == []
    expect(rows.last).to_be_visible()
