"""Passkeys with a real browser and an authenticator that it plays; second factors as a person meets them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Page, expect

from setup.models import PortalDomain
from tests.factories import PASSWORD
from tests.users.security import code_of
from users import factors
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

Visit = Callable[..., Page]
ADDED = "Your passkey is set up"


def give_authenticator(page: Page) -> tuple[CDPSession, str]:
    """A device with a fingerprint reader that always says yes, as Chromium plays it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def sign_in(page: Page, user: User) -> None:
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def make_passkey(page: Page, name: str) -> list[str]:
    """From Security, by hand. Returns the recovery codes that were shown."""
    page.goto(page.url.split("/accounts/")[0] + "/accounts/security/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", name="Keep these recovery codes")).to_be_visible()
    codes = page.locator(".codes code").all_text_contents()
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_role("heading", name="Security")).to_be_visible()
    return codes


def sign_out(page: Page) -> None:
    page.get_by_label(re.compile("Your account")).click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/accounts/login/**")


@pytest.mark.accept("T-16")
def test_staff_sign_in_by_passkey_and_recover_when_the_device_is_lost(visit: Visit, alice: User) -> None:
    page = visit("/accounts/security/", stranger=True)
    device, authenticator = give_authenticator(page)
    sign_in(page, alice)
    codes = make_passkey(page, "Work laptop")
    assert len(codes) == 10
    expect(page.get_by_text("Work laptop")).to_be_visible()
    sign_out(page)

    page.goto(page.url.split("/accounts/")[0] + "/customers/?status=active")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/customers/**")
    sign_out(page)

    # A password alone is no longer enough, the passkey is the second step.
    sign_in(page, alice)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    sign_out(page)

    # The device is gone.
    device.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator})
    sign_in(page, alice)
    page.get_by_label("Recovery code").fill(codes[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    page.goto(page.url.split("/accounts/")[0].rstrip("/") + "/accounts/security/")
    expect(page.get_by_text("9 codes left")).to_be_visible()
    page.get_by_label("Rename or remove Work laptop").click()
    page.get_by_role("button", name="Remove this passkey").click()
    expect(page.get_by_text("None yet.")).to_be_visible()
    assert not factors.has_any(alice)


@pytest.mark.accept("P-28")
def test_a_contact_sign_in_by_passkey_on_the_portal_alone(
    visit: Visit, alice: User, carol: User, portal_domain: PortalDomain
) -> None:
    PortalDomain.objects.filter(pk=portal_domain.pk).update(host="portal.localhost")
    page = visit("/accounts/security/", stranger=True, host="portal.localhost")
    give_authenticator(page)
    sign_in(page, carol)
    make_passkey(page, "Phone")
    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Carol Telecom")).to_be_visible()
    sign_out(page)
    # The same device at the staff site has nothing to offer, and nobody gets in.
    page.goto(page.url.replace("portal.localhost", "localhost"))
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert").filter(has_text="passkey")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_passkey_of_somebody_who_left_opens_nothing(visit: Visit, alice: User) -> None:
    page = visit("/accounts/security/", stranger=True)
    give_authenticator(page)
    sign_in(page, alice)
    make_passkey(page, "Work laptop")
    sign_out(page)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="This account is closed")).to_be_visible()


def test_without_a_passkey_the_browser_says_so_and_the_password_still_works(
    visit: Visit, alice: User
) -> None:
    page = visit("/accounts/login/", stranger=True)
    give_authenticator(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_have_text("No passkey was used. Try again, or go on without it.")
    sign_in(page, alice)
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_a_browser_without_passkeys_is_not_offered_any(visit: Visit, alice: User) -> None:
    page = visit("/accounts/login/", stranger=True)
    page.add_init_script("delete window.PublicKeyCredential")
    page.reload()
    expect(page.get_by_label("Email")).to_be_visible()
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    sign_in(page, alice)
    page.goto(page.url.rstrip("/") + "/accounts/security/passkeys/")
    expect(page.get_by_text("This browser has no passkeys here.")).to_be_visible()
    expect(page.get_by_role("button", name="Make a passkey")).to_be_disabled()


@pytest.mark.accept("T-16")
def test_an_app_is_set_up_and_asked_for_with_the_keyboard_alone(visit: Visit, alice: User) -> None:
    page = visit("/accounts/security/app/", stranger=True)
    sign_in(page, alice)
    seed = page.locator("code.seed").inner_text().replace(" ", "")
    box = page.get_by_alt_text("QR code with the key below").bounding_box()
    assert box is not None
    assert box["width"] >= 150
    page.get_by_label("Six-digit code").focus()
    page.keyboard.type(code_of(seed))
    page.keyboard.press("Enter")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as text").click()
    assert len(re.findall(r"\d{4} \d{4}", download.value.path().read_text())) == 10
    page.get_by_role("button", name="I have kept them").click()
    sign_out(page)

    sign_in(page, alice)
    expect(page.get_by_label("Six-digit code")).to_be_focused()
    page.keyboard.type(code_of(seed, 1))
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def test_how_long_to_wait_is_counted_down(visit: Visit, alice: User) -> None:
    page = visit("/accounts/login/", stranger=True)
    note = page.get_by_text(re.compile(r"Wait \d+ seconds?, then try again"))
    for _ in range(7):  # the fourth failure and those after make waits of some seconds
        page.get_by_label("Email").fill(alice.email)
        page.get_by_label("Password", exact=True).fill("a wrong password")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
        if note.is_visible():
            break
    expect(page.get_by_text("You can try again now.")).to_be_visible(timeout=20_000)


def test_sessions_are_listed_and_ended_from_another_browser(visit: Visit, alice: User) -> None:
    here, there = visit("/accounts/security/", stranger=True), visit("/", stranger=True)
    sign_in(here, alice)
    sign_in(there, alice)
    expect(there.get_by_role("navigation", name="Main")).to_be_visible()
    here.reload()
    rows = here.locator("#sessions > li")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("this one")
    expect(rows.first).to_contain_text("Chrome on Linux")
    rows.nth(1).get_by_role("button", name=re.compile("Sign out Chrome on Linux at")).click()
    expect(rows).to_have_count(1)
    there.reload()
    there.wait_for_url("**/accounts/login/**")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_of_sign_in_and_security_is_for_everybody(
    visit: Visit, alice: User, scheme: str, width: int
) -> None:
    """axe finds nothing, and nothing is wider than the window."""
    from axe_playwright_python.sync_playwright import Axe

    page = visit(
        "/accounts/security/", stranger=True, color_scheme=scheme, viewport={"width": width, "height": 844}
    )
    base = page.url.split("/accounts/")[0]
    give_authenticator(page)

    def look(where: str) -> None:
        # Half faded in, any text is too pale.
        page.evaluate("Promise.all(document.getAnimations().map(one => one.finished))")
        results = Axe().run(page)
        assert results.violations_count == 0, f"{where}: {results.generate_report()}"
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{where} is {wide} px too wide"

    look("sign-in")
    sign_in(page, alice)
    expect(page.get_by_role("heading", name="Security", exact=True).first).to_be_visible()
    look("security, empty")
    page.goto(base + "/accounts/security/passkeys/")
    look("new passkey")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", name="Keep these recovery codes")).to_be_visible()
    look("recovery codes")
    page.get_by_role("button", name="I have kept them").click()
    page.goto(base + "/accounts/security/app/")
    look("new app")
    seed = page.locator("code.seed").inner_text().replace(" ", "")
    page.get_by_label("Six-digit code").fill(code_of(seed))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Six-digit codes are on")).to_be_visible()
    page.get_by_text("Turn off…").click()
    look("security, full, question open")
    page.locator(".rows summary[aria-label]").click()
    look("security, full, menu open")
    page.goto(base + "/accounts/confirm/?next=/accounts/security/")
    look("confirm")
    page.context.clear_cookies()
    page.goto(base + "/accounts/login/")
    sign_in(page, alice)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    look("second step")


def test_the_back_door_works_under_our_content_policy(visit: Visit) -> None:
    """Lists, a form, an import and an export: no script or style of theirs meets the policy."""
    from tests import factories

    root = factories.make_user(kind="staff", is_superuser=True, email="root@example.com")
    factories.make_carrier(name="Northern Carrier")
    page = visit("/admin/", stranger=True)
    sign_in(page, root)
    expect(page.get_by_role("heading", name="Tables")).to_be_visible()
    base = page.url.split("/admin/")[0]
    for path in (
        "/admin/users/user/",
        "/admin/users/user/add/",
        f"/admin/users/user/{root.pk}/change/",
        f"/admin/users/user/{root.pk}/password/",
        "/admin/auth/group/add/",
        "/admin/carriers/carrier/",
        "/admin/carriers/carrier/import/",
        "/admin/carriers/carrier/export/",
        "/admin/audit/act/",
    ):
        answer = page.goto(base + path)
        assert answer is not None
        assert answer.status == 200, path
    page.goto(base + "/admin/carriers/carrier/")
    page.get_by_role("link", name="Northern Carrier").click()
    page.get_by_label("Name").fill("Southern Carrier")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/accounts/login/**")
