"""The frame round every page, used as a person uses it: in a real browser, with mouse and keyboard."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from customers.models import Listing
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def theme_of(page: Page) -> str:
    return page.evaluate("document.documentElement.dataset.theme || 'system'")


def ground_of(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


LIGHT, DARK = "rgb(244, 245, 247)", "rgb(12, 14, 17)"


def test_the_theme_follows_the_system_until_somebody_chooses(visit):
    assert ground_of(visit("/customers/", color_scheme="dark")) == DARK
    page = visit("/customers/", color_scheme="light")
    assert ground_of(page) == LIGHT
    button = page.locator("[data-cycle=theme]")
    button.click()
    assert (theme_of(page), button.get_attribute("aria-label")) == ("light", "Theme: light")
    button.click()
    assert (theme_of(page), button.get_attribute("aria-label")) == ("dark", "Theme: dark")
    assert ground_of(page) == DARK


def test_the_chosen_theme_is_there_at_the_next_page_before_any_other_script(visit):
    page = visit("/customers/", color_scheme="light")
    page.locator("[data-cycle=theme]").click()
    page.locator("[data-cycle=theme]").click()
    page.route("**/frame.js", lambda route: route.abort())  # only the small script in the head is left
    page.reload()
    assert theme_of(page) == "dark"
    assert ground_of(page) == DARK


def test_density_changes_the_height_of_rows_and_is_remembered(visit):
    factories.make_customer(name="Altavox Wholesale")
    page = visit("/customers/")
    row = page.locator("tbody tr").first
    standard = row.bounding_box()["height"]
    page.locator("[data-cycle=density]").click()
    assert row.bounding_box()["height"] > standard
    page.locator("[data-cycle=density]").click()
    compact = row.bounding_box()["height"]
    assert compact < standard
    page.reload()
    assert page.locator("tbody tr").first.bounding_box()["height"] == compact


def test_a_menu_is_walked_by_arrows_and_escape_gives_the_focus_back(visit):
    page = visit("/customers/")
    account = page.locator("details.account")
    account.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(account.locator(".pop")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(account.locator(".mi").first).to_be_focused()
    page.keyboard.press("End")
    expect(account.get_by_role("button", name="Sign out")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(account.locator(".mi").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(account.locator(".pop")).to_be_hidden()
    expect(account.locator("summary")).to_be_focused()


def test_only_one_menu_is_open_and_a_click_elsewhere_closes_it(visit):
    page = visit("/customers/")
    page.locator("details[data-menu] summary").first.click()
    page.locator("details.account summary").click()
    assert page.locator("details.menu[open]").count() == 1
    page.locator("h1").click()
    assert page.locator("details.menu[open]").count() == 0


def test_signing_out_from_the_menu_leads_to_the_sign_in_page(visit):
    page = visit("/customers/")
    page.locator("details.account summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Connex")).to_be_visible()


def test_signing_out_works_without_javascript(visit):
    page = visit("/customers/", java_script_enabled=False)
    assert page.locator("[data-cycle=theme]").is_hidden()
    page.locator("details.account summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Connex")).to_be_visible()


def test_a_warning_card_stays_under_the_pointer_and_escape_closes_it(visit):
    factories.make_customer(name="No Way In Ltd")  # neither authentication nor route: two warnings
    page = visit("/customers/")
    sign, card = page.locator(".wnw .wn").first, page.locator(".wnw .card-pop").first
    expect(card).to_be_hidden()
    sign.hover()
    expect(card).to_be_visible()
    box = card.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 30, steps=6)
    page.wait_for_timeout(500)  # longer than the grace a pointer has outside
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_a_warning_card_opens_on_focus_and_its_links_can_be_reached(visit):
    factories.make_customer(name="No Way In Ltd")
    page = visit("/customers/")
    sign, card = page.locator(".wnw .wn").first, page.locator(".wnw .card-pop").first
    sign.focus()
    expect(card).to_be_visible()
    page.keyboard.press("Tab")
    expect(card.locator("a").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(sign).to_be_focused()


def test_slash_goes_to_the_search_and_letters_typed_there_are_letters(visit):
    page = visit("/customers/")
    page.keyboard.press("/")
    search = page.get_by_label("Search customers", exact=True)
    expect(search).to_be_focused()
    page.keyboard.type("?gc")
    expect(search).to_have_value("?gc")
    expect(page.locator("#shortcuts")).to_be_hidden()


def test_shortcuts_are_listed_and_can_be_switched_off(visit):
    page = visit("/customers/")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    for key in ("/", "Space", "Enter", "PgDn", "Home", "Esc"):
        assert dialog.locator("kbd", has_text=key).count() > 0, key
    dialog.get_by_role("checkbox").click()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    page.reload()
    page.keyboard.press("/")
    expect(page.get_by_label("Search customers", exact=True)).not_to_be_focused()


def test_an_age_on_the_page_grows_by_itself(visit):
    customer = factories.make_customer(name="Altavox Wholesale")
    Listing.objects.filter(customer=customer).update(last_call_at=timezone.now() - timedelta(seconds=55))
    page = visit("/customers/")
    age = page.locator("tbody time[data-age]").first
    expect(age).to_have_text("1 min", timeout=9000)


def test_a_failed_request_says_so_with_the_number_to_quote(visit):
    page = visit("/customers/")
    page.route("**/broken", lambda route: route.fulfill(status=500, headers={"X-Request-ID": "b3f9c2d1"}))
    page.evaluate("htmx.ajax('GET', '/broken', {target: '#main', swap: 'innerHTML'})")
    toast = page.locator(".toast")
    expect(toast).to_contain_text("b3f9c2d1")
    expect(page.get_by_role("heading", name="Customers")).to_be_visible()
    toast.get_by_role("button", name="Close").click()
    expect(toast).to_have_count(0)


def test_a_password_can_be_looked_at(visit):
    page = visit("/accounts/login/", stranger=True)
    page.get_by_label("Password", exact=True).fill("correct horse")
    page.get_by_role("button", name="Show password").click()
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide password").click()
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("type", "password")


def test_a_wrong_password_gets_one_answer_whoever_it_is_and_keeps_the_address(visit):
    page = visit("/accounts/login/", stranger=True)
    answers = []
    for email in ("alice@example.com", "nobody@example.com"):
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password", exact=True).fill("wrong guess")
        page.get_by_role("button", name="Sign in").click()
        answers.append(page.get_by_role("alert").inner_text())
        expect(page.get_by_label("Email")).to_have_value(email)
        expect(page.get_by_label("Password", exact=True)).to_be_focused()
    assert answers[0] == answers[1]


DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SCREENS = [
    ("/", False),
    ("/customers/?f.status=all", False),
    ("/customers/{pk}/", False),
    ("/customers/{pk}/auth/", False),
    ("/customers/{pk}/routes/", False),
    ("/accounts/login/", True),
    ("/accounts/password/reset/", True),
    ("/accounts/logout/", False),
    ("/no/such/page/", False),
]


@pytest.fixture
def customer_pk() -> int:
    """One customer of every status and one with all a customer page can show; that one's id."""
    for status in ("inactive", "pending", "pending_approval", "penalty"):
        factories.make_customer(name=f"In {status}", status=status)
    name = "A customer with quite a long name, Limited Liability Company of the North"
    customer = factories.make_customer(name=name)
    factories.make_contact(customer=customer)
    factories.make_ip_auth(customer)
    factories.make_route(customer)
    return customer.pk


def test_a_phone_never_scrolls_sideways(visit, customer_pk):
    for path, stranger in SCREENS:
        page = visit(path.format(pk=customer_pk), stranger=stranger, viewport=PHONE)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], f"{path} is {width} px wide"


@pytest.mark.parametrize("width", [1440, 1024, 720, 390, 320])
def test_the_status_bar_wraps_and_its_pager_can_always_be_reached(visit, width):
    for number, currency in enumerate(("EUR", "USD", "GBP", "CHF")):
        customer = factories.make_customer(name=f"Customer {number}", currency=currency)
        factories.set_figures(customer, balance="123456789.12", channels=1200)
    page = visit("/customers/", viewport={"width": width, "height": 800})

    found = page.evaluate(
        """() => {
            const bar = document.querySelector("footer.status");
            const pager = bar.querySelector(".pager").getBoundingClientRect();
            const on = document.elementFromPoint(pager.right - 12, pager.top + pager.height / 2);
            const main = document.querySelector("#main");
            main.scrollLeft = 100; // what a focus far to the right would do
            return {wide: bar.scrollWidth - bar.clientWidth, right: pager.right, size: pager.width,
                    reached: Boolean(on?.closest(".pager")), moved: main.scrollLeft};
        }"""
    )

    assert found["wide"] == found["moved"] == 0
    assert found["right"] <= width
    assert found["size"] >= 48
    assert found["reached"]


@pytest.mark.parametrize(("touch", "least"), [(False, 24), (True, 40)], ids=["mouse", "finger"])
def test_check_boxes_and_status_pills_are_large_enough_to_hit(visit, customer_pk, touch, least):
    page = visit("/customers/?f.status=all", has_touch=touch, is_mobile=touch)

    sizes = page.evaluate(
        """() => [...document.querySelectorAll("tbody tr:nth-child(2) :is(.ck, a.pillmenu)")].map(target => {
            const at = target.getBoundingClientRect();
            const [x, y] = [at.left + at.width / 2, at.top + at.height / 2];
            const hit = (dx, dy) => target.contains(document.elementFromPoint(x + dx, y + dy));
            const reach = (dx, dy) => {
                let n = 0;
                while (n < 60 && hit(dx * (n + 1), dy * (n + 1))) n += 1;
                return n;
            };
            return [reach(-1, 0) + reach(1, 0) + 1, reach(0, -1) + reach(0, 1) + 1];
        })"""
    )

    assert len(sizes) == 2
    assert min(min(size) for size in sizes) >= least, sizes


@pytest.mark.parametrize("tab", ["", "auth/", "routes/"])
@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 480}, PHONE], ids=["low", "phone"])
def test_no_box_is_cut_off_in_a_small_window(visit, customer_pk, tab, viewport):
    page = visit(f"/customers/{customer_pk}/{tab}", viewport=viewport)
    page.wait_for_load_state("networkidle")
    cut = page.eval_on_selector_all(
        ".cbody .box", "boxes => boxes.filter(b => b.scrollHeight > b.clientHeight + 1).map(b => b.innerText)"
    )
    assert page.locator(".cbody .box").count() > 0
    assert cut == []
