"""Delay and save under a person's hands, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers import scheduling
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.accept("F-64")
def test_a_limit_is_given_for_a_while_and_taken_back(visit: Callable[..., Page]):
    nova = factories.make_customer(name="Nova", debit_limit=0)
    page = visit(f"/customers/{nova.pk}/edit/")
    page.get_by_label("Debit limit").fill("25")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Nova was saved.")).to_be_visible()
    page.get_by_label("Debit limit").fill("0")
    page.locator("[data-menu=delay] summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("After", exact=True).fill("1 min")
    page.get_by_role("button", name="Delay and save", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing is changed yet.")).to_be_visible()
    expect(page.get_by_label("Debit limit")).to_have_value("25")
    expect(page.locator("#waiting")).to_contain_text("debit limit: 25 → 0")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("link", name="Run now or cancel").click()
    expect(page.locator("#waiting")).to_contain_text("Nova")
    scheduling.run_due(timezone.now() + timedelta(minutes=1))
    page.reload()
    expect(page.locator("#ended")).to_contain_text("Done")
    page.get_by_role("link", name="Nova").click()
    nova.refresh_from_db()
    assert nova.debit_limit == 0
