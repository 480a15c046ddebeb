"""Contacts in a real browser: the form, and the link from a mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from contacts import links
from contacts.models import Contact
from customers.services import change_customer
from tests import factories
from tests.factories import PORTAL_HOST

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Page]
NEW = "seven green bottles hanging"


def test_a_contact_is_added_by_keyboard_alone_and_an_unsaved_one_is_not_lost(visit: Visit):
    customer = factories.make_customer(name="Rheinfon")
    page = visit(f"/customers/{customer.pk}/")
    page.get_by_role("link", name="Contact", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name").focus()
    page.keyboard.type("Katrin Vogel")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.keyboard.press("Tab")
    page.keyboard.type("katrin@example.com")
    page.evaluate("location.reload()")
    expect(page.get_by_label("Name")).to_have_value("Katrin Vogel")
    assert asked == ["beforeunload"]

    page.keyboard.press("Control+Enter")

    expect(page.locator("#contacts")).to_contain_text("Katrin Vogel")
    assert Contact.objects.get().email == "katrin@example.com"


@pytest.mark.parametrize("scripts", [True, False])
def test_the_link_from_a_mail_leads_to_a_new_password(visit: Visit, scripts: bool):
    domain = factories.make_portal_domain(host=PORTAL_HOST)
    contact = factories.make_contact(customer=factories.make_customer(domain=domain), email="kai@example.com")
    token = links.make(contact.pk)

    page = visit(f"{links.PATH}#{token}", stranger=True, host=PORTAL_HOST, java_script_enabled=scripts)
    code = page.get_by_label("Code from the mail")
    if scripts:
        expect(code).to_be_hidden()
        assert token not in page.url
    else:
        code.fill(token)
    page.locator("[name=password1]").fill(NEW)
    page.locator("[name=password2]").fill(NEW)
    page.get_by_role("button", name="Save").click()

    expect(page.locator("body")).to_contain_text("Your password is set")
    contact.refresh_from_db()
    assert contact.user is not None
    assert contact.user.check_password(NEW)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_contacts_and_changes_are_read_by_everybody(
    visit: Visit, live_server: Any, alice: Any, width: int, scheme: str
):
    customer = factories.make_customer(name="Rheinfon", channels_limit=150)
    contact = factories.make_contact(customer=customer, mobile="+4930123456", sign_in=True)
    change_customer(
        customer.pk, {"channels_limit": 200, "notes": "word " * 90}, by=alice, reason="ticket 4711"
    )
    page = visit(
        f"/customers/{customer.pk}/audit/",
        viewport={"width": width, "height": 844},
        color_scheme=scheme,
    )
    change = page.get_by_role("link", name="View difference").first.get_attribute("href")
    for path in (
        f"/customers/{customer.pk}/audit/",
        change,
        f"/customers/{customer.pk}/contacts/{contact.pk}/",
        f"/customers/{customer.pk}/contacts/{contact.pk}/password/",
        f"/customers/{customer.pk}/contacts/{contact.pk}/delete/",
    ):
        page.goto(live_server.url + str(path))
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
