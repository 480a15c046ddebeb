"""What tests of the customers list in a browser look at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import Locator, Page

from customers.models import Customer, FeedState
from tests import factories

Open = Callable[..., Page]


def hear(seconds_ago: int = 0) -> None:
    at = timezone.now() - timedelta(seconds=seconds_ago)
    FeedState.objects.update_or_create(pk=1, defaults={"ticked_at": at, "heard_at": at})


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
