"""What a poll draws is what the server would have drawn: every live cell, compared to the letter."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers.models import Customer, FeedState, Listing, Sparkline
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

ROWS: list[dict[str, Any]] = [
    {},
    {"channels": 3, "cps": Decimal("0.1"), "attempts_24h": 3, "connected_24h": 1, "duration_ms_24h": 59_500},
    {"balance": Decimal("-0.004"), "debit_limit": Decimal("5"), "channels": 1_284, "cps": Decimal("1234.5")},
    {"balance": Decimal("-1480.125"), "pdd_sum_ms_24h": 10_000, "pdd_count_24h": 1, "attempts_24h": 1},
    {"balance": Decimal("98765432.10000001"), "pdd_sum_ms_24h": 4_000, "pdd_count_24h": 1, "channels": 19},
    {"attempts_24h": 8, "connected_24h": 5, "duration_ms_24h": 5_000_499, "pdd_sum_ms_24h": 1_849_999,
     "pdd_count_24h": 1_000, "channels": 8},
    {"attempts_24h": 2_000, "connected_24h": 1, "duration_ms_24h": 1, "channels": 9},
    {"attempts_24h": 48_000, "connected_24h": 23_399, "duration_ms_24h": 9_000_000_500, "channels": 10},
]  # fmt: skip
CELLS = """root => Object.fromEntries([...document.querySelectorAll("tbody td[data-live]")].map((cell) => {
  const copy = cell.cloneNode(true);
  copy.querySelectorAll("time").forEach((time) => (time.textContent = ""));
  copy.classList.remove("flash");
  if (!copy.className) copy.removeAttribute("class");
  return [`${cell.closest("tr").dataset.id} ${cell.dataset.c}`, copy.outerHTML];
}))"""


def fill(customers: list[Customer]) -> None:
    at = timezone.now() - timedelta(minutes=7)
    for customer, figures in zip(customers, ROWS, strict=True):
        factories.set_figures(customer, **({"last_call_at": at} if figures else {}), **figures)
        if figures:
            points = [number * 3 % 11 for number in range(24)]
            Sparkline.objects.create(customer=customer, hour=at, points=points)


def open_list(visit: Any, settings: Any) -> Page:
    settings.GRID_POLL_SECONDS = 1
    FeedState.objects.update_or_create(
        pk=1, defaults={"ticked_at": timezone.now(), "heard_at": timezone.now()}
    )
    settings.FEED_STALE_SECONDS = 3600
    return visit("/customers/?s=name")


def test_cells_drawn_from_lines_are_those_of_the_server(visit, settings):
    made = [
        factories.make_customer(
            name=f"C{number}", currency="JPY" if number == 5 else "EUR", channels_limit=limit
        )
        for number, limit in enumerate((None, 20, 1_300, 0, 20, 20, 20, 20))
    ]
    page = open_list(visit, settings)
    fill(made)
    # All has changed; the page learns it from lines.
    for row, figures in zip(made, ROWS, strict=True):
        if figures.get("channels"):
            cell = page.locator(f'tr[data-id="{row.pk}"] td[data-c=channels]')
            expect(cell).to_contain_text(f"{figures['channels']:,}", timeout=8000)
    page.wait_for_timeout(1500)  # flashes are over
    polled = page.evaluate(CELLS)
    page.reload()
    drawn = page.evaluate(CELLS)
    assert polled.keys() == drawn.keys()
    assert polled == drawn


def test_a_poll_that_brings_everything_again_changes_and_flashes_nothing(visit, settings):
    made = [factories.make_customer(name=f"C{number}", channels_limit=20) for number in range(len(ROWS))]
    fill(made)
    page = open_list(visit, settings)
    before = page.evaluate(CELLS)
    page.evaluate("window.flashed = 0; new MutationObserver((all) => (window.flashed += all.length))"
                  ".observe(document.querySelector('tbody'), {subtree: true, childList: true})")  # fmt: skip
    with page.expect_response(lambda answer: "/live/" in answer.url and answer.status == 200) as answered:
        page.evaluate("document.querySelector('[data-grid]').dataset.revision = ''")
    assert len(json.loads(answered.value.body())["rows"]) == len(ROWS)
    page.wait_for_timeout(500)
    assert page.evaluate(CELLS) == before
    assert page.locator("td.flash").count() == 0
    with page.expect_response(lambda answer: "/live/" in answer.url) as quiet:
        pass
    assert quiet.value.status == 204
    Listing.objects.filter(pk=made[0].pk).update(channels=7)
    expect(page.locator(f'tr[data-id="{made[0].pk}"] td[data-c=channels]')).to_contain_text("7", timeout=5000)
