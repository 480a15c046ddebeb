"""Home and the customer page in a real browser: what moves by itself, forms, themes, no script."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from calls.models import LiveSample, MinuteBucket
from customers.models import Customer, FeedState, NumberBlock, Status
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
SOON_MS = 5_000
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
Visit = Callable[..., Page]


@pytest.fixture(autouse=True)
def _fresh_and_quick(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Polls every second, over a feed that is fresh."""
    settings.GRID_POLL_SECONDS = 1
    settings.FEED_STALE_SECONDS = 3600
    monkeypatch.setattr("connexcs_admin.home.REST_POLL_S", 1)
    now = timezone.now()
    FeedState.objects.update_or_create(pk=1, defaults={"ticked_at": now, "heard_at": now})


@pytest.fixture
def rheinfon(db: None) -> Customer:
    """A customer with something in every part of its page, and nothing that needs a person."""
    now = timezone.now()
    factories.make_portal_domain()
    customer = factories.make_customer(
        name="Rheinfon GmbH", tags=["retail"], channels_limit=200, debit_limit=50
    )
    factories.make_contact(customer=customer, name="Katrin Vogel", mobile="+4930", mobile_verified_at=now)
    factories.make_contact(customer=customer, name="Jonas Adler", mobile="+4931")
    NumberBlock.objects.create(customer=customer, first=104700, last=104749)
    factories.make_ip_auth(customer, host="203.0.113.7")
    factories.make_ip_auth(customer, host="2001:db8::/64", enabled=False)
    factories.make_sip_user(customer, username="reception")
    factories.make_route(customer, name="World", dial_strings=["49", "^43"])
    MinuteBucket.objects.create(
        customer_id=customer.pk, minute=now.replace(second=0, microsecond=0), attempts=9, connected=3
    )
    factories.set_figures(
        customer, channels=88, cps="2.8", attempts_24h=9, connected_24h=3, last_call_at=now, balance="-20"
    )
    return customer


def mark(page: Page) -> None:
    """Leaves a mark that a reload would wipe out."""
    page.evaluate("window.notReloaded = true")


def was_reloaded(page: Page) -> bool:
    return not page.evaluate("window.notReloaded === true")


def add_address(page: Page, host: str) -> None:
    page.get_by_label("IP, network or host name").fill(host)
    page.get_by_role("button", name="Add address").click()


@pytest.mark.accept("G-19")
def test_adding_an_address_and_a_route_takes_both_warnings_off_a_list_open_elsewhere(visit: Visit):
    bare = factories.make_customer(name="Bare", debit_limit=10)
    grid = visit("/customers/")
    mark(grid)
    expect(grid.locator(".wn")).to_contain_text("2")

    form = visit(f"/customers/{bare.pk}/auth/")
    add_address(form, "203.0.113.7")
    expect(form.locator("#ip-entries")).to_contain_text("203.0.113.7")
    expect(grid.locator(".card-pop b")).to_have_text(["No Routing Set"], timeout=SOON_MS)

    form.goto(form.url.replace("/auth/", "/routes/"))
    form.get_by_label("Name").fill("World")
    form.get_by_role("button", name="Add route").click()
    expect(form.locator("#routes")).to_contain_text("World")
    expect(grid.locator(".wn")).to_have_count(0, timeout=SOON_MS)
    assert not was_reloaded(grid)


def test_the_customer_page_follows_figures_and_warnings_by_itself(visit: Visit):
    customer = factories.make_customer(name="Bare", debit_limit=10)
    page = visit(f"/customers/{customer.pk}/")
    mark(page)
    warnings = page.locator("#customer-warnings .note")
    expect(warnings).to_have_count(2)

    factories.make_ip_auth(customer)
    factories.make_route(customer)
    factories.set_figures(customer, channels=41)

    expect(page.locator('[data-f="channels"] dd')).to_have_text("41", timeout=SOON_MS)
    expect(warnings).to_have_count(0)
    assert not was_reloaded(page)


def test_a_warning_leads_to_the_form_that_meets_it(visit: Visit):
    page = visit(f"/customers/{factories.make_customer(debit_limit=10).pk}/")

    page.get_by_role("link", name="Add authentication").click()
    add_address(page, "2001:0DB8::1")

    expect(page.locator("#ip-entries")).to_contain_text("2001:db8::1")
    expect(page.locator("#customer-warnings .note")).to_have_count(1)
    expect(page.get_by_role("link", name="Add a route")).to_be_visible()


def test_a_wrong_address_is_said_at_its_field_and_stays_there_to_be_put_right(visit: Visit):
    page = visit(f"/customers/{factories.make_customer().pk}/auth/")

    add_address(page, "203.0.113.7/24")

    field = page.get_by_label("IP, network or host name")
    expect(field).to_have_value("203.0.113.7/24")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(page.locator("#ip_host_error")).to_contain_text("203.0.113.0/24 for the whole network")


@pytest.mark.parametrize("tab", ["auth", "routes"])
def test_the_address_of_a_refused_form_leads_back_to_its_tab(visit: Visit, tab: str):
    page = visit(f"/customers/{factories.make_customer().pk}/{tab}/")
    tab_url = page.url
    page.evaluate("for (const form of document.forms) form.noValidate = true")  # the server is to refuse
    page.get_by_role("button", name="Add address" if tab == "auth" else "Add route").click()
    expect(page.locator("[aria-invalid=true]:focus")).to_have_count(1)
    assert page.url != tab_url

    page.goto(page.url)

    assert page.url == tab_url


@pytest.mark.parametrize("width", [1440, 1024, 720, 390, 320])
@pytest.mark.parametrize("tab", ["auth", "routes"])
def test_what_can_be_done_with_an_entry_is_in_sight_at_every_width(
    visit: Visit, rheinfon: Customer, tab: str, width: int
):
    factories.make_ip_auth(rheinfon, host="2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff")
    page = visit(f"/customers/{rheinfon.pk}/{tab}/", viewport={"width": width, "height": 900})

    buttons = page.locator("td.act .btn")
    edges = buttons.evaluate_all(
        "all => all.map(b => [b, b.closest('.box')].map(node => node.getBoundingClientRect().right))"
    )

    assert len(edges) == (8 if tab == "auth" else 2)
    assert all(right <= box for right, box in edges)
    assert all(box <= width for _right, box in edges)


def test_figures_of_a_customer_stand_in_two_columns_on_the_smallest_phone(visit: Visit, rheinfon: Customer):
    page = visit(f"/customers/{rheinfon.pk}/", viewport={"width": 320, "height": 700})

    lefts = page.locator(".kf").evaluate_all(
        "all => all.map(f => Math.round(f.getBoundingClientRect().left))"
    )

    assert len(set(lefts)) == 2


def test_the_panels_of_other_rooms_come_in_by_themselves(visit: Visit, rheinfon: Customer):
    page = visit(f"/customers/{rheinfon.pk}/")

    expect(page.locator("#contacts .ct")).to_have_count(2)
    expect(page.locator("#summary tbody tr")).to_have_count(25)


def test_home_follows_what_is_up(visit: Visit):
    page = visit("/")
    mark(page)
    expect(page.locator("#tile-channels .big")).to_have_text("0")
    expect(page.locator("#home-attention")).to_contain_text("Nothing needs a person")

    factories.set_figures(
        factories.make_customer(name="Iberlink", debit_limit=10), channels=1234, balance=-20
    )

    expect(page.locator("#tile-channels .big")).to_have_text("1,234", timeout=SOON_MS)
    expect(page.locator("#home-attention")).to_contain_text("credit used up", timeout=SOON_MS)
    expect(page.locator("#home-busiest")).to_contain_text("Iberlink")
    assert not was_reloaded(page)


def test_focus_stays_where_it_is_while_home_refreshes(visit: Visit):
    customer = factories.make_customer(status=Status.PENALTY)
    page = visit("/")
    page.locator("#open-penalty").focus()

    factories.set_figures(factories.make_customer(name="Newly busy"), channels=5)

    expect(page.locator("#home-busiest")).to_contain_text("Newly busy", timeout=SOON_MS)
    assert page.evaluate("document.activeElement.id") == "open-penalty"
    assert customer.pk


def test_everything_works_without_a_script(visit: Visit, rheinfon: Customer):
    page = visit(f"/customers/{rheinfon.pk}/", java_script_enabled=False)
    page.locator("#contacts").get_by_role("link", name="Contacts").click()
    expect(page.locator("#contacts .ct")).to_have_count(2)

    page.get_by_role("link", name="Auth").click()
    add_address(page, "203.0.113.9")
    expect(page.locator("#ip-entries")).to_contain_text("203.0.113.9")

    page.get_by_role("link", name="Delete 203.0.113.9").click()
    page.get_by_role("button", name="Delete 203.0.113.9").click()
    expect(page.locator("#ip-entries")).not_to_contain_text("203.0.113.9")


PAGES = ("", "auth/", "routes/", "contacts/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_accessibility(
    visit: Visit, live_server: Any, rheinfon: Customer, scheme: str
):
    broke = factories.make_customer(name="Broke", status=Status.PENALTY)
    minute = timezone.now().replace(second=0, microsecond=0)
    LiveSample.objects.create(minute=minute, channels=88, cps=3)
    entry = rheinfon.ip_auths.first()
    paths = [f"/customers/{rheinfon.pk}/{tab}" for tab in PAGES]
    paths += ["/", f"/customers/{broke.pk}/", f"/customers/{rheinfon.pk}/auth/addresses/{entry.pk}/delete/"]
    paths += [f"/calls/customers/{rheinfon.pk}/summary/"]
    page = visit(paths[0], color_scheme=scheme)
    for path in paths:
        page.goto(live_server.url + path)
        expect(page.locator(".htmx-request, [hx-trigger=load]")).to_have_count(0)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"


@pytest.mark.parametrize("path", ["/", "/customers/{}/", "/customers/{}/auth/", "/customers/{}/routes/"])
def test_on_a_phone_nothing_hangs_over_the_edge(visit: Visit, rheinfon: Customer, path: str):
    page = visit(path.format(rheinfon.pk), **PHONE)

    width = page.evaluate("document.documentElement.scrollWidth")

    assert width <= 390
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
