"""Signing in as a person does it: with a real form, cookies and no help of the test client."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.factories import PASSWORD
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

Visit = Callable[..., Page]


def fill_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_somebody_signs_in_and_out_again(visit: Visit, alice: User) -> None:
    page = visit("/customers/", stranger=True)
    fill_in(page, alice.email, "not my password")
    expect(page.get_by_role("alert")).to_have_text("The email or the password is not right.")
    expect(page.get_by_label("Email")).to_have_value(alice.email)

    fill_in(page, alice.email, PASSWORD)
    page.wait_for_url("**/customers/**")
    (session,) = [cookie for cookie in page.context.cookies() if cookie["name"] == "connex_session"]
    assert session["expires"] > 0, "kept for twelve hours, as the ticked box says"
    assert session["httpOnly"]

    page.get_by_label("Your account, Alice Archer").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/")
    page.go_back()
    page.reload()
    page.wait_for_url("**/accounts/login/**")


def test_without_the_tick_the_session_ends_with_the_browser(visit: Visit, alice: User) -> None:
    page = visit("/", stranger=True)
    page.get_by_label("Keep me signed in for 12 hours").uncheck()
    fill_in(page, alice.email, PASSWORD)
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    (session,) = [cookie for cookie in page.context.cookies() if cookie["name"] == "connex_session"]
    assert session["expires"] == -1
