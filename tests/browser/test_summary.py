"""The summary of a customer in a real browser: tabs, ranges of cells, copying."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from calls.models import CustomerDay
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Page]


@pytest.fixture
def customer(db: None) -> Any:
    customer = factories.make_customer(name="Rheinfon", currency="EUR")
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for back, (calls, connected) in {1: (10, 9), 2: (90, 1)}.items():
        CustomerDay.objects.create(
            customer_id=customer.pk, day=midnight - timedelta(days=back), carrier_id=0, country="DE",
            sip_code=200, cost_currency="EUR", calls=calls, connected=connected,
            duration_ms=connected * 180_000, charge=calls,
        )  # fmt: skip
    return customer


def open_days(visit: Visit, customer: Any) -> Page:
    page = visit(f"/customers/{customer.pk}/")
    page.get_by_role("link", name="Daily").click()
    expect(page.locator("#summary tbody tr")).to_have_count(31)
    return page


@pytest.mark.accept("C-22")
def test_selected_cells_show_sum_and_average_and_true_ratios_beside(visit: Visit, customer: Any):
    page = open_days(visit, customer)
    cells = page.locator('#summary [data-c="asr"]')  # the first is the head, then today

    cells.nth(2).click()
    cells.nth(3).click(modifiers=["Shift"])

    foot = page.locator("#summary [data-range-foot]")
    expect(foot).to_contain_text("2 cells")
    expect(foot).to_contain_text("%: Sum 91.1 · Average (% and s: an average of averages) 45.556")
    expect(foot).to_contain_text("2 rows: ASR 10.0 %, ACD 3:00")


def test_the_keyboard_alone_selects_cells(visit: Visit, customer: Any):
    page = open_days(visit, customer)
    page.locator("#summary .gridwrap").focus()

    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Shift+ArrowDown", "Shift+ArrowRight"):
        page.keyboard.press(key)

    expect(page.locator("#summary .rng")).to_have_count(4)
    expect(page.locator("#summary [data-range-foot]")).to_contain_text("2 rows: ASR 10.0 %")


@pytest.mark.accept("C-23")
def test_right_click_copies_with_headers_or_without_and_exports(visit: Visit, customer: Any):
    page = open_days(visit, customer)
    page.evaluate(
        "document.addEventListener('copy', (e) => { window.copied = e.clipboardData.getData('text/plain') })"
    )
    cells = page.locator('#summary [data-c="attempts"]')
    cells.nth(2).click()
    cells.nth(3).click(modifiers=["Shift"])

    def choose(name: str) -> None:
        cells.nth(3).click(button="right")
        page.get_by_role("menuitem", name=name, exact=True).click()

    choose("Copy")
    assert page.evaluate("window.copied") == "10\n90"
    choose("Copy with headers")
    assert page.evaluate("window.copied") == "Attempts\n10\n90"
    with page.expect_download() as download:
        choose("Export as CSV")
    assert download.value.suggested_filename == f"summary-{customer.pk}-day.csv"
