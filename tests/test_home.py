"""Home: tiles, curve, what needs a person, who is busiest; for each user over the rows that user may see."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls.models import LiveSample, MinuteBucket
from connexcs_admin.home import greeting
from customers.models import Customer, FeedState, Listing, Status
from tests import factories
from tests.conftest import browser_of
from tests.pages import links, words
from users.roles import Role


def make_able(**fields):
    """A customer that can call: credit, an address and a route."""
    customer = factories.make_customer(**{"debit_limit": 10, **fields})
    factories.make_ip_auth(customer)
    factories.make_route(customer)
    return customer


def tile(page, name):
    return words(page, "id", f"tile-{name}")


def group(page, key):
    return words(page, "data-group", key)


def groups(page):
    html = page.content.decode()
    return [part.split('"')[0] for part in html.split('data-group="')[1:]]


# --- Tiles ---------------------------------------------------------------------------------------------


def test_the_four_tiles_sum_what_is_up_and_what_was_called(client_alice):
    now = timezone.now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    busy, quiet = make_able(), make_able()
    factories.set_figures(busy, channels=1200, cps="3.5", last_call_at=now)
    factories.set_figures(quiet, channels=0, cps="0.2", last_call_at=midnight - timedelta(seconds=1))
    MinuteBucket.objects.create(customer_id=busy.pk, minute=midnight, attempts=80, connected=20)
    MinuteBucket.objects.create(
        customer_id=busy.pk, minute=midnight - timedelta(minutes=1), attempts=500, connected=500
    )

    page = client_alice.get("/")

    assert tile(page, "channels") == "Live channels 1,200 at 1 customer"
    assert tile(page, "cps") == "Calls per second 3.7 mean of the last 10 s"
    assert tile(page, "calls") == "Calls today 80 25.0 % answered"
    assert tile(page, "customers") == "Customers 2 1 with calls today"


def test_each_tile_leads_to_the_list_behind_it_and_the_list_understands_the_address(client_alice):
    page = client_alice.get("/")

    found = [link for link in links(page) if link.startswith("/customers/?")]

    assert len(found) >= 4
    for link in found:
        answer = client_alice.get(link)
        assert answer.status_code == 200
        assert 'class="chip bad"' not in answer.content.decode(), link


def test_a_resellers_user_sees_sums_of_its_own_customers(client_rita, reseller_a, reseller_b):
    minute = timezone.now().replace(second=0, microsecond=0)
    for reseller, channels in ((reseller_a, 7), (reseller_b, 100), (None, 1000)):
        customer = make_able(reseller=reseller, name=f"Customer of {reseller}")
        factories.set_figures(customer, channels=channels, last_call_at=timezone.now())
        MinuteBucket.objects.create(customer_id=customer.pk, minute=minute, attempts=channels)
        LiveSample.objects.create(
            minute=minute, reseller_id=reseller and reseller.pk, channels=channels, cps=1
        )

    page = client_rita.get("/")

    assert tile(page, "channels").startswith("Live channels 7 ")
    assert tile(page, "calls").startswith("Calls today 7 ")
    assert tile(page, "customers").startswith("Customers 1 ")
    assert "at most 7," in page.content.decode()
    assert "Customer of Alpha Carriers" in words(page, "id", "home-busiest")
    assert "Bravo" not in words(page)
    assert "Customer of None" not in words(page)


def test_bob_sees_a_home_with_nothing_on_it(client_bob):
    factories.set_figures(factories.make_customer(name="Secret Ltd"), channels=9)

    page = client_bob.get("/")

    assert tile(page, "channels").startswith("Live channels 0 ")
    assert tile(page, "customers").startswith("Customers 0 ")
    assert "Secret Ltd" not in words(page)
    assert groups(page) == []


# --- Needs attention -----------------------------------------------------------------------------------


def test_nothing_needs_a_person_while_everybody_can_call(client_alice):
    make_able()

    assert "Nothing needs a person now." in words(client_alice.get("/"), "id", "home-attention")


def test_what_needs_a_person_is_grouped_worst_first(client_alice):
    make_able(name="Broke", debit_limit=0)
    factories.make_route(factories.make_customer(name="Unknown", debit_limit=10))
    factories.make_ip_auth(factories.make_customer(name="Nowhere", debit_limit=10))
    factories.set_figures(make_able(name="Failing"), attempts_24h=20, connected_24h=4)
    factories.set_figures(make_able(name="Full", channels_limit=10), channels=8)
    make_able(name="Blocked", status=Status.PENALTY)
    make_able(name="Newcomer", status=Status.PENDING_APPROVAL)

    page = client_alice.get("/")

    expected = {
        "credit": "1 customer cannot call: credit used up",
        "authentication": "1 customer has no authentication",
        "routing": "1 customer has no route",
        "asr": "1 customer has a very low ASR",
        "channels": "1 customer is near its channels limit",
        "penalty": "1 customer is in penalty",
        "approval": "1 customer waits for approval",
    }
    names = ["Broke", "Unknown", "Nowhere", "Failing", "Full", "Blocked", "Newcomer"]
    assert groups(page) == list(expected)
    for (key, title), name in zip(expected.items(), names, strict=True):
        assert group(page, key).startswith(title)
        assert name in group(page, key)


def test_a_group_names_three_and_counts_the_rest(client_alice):
    for name in ("Echo", "Alpha", "Delta", "Bravo", "Charlie"):
        factories.make_customer(name=name, debit_limit=10)

    shown = group(client_alice.get("/"), "authentication")

    assert shown.startswith("5 customers have no authentication")
    assert "Alpha , Bravo , Charlie and 2 more" in shown


@pytest.mark.parametrize(
    ("figures", "fields"),
    [
        ({"attempts_24h": 19, "connected_24h": 0}, {}),  # too few calls to say anything
        ({"attempts_24h": 20, "connected_24h": 5}, {}),  # 25 % is not below 25 %
        ({"channels": 7}, {"channels_limit": 10}),
        ({"channels": 500}, {"channels_limit": 0}),  # no limit
        ({"balance": -9}, {}),  # 1 left of the debit limit of 10
    ],
)
def test_what_is_still_well_is_not_listed(client_alice, figures, fields):
    factories.set_figures(make_able(**fields), **figures)

    assert groups(client_alice.get("/")) == []


def test_customers_that_refuse_calls_on_purpose_are_not_missed(client_alice):
    factories.make_customer(status=Status.INACTIVE)

    assert groups(client_alice.get("/")) == []


def test_a_penalty_whose_time_is_over_needs_nobody(client_alice):
    customer = make_able()
    Customer.objects.filter(pk=customer.pk).update(
        status=Status.PENALTY, penalty_until=timezone.now() - timedelta(seconds=1)
    )

    assert groups(client_alice.get("/")) == []


def test_open_leads_to_the_customer_if_it_is_one_and_to_the_list_if_there_are_more(client_alice):
    one = make_able(name="Blocked", status=Status.PENALTY)
    for _i in range(2):
        make_able(status=Status.PENDING_APPROVAL)

    found = links(client_alice.get("/"))

    assert found.count(f"/customers/{one.pk}/") == 2  # its name, and the button
    assert "/customers/?f.status=in:pending_approval" in found


def names_listed(page):
    return set(re.findall(r'<a class="nm clip"[^>]*>([^<]+)<', page.content.decode()))


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("credit", {"Broke 1", "Broke 2"}),
        ("authentication", {"Unknown 1", "Unknown 2", "Bare"}),
        ("routing", {"Nowhere 1", "Nowhere 2", "Bare"}),
        ("penalty", {"Blocked 1", "Blocked 2"}),
        ("approval", {"Newcomer 1", "Newcomer 2"}),
    ],
)
def test_open_leads_to_exactly_those_whom_a_group_counts(client_alice, key, names):
    for number in "12":
        make_able(name=f"Broke {number}", debit_limit=0)
        factories.make_route(factories.make_customer(name=f"Unknown {number}", debit_limit=10))
        factories.make_ip_auth(factories.make_customer(name=f"Nowhere {number}", debit_limit=10))
        make_able(name=f"Blocked {number}", status=Status.PENALTY)
        make_able(name=f"Newcomer {number}", status=Status.PENDING_APPROVAL)
    factories.make_customer(name="Bare", debit_limit=10)  # neither authentication nor route: counted twice
    factories.make_customer(name="Away", status=Status.INACTIVE)
    make_able(name="Well")

    page = client_alice.get("/").content.decode()
    link = unescape(re.search(rf'id="open-{key}" href="([^"]*)"', page)[1])

    assert names_listed(client_alice.get(link)) == names


def test_where_no_filter_picks_a_group_out_the_button_says_that_it_sorts(client_alice):
    for number in "12":
        factories.set_figures(make_able(name=f"Failing {number}"), attempts_24h=20, connected_24h=4)
        factories.set_figures(make_able(name=f"Full {number}", channels_limit=10), channels=9)

    page = client_alice.get("/")

    assert group(page, "asr").endswith("Sort by ASR")
    assert group(page, "channels").endswith("Sort by channels")
    assert {"/customers/?f.status=in:active&s=asr", "/customers/?f.status=in:dialing&s=-channels"} <= set(
        links(page)
    )


def test_who_may_see_no_money_is_not_told_whose_credit_is_used_up(db):
    make_able(name="Broke", debit_limit=0)
    support = browser_of(factories.make_staff(role=Role.SUPPORT), factories.STAFF_HOST)

    assert groups(support.get("/")) == []


# --- Old figures -----------------------------------------------------------------------------------------


def hear(seconds_ago):
    then = timezone.now() - timedelta(seconds=seconds_ago)
    FeedState.objects.update_or_create(pk=1, defaults={"ticked_at": timezone.now(), "heard_at": then})


@pytest.mark.parametrize("path", ["/", "/home/tiles/"])
def test_old_figures_are_said_to_be_old_above_the_tiles_and_step_back(client_alice, path):
    hear(240)

    page = client_alice.get(path)

    html = page.content.decode()
    assert words(page, "id", "home-stale").startswith("Figures are old. Age: 4 min . The live feed does not")
    assert html.index('id="home-stale"') < html.index('id="tile-channels"')
    assert 'class="homenow stale" id="home-tiles"' in html
    for live in ("channels", "cps", "calls"):
        assert f'<a class="tile" data-live id="tile-{live}"' in html


@pytest.mark.parametrize("path", ["/", "/home/rest/"])
def test_the_curve_says_that_its_figures_are_old(client_alice, path):
    hear(240)

    page = client_alice.get(path).content.decode()

    assert '<span class="tag bad">old figures</span>' in page
    assert 'aria-label="Figures are old. Live channels today' in page


def test_fresh_figures_are_not_called_old(client_alice):
    hear(0)

    page = client_alice.get("/").content.decode()

    assert "stale" not in page
    assert "old" not in words(client_alice.get("/"), "id", "main")


def test_before_the_first_figure_it_is_said_that_none_has_come(client_alice):
    page = client_alice.get("/")

    assert "No figures have come in yet." in words(page, "id", "home-stale")
    assert "no figures yet" in words(page, "id", "home-rest")


# --- Busiest, curve, parts --------------------------------------------------------------------------------


def test_the_six_busiest_are_listed_by_channels(client_alice):
    for channels in range(8):
        factories.set_figures(make_able(name=f"Has {channels}", channels_limit=10), channels=channels)

    shown = words(client_alice.get("/"), "id", "home-busiest")

    assert [shown.index(f"Has {channels} ") for channels in (7, 6, 5, 4, 3, 2)] == sorted(
        shown.index(f"Has {channels} ") for channels in range(2, 8)
    )
    assert "Has 7 7 / 10" in shown
    assert "Has 1" not in shown


def test_the_curve_says_what_it_shows(client_alice):
    now = timezone.now()
    LiveSample.objects.create(minute=now.replace(second=0, microsecond=0), channels=1234, cps=Decimal("7.5"))

    page = client_alice.get("/").content.decode()

    assert f"Live channels today: at most 1,234, at {now:%H:%M} UTC." in page
    assert "highest minute today: 7.5 CPS" in page
    assert 'class="ln" d="M' in page


def test_without_samples_the_axis_stays_and_says_why_it_is_empty(client_alice):
    page = client_alice.get("/")

    assert words(page, "id", "home-curve").endswith("No calls in this period")
    assert "24:00" in words(page, "id", "home-curve")


@pytest.mark.parametrize(("path", "root"), [("/home/tiles/", "home-tiles"), ("/home/rest/", "home-rest")])
def test_each_part_loads_itself_again_as_part_of_the_page(client_alice, path, root):
    answer = client_alice.get(path)

    html = answer.content.decode()
    assert f'id="{root}"' in html
    assert f'hx-get="{path}"' in html
    assert "<html" not in html
    assert "no-store" in answer["Cache-Control"]


def test_home_costs_the_same_for_any_number_of_customers(client_alice):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            client_alice.get("/")
        return len(asked)

    def add(number):
        for _i in range(number):
            factories.set_figures(make_able(debit_limit=0), channels=3)
            factories.make_customer()

    add(1)
    few = queries()
    add(10)

    assert Listing.objects.count() == 22
    assert queries() == few <= 13


@pytest.mark.parametrize("path", ["/", "/home/tiles/", "/home/rest/"])
def test_strangers_sign_in_first_and_nothing_can_be_posted(client, client_alice, path):
    assert client.get(path).status_code == 302
    assert client_alice.post(path).status_code == 405


@pytest.mark.parametrize(
    ("hour", "said"), [(4, "Good evening"), (5, "Good morning"), (12, "Good afternoon"), (18, "Good evening")]
)
def test_people_are_greeted_by_the_hour(hour, said):
    assert greeting(hour) == said


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", "UTC"])
def test_greeting_and_clock_are_of_the_place_where_the_user_is(client_alice, alice, zone):
    alice.time_zone = zone
    alice.save()

    before = timezone.now().astimezone(ZoneInfo(zone))
    head = words(client_alice.get("/"), "class", "page-head")
    after = timezone.now().astimezone(ZoneInfo(zone))

    assert head.endswith(f" {zone}")
    assert any(head.startswith(f"{greeting(now.hour)}, Alice Archer") for now in (before, after))
    assert any(f"{now:%A} {now.day} {now:%B, %H:%M}" in head for now in (before, after))


def test_a_zone_that_nobody_knows_is_taken_for_utc(client_alice, alice):
    alice.time_zone = "Mars/Olympus"
    alice.save()

    assert words(client_alice.get("/"), "class", "page-head").endswith(" UTC")
