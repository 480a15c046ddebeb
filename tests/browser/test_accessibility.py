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
from playwright.sync_api import ConsoleMessage, Page, expect

from tests import factories
from tests.doors import Door, World, portal_doors, staff_doors
from tests.test_doors import FOR_STRANGERS, FOR_SWITCHES, make_world

pytestmark = pytest.mark.django_db(transaction=True)

EVERYTHING = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
DESK, NARROW, ZOOMED = (
    {"width": 1280, "height": 800},
    {"width": 320, "height": 640},
    {"width": 640, "height": 400},
)
LAYOUT = {"type": "rule", "values": ["target-size", "scrollable-region-focusable", "aria-hidden-focus"]}
LIGHT = {"color_scheme": "light", "forced_colors": "none"}
DARK = {"color_scheme": "dark", "forced_colors": "none"}
FORCED = {"color_scheme": "dark", "forced_colors": "active"}
# Where only the colours differ, or only the room, only the rules about these can find anything new.
SETTINGS: list[tuple[str, dict[str, int], dict[str, Any], dict[str, Any]]] = [
    ("light", DESK, LIGHT, EVERYTHING),
    ("dark", DESK, DARK, COLOURS),
    ("forced colours", DESK, FORCED, COLOURS),
    ("320 px", NARROW, LIGHT, EVERYTHING),
    ("200 % zoom", ZOOMED, LIGHT, LAYOUT),
]


def violations(page: Page, rules: dict[str, Any], part: str = "body") -> list[str]:
    """What axe finds in one part of the page as it is now: rule, element, reason."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)  # by the debugger's door, which the page's own policy does not rule
    found = page.evaluate(
        "([part, runOnly]) => axe.run(part, {runOnly, preload: false, resultTypes: ['violations']})",
        [part, rules],
    )
    return [
        f"{rule['id']} at {node['target']}: {node.get('failureSummary', '')}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def faults_of(page: Page, what: str) -> list[str]:
    """Everything wrong with a page in any setting, each with the setting it is wrong in."""
    faults = []
    for name, viewport, media, rules in SETTINGS:
        page.set_viewport_size(viewport)
        page.emulate_media(reduced_motion="reduce", **media)
        part = "html" if name == "light" else "body"
        faults += [f"{what}, {name}: {fault}" for fault in violations(page, rules, part)]
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > viewport["width"]:
            faults.append(f"{what}, {name}: {width} px wide, so that the whole page scrolls sideways")
    return faults


def show(page: Page, url: str, seen: set[str]) -> str:
    """Opens a door and gives the address of the page it leads to.

    Empty where that is no page of its own (a fragment, JSON, a refusal) or one of those `seen`, to which it
    is added: many doors only lead to the page they belong to.
    """
    status, address, is_page = page.evaluate(
        """async url => {
            const answer = await fetch(url);
            const kind = answer.headers.get("content-type") || "";
            const whole = (await answer.text()).slice(0, 2000).includes("<html");
            return [answer.status, answer.url, kind.startsWith("text/html") && whole];
        }""",
        url,
    )
    assert status < 500, f"{url} answers {status}"
    address = address.partition("?")[0]
    if status >= 400 or not is_page or address in seen:
        return ""
    seen.add(address)
    page.goto(url)
    page.wait_for_load_state("networkidle")
    return address


def is_noise(line: ConsoleMessage) -> bool:
    """An error in the console; but that a header wants HTTPS is no fault of a page served without."""
    return line.type == "error" and "Cross-Origin-Opener-Policy" not in line.text


def walk(page: Page, doors: list[Door], world: World) -> tuple[set[str], list[str]]:
    """All pages among `doors`, one after the other in one tab. Returns their paths and all faults."""
    site = page.url.rstrip("/")
    seen: set[str] = set()
    faults: list[str] = []
    noise: list[str] = []
    page.on("console", lambda line: noise.append(line.text) if is_noise(line) else None)
    for door in doors:
        noise.clear()
        url = door.url(world.values(door))
        if show(page, site + url, seen):
            faults += faults_of(page, url)
            faults += [f"{url}: console: {text}" for text in noise]
    return {address.removeprefix(site) for address in seen}, faults


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
    own = f"/customers/{world.customer.pk}"
    assert seen >= {
        "/",
        "/find/",
        "/customers/",
        "/customers/new/",
        f"{own}/",
        f"{own}/auth/",
        f"{own}/status/",
    }


def test_every_page_of_the_customers_own_site(calm, world, carol):
    page = calm("/", by=carol, host=factories.PORTAL_HOST)
    doors = [door for door in portal_doors() if door.name not in FOR_STRANGERS]
    seen, faults = walk(page, doors, world)
    assert faults == []
    assert "/" in seen


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
    seen = {page.url}
    for door in portal_doors() if host else staff_doors():
        if door.name in FOR_STRANGERS and show(page, site + door.path, seen):
            faults += faults_of(page, door.path)
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


def type_into_palette(page: Page, text: str) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type(text)
    page.wait_for_selector(f'#palette-found[data-for="{text}"]')


def ask_for_shortcuts(page: Page) -> None:
    page.locator("h1").click()
    page.keyboard.press("?")


# What can be opened over the list of customers: where it is, and how it is opened.
OVER_THE_PAGE: list[tuple[str, Callable[[Page], None]]] = [
    ("#palette", lambda page: type_into_palette(page, "quokka")),
    ("#palette", lambda page: type_into_palette(page, "@zzz")),
    ("#shortcuts", ask_for_shortcuts),
    ("[data-popover]", lambda page: page.locator("tbody a[data-pop]").first.click()),
    ("details.account .pop", lambda page: page.locator("details.account summary").click()),
    ("details[data-menu] .pop", lambda page: page.locator("details[data-menu] summary").first.click()),
    (".wnw.open .card-pop", lambda page: page.locator(".wnw .wn").first.focus()),
    (".selbar", lambda page: page.locator("tbody .ck").first.check()),
]


def test_what_opens_over_a_page(calm, world):
    factories.make_customer(name="No Way In Ltd")
    page = calm("/customers/?f.status=all")
    faults = []
    for part, opening in OVER_THE_PAGE:
        page.set_viewport_size(DESK)
        page.goto(page.url)
        opening(page)
        expect(page.locator(part).first).to_be_visible()
        page.wait_for_load_state("networkidle")
        for name, viewport, media, rules in SETTINGS:
            page.set_viewport_size(viewport)
            page.emulate_media(reduced_motion="reduce", **media)
            if page.locator(part).first.is_visible():  # a narrow window may well close a card
                faults += [f"{part}, {name}: {fault}" for fault in violations(page, rules, part)]
    assert faults == []


# --- What no program can find: colours that are the reader's own, motion, keys


def test_with_forced_colours_nothing_is_said_by_colour_alone(calm, world):
    """Pills keep glyph and word, the line its stroke, a box its check, and the focus can be seen."""
    page = calm("/customers/?f.status=all", forced_colors="active")
    ground = page.evaluate("getComputedStyle(document.querySelector('#main')).backgroundColor")

    def differs(selector: str, *properties: str) -> bool:
        found = page.eval_on_selector(
            selector, "(node, names) => names.map(name => getComputedStyle(node)[name])", list(properties)
        )
        return any(value not in (ground, "none", "0px", "rgba(0, 0, 0, 0)") for value in found)

    for pill in page.locator("tbody .pill").all():
        assert pill.inner_text().strip()
        assert pill.locator("svg use").count() == 1
    assert differs("tbody .pill", "borderTopColor")
    assert differs("tbody .spark path", "stroke")
    box = page.locator("tbody .ck").first
    before = box.screenshot()
    box.check()
    page.mouse.move(0, 0)
    page.locator("h1").click()
    assert box.screenshot() != before
    page.keyboard.press("?")
    switch = page.locator("#single-keys")
    on = switch.screenshot()
    switch.uncheck()
    page.locator("#shortcuts h2").click()
    assert switch.screenshot() != on
    page.keyboard.press("Escape")
    for selector in (".find", ".rail a.nav", "tbody .ck", "details.account summary", "tbody a.nm"):
        page.keyboard.press("Tab")  # what takes the focus by keyboard shows it
        page.locator(selector).first.focus()
        outline = page.eval_on_selector(
            ":focus", "node => [getComputedStyle(node).outlineStyle, getComputedStyle(node).outlineWidth]"
        )
        assert outline[0] != "none", selector
        assert outline[1] != "0px", selector


def test_who_wants_no_motion_gets_none(calm, world):
    page = calm("/customers/?f.status=all")
    page.keyboard.press("Control+k")
    page.locator("#palette").wait_for()
    moving = page.evaluate("document.getAnimations().filter(one => one.playState === 'running').length")
    assert moving == 0


def test_shortcuts_of_single_letters_can_all_be_switched_off(calm, world):
    """WCAG 2.1.4: also those of two keys, and for as long as the browser remembers."""
    page = calm("/")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/customers/**")
    page.keyboard.press("?")
    page.locator("#single-keys").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    for key in ("g", "h", "?", "/"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert "/customers/" in page.url
    expect(page.locator("#shortcuts")).to_be_hidden()
    expect(page.get_by_label("Search customers", exact=True)).not_to_be_focused()
    page.keyboard.press("Control+k")  # not a single key
    expect(page.locator("#palette")).to_be_visible()


def test_every_entry_of_the_rail_has_a_key_of_its_own_and_the_list_names_it(calm, world):
    page = calm("/")
    keys = page.eval_on_selector_all(".rail a.nav", "links => links.map(link => link.dataset.go)")
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 1 for key in keys)
    page.keyboard.press("?")
    listed = page.locator("#shortcuts").inner_text()
    for label in page.locator(".rail a.nav").all_inner_texts():
        assert label.strip() in listed


def test_the_list_of_shortcuts_names_only_what_the_page_has(calm, world):
    page = calm("/")
    page.keyboard.press("?")
    dialog = page.locator("#shortcuts")
    expect(dialog.get_by_text("Enter the table")).to_be_hidden()
    expect(dialog.get_by_text("Search in the page")).to_be_hidden()
    page.goto(page.url + "customers/")
    page.keyboard.press("?")
    expect(dialog.get_by_text("Enter the table")).to_be_visible()
    expect(dialog.get_by_text("Search in the page")).to_be_visible()


def test_keys_mean_nothing_to_the_frame_while_something_is_open(calm, world):
    page = calm("/customers/?f.status=all")
    page.locator("tbody a[data-pop]").first.click()
    expect(page.locator("[data-popover] form")).to_be_visible()
    page.locator("[data-popover] button:not([disabled])").last.focus()
    for key in ("?", "g", "h", "/"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    expect(page.locator("#shortcuts")).to_be_hidden()
    assert "/customers/" in page.url
    page.keyboard.press("Escape")
    expect(page.locator("[data-popover]")).to_have_count(0)
