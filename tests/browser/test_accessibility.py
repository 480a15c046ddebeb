"""Every page of both sites, found in the URLconfs, for people who see, hear or reach it in their own way.

Each page is opened once and looked at in all settings: light, dark and forced colours, at 320 px, and at the
width that 200 % zoom leaves of a window of 1280 px. axe finds what a program can find; the rest of this
module is about what it cannot: that nothing scrolls sideways, that what colour says is said twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.template.loader import render_to_string
from playwright.sync_api import Page, expect

from tests import factories
from tests.doors import Door, World, portal_doors, staff_doors
from tests.test_doors import FOR_STRANGERS, FOR_SWITCHES, make_world
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DESK, NARROW, ZOOMED = (
    {"width": 1280, "height": 800},
    {"width": 320, "height": 640},
    {"width": 640, "height": 400},
)
# What differs in colours alone is looked at on a desk; what differs in layout, in one set of colours.
SETTINGS: list[tuple[str, dict[str, int], dict[str, Any]]] = [
    ("light", DESK, {"color_scheme": "light", "forced_colors": "none"}),
    ("dark", DESK, {"color_scheme": "dark", "forced_colors": "none"}),
    ("forced colours", DESK, {"color_scheme": "dark", "forced_colors": "active"}),
    ("320 px", NARROW, {"color_scheme": "light", "forced_colors": "none"}),
    ("200 % zoom", ZOOMED, {"color_scheme": "light", "forced_colors": "none"}),
]


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is now: rule, element, reason."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)  # by the debugger's door, which the page's own policy does not rule
    found = page.evaluate(
        "tags => axe.run({runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", TAGS
    )
    return [
        f"{rule['id']} at {node['target']}: {node.get('failureSummary', '')}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def faults_of(page: Page, what: str) -> list[str]:
    """Everything wrong with a page in any setting, each with the setting it is wrong in."""
    faults = []
    for name, viewport, media in SETTINGS:
        page.set_viewport_size(viewport)
        page.emulate_media(reduced_motion="reduce", **media)
        faults += [f"{what}, {name}: {fault}" for fault in violations(page)]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > viewport["width"]:
            faults.append(f"{what}, {name}: {width} px wide, so that the whole page scrolls sideways")
    return faults


def show(page: Page, url: str) -> bool:
    """Opens a door; False if what is behind it is no page of its own: a fragment, JSON, nothing."""
    answer = page.context.request.get(url, headers={"Accept": "text/html"})
    is_page = "text/html" in answer.headers.get("content-type", "") and "<html" in answer.text()[:2000]
    if is_page:
        page.goto(url)
        page.wait_for_load_state("networkidle")
    return is_page


def walk(page: Page, doors: list[Door], world: World) -> tuple[set[str], list[str]]:
    """All pages among `doors`, one after the other in one tab. Returns their names and all faults."""
    site = page.url.split("/", 3)
    seen, faults = set(), []
    noise: list[str] = []
    page.on("console", lambda line: noise.append(line.text) if line.type == "error" else None)
    for door in doors:
        noise.clear()
        url = door.url(world.values(door))
        if show(page, f"{site[0]}//{site[2]}{url}"):
            seen.add(door.name)
            faults += faults_of(page, url)
            faults += [f"{url}: console: {text}" for text in noise]
    return seen, faults


@pytest.fixture
def world(db: None, portal_domain: Any) -> World:
    """One customer of every status, and one with everything that a customer's page can show."""
    for status in ("inactive", "pending", "pending_approval", "penalty"):
        factories.make_customer(name=f"In {status}", status=status)
    return make_world(None, "Quokka", 300_000_017)


@pytest.fixture
def calm(visit: Callable[..., Page]) -> Callable[..., Page]:
    """Opens a page on a desk, without motion: no colour is caught half-way."""
    return lambda path, **options: visit(path, reduced_motion="reduce", viewport=DESK, **options)


def test_every_page_of_the_staff_site(calm, world):
    page = calm("/")
    doors = [door for door in staff_doors() if door.name not in FOR_STRANGERS | FOR_SWITCHES]
    seen, faults = walk(page, doors, world)
    assert faults == []
    assert seen >= {"home", "find", "customers:list", "customers:detail", "customers:status", "routing:auth"}


def test_every_page_of_the_customers_own_site(calm, world, carol):
    page = calm("/", by=carol, host=factories.PORTAL_HOST)
    doors = [door for door in portal_doors() if door.name not in FOR_STRANGERS]
    seen, faults = walk(page, doors, world)
    assert faults == []
    assert "portal_home" in seen


@pytest.mark.parametrize("host", ["", factories.PORTAL_HOST], ids=["staff", "portal"])
def test_pages_for_strangers_and_pages_that_say_no(calm, world, host):
    page = calm("/accounts/login/", stranger=True, host=host)
    faults = faults_of(page, "sign-in")
    page.get_by_label("Email").fill("nobody@example.com")
    page.get_by_label("Password", exact=True).fill("wrong guess")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    faults += faults_of(page, "sign-in refused")
    site = page.url.split("/accounts")[0]
    for door in sorted(FOR_STRANGERS - {"account_login"}):
        path = next(d.path for d in (staff_doors() if not host else portal_doors()) if d.name == door)
        page.goto(site + path)
        faults += faults_of(page, path)
    assert faults == []


def test_pages_that_say_no(calm, world, bob, client_alice):
    page = calm("/no/such/page/", by=bob)
    faults = faults_of(page, "404")
    site = page.url.split("/no/")[0]
    page.goto(f"{site}/customers/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    faults += faults_of(page, "403")
    assert faults == []


@pytest.mark.parametrize("code", ["400", "403_csrf", "429", "500"])
def test_error_pages_that_nobody_reaches_on_purpose(calm, world, code):
    page = calm("/accounts/login/", stranger=True)
    html = render_to_string(f"{code}.html")
    page.route("**/fault/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(page.url.split("/accounts")[0] + "/fault/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert faults_of(page, code) == []


# --- What opens over a page


def opened(page: Page) -> list[tuple[str, Callable[[], None]]]:
    """Everything that can be opened over the list of customers, and how."""

    def palette() -> None:
        page.keyboard.press("Control+k")
        page.keyboard.type("quokka")
        page.wait_for_selector('#palette-found[data-for="quokka"]')

    def palette_empty() -> None:
        page.keyboard.press("Control+k")
        page.keyboard.type("@zzz")
        page.wait_for_selector('#palette-found[data-for="@zzz"]')

    def shortcuts() -> None:
        page.locator("h1").click()
        page.keyboard.press("?")
        expect(page.locator("#shortcuts")).to_be_visible()

    def status() -> None:
        page.locator("tbody a[data-pop]").first.click()
        expect(page.locator("[data-popover] form")).to_be_visible()

    def account() -> None:
        page.locator("details.account summary").click()

    def filters() -> None:
        page.locator("details[data-menu] summary").first.click()

    def card() -> None:
        page.locator(".wnw .wn").first.focus()
        expect(page.locator(".card-pop:visible")).to_have_count(1)

    def ticked() -> None:
        page.locator("tbody .ck").first.check()
        expect(page.locator(".selbar")).to_be_visible()

    parts = (palette, palette_empty, shortcuts, status, account, filters, card, ticked)
    return [(part.__name__, part) for part in parts]


def test_what_opens_over_a_page(calm, world):
    factories.make_customer(name="No Way In Ltd")
    page = calm("/customers/?f.status=all")
    faults = []
    for name, act in opened(page):
        page.set_viewport_size(DESK)
        page.goto(page.url)
        act()
        for setting, _viewport, media in SETTINGS[:3]:
            page.emulate_media(reduced_motion="reduce", **media)
            faults += [f"{name}, {setting}: {fault}" for fault in violations(page)]
    assert faults == []
