"""The customers grid as its door gives it: what a person reads in each row, menu and total."""

from __future__ import annotations

import re
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grids.testing import MOST_QUERIES, seen
from setup.models import Installation
from tests import factories
from tests.customers.listed import names, quiet, rows_of, text_of
from users.roles import Role

pytestmark = pytest.mark.django_db
ACTIVE = "/customers/?f.status=in:active&s=name"


@pytest.mark.accept("G-03")
def test_every_column_shows_the_figures_of_its_own_customer(client_alice: Client):
    now = timezone.now()
    figures = {
        "Ada": {
            "balance": Decimal("18420.55"), "channels": 412, "cps": Decimal("14.2"), "last_call_at": now,
            "attempts_24h": 1000, "connected_24h": 512, "duration_ms_24h": 512 * 168_000,
            "pdd_sum_ms_24h": 1600 * 800, "pdd_count_24h": 800,
        },
        "Bea": {
            "balance": Decimal("-212.4"), "channels": 9, "cps": Decimal("0.1"),
            "last_call_at": now - timedelta(hours=3), "attempts_24h": 4, "connected_24h": 3,
            "duration_ms_24h": 90_000, "pdd_sum_ms_24h": 4900, "pdd_count_24h": 1,
        },
    }  # fmt: skip
    for name, values in figures.items():
        customer = quiet(
            name, currency={"Ada": "USD", "Bea": "EUR"}[name], channels_limit=600, debit_limit=500
        )
        factories.set_figures(customer, **values)
    rows = rows_of(client_alice.get(ACTIVE))

    def texts(name: str) -> list[str]:
        cells = rows[name]
        return [
            " ".join(cells[key]["text"].split()) for key in ("credit", "channels", "asr", "acd", "pdd", "cps")
        ]

    assert texts("Ada") == ["18,420.55USD", "412 / 600", "51.2", "2:48", "1.6", "14.2"]
    assert texts("Bea") == ["−212.40EUR", "9 / 600", "75.0", "0:30", "4.9", "0.1"]
    assert [row["status"]["text"] for row in rows.values()] == ["Active", "Active"]
    assert rows["Bea"]["last_call"]["text"] == "3 h"
    assert rows["Ada"]["last_call"]["text"] in ("now", "1 s", "2 s", "3 s")


@pytest.mark.accept("G-05")
def test_credit_is_the_balance_with_the_currencys_own_decimals_and_code(client_alice: Client):
    for code, digits in (("EUR", 2), ("JPY", 0), ("KWD", 3)):
        factories.make_currency(code, digits=digits)
        factories.set_figures(quiet(f"In {code}", currency=code), balance=Decimal("1234.5678"))
    rows = rows_of(client_alice.get(ACTIVE))
    shown = {name: (row["credit"]["text"]) for name, row in rows.items()}
    assert shown == {"In EUR": "1,234.57EUR", "In JPY": "1,235JPY", "In KWD": "1,234.568KWD"}


@pytest.mark.accept("G-06")
def test_pointing_at_the_credit_shows_debit_limit_and_available_credit_with_currency(client_alice: Client):
    factories.set_figures(quiet("Ada", currency="USD", debit_limit=100), balance=Decimal(-30))
    cell = rows_of(client_alice.get(ACTIVE))["Ada"]["credit"]
    assert cell["titles"] == ["Debit limit 100.00 USD. Available 70.00 USD"]
    assert "bad" in cell["classes"]


@pytest.mark.accept("G-14")
@pytest.mark.accept("G-15")
def test_last_call_is_relative_its_exact_utc_time_a_tooltip_and_never_a_dash(client_alice: Client):
    quiet("Never")
    at = timezone.now() - timedelta(days=12, hours=1)
    factories.set_figures(quiet("Old"), last_call_at=at)
    rows = rows_of(client_alice.get(ACTIVE))
    assert rows["Never"]["last_call"]["text"] == "—"
    assert rows["Old"]["last_call"]["text"] == "12 d"
    assert rows["Old"]["last_call"]["titles"] == [at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")]


@pytest.mark.accept("G-16")
def test_a_customer_without_calls_has_dashes_and_zeros_and_no_nan(client_alice: Client):
    quiet("Idle")
    response = client_alice.get(ACTIVE)
    row = rows_of(response)["Idle"]
    assert [row[key]["text"] for key in ("asr", "acd", "pdd", "cps", "channels")] == [
        "—",
        "—",
        "—",
        "0.0",
        "0",
    ]
    assert "NaN" not in response.content.decode()


def test_calls_none_of_which_connected_are_zero_percent_and_no_duration(client_alice: Client):
    factories.set_figures(quiet("Failing"), attempts_24h=8)
    row = rows_of(client_alice.get(ACTIVE))["Failing"]
    assert (row["asr"]["text"], row["acd"]["text"]) == ("0.0", "—")


def test_the_tooltip_of_the_acd_shows_both_definitions_and_says_which_is_which(client_alice: Client):
    customer = quiet("Ada")
    factories.set_figures(customer, attempts_24h=10, connected_24h=4, duration_ms_24h=480_000)
    cell = rows_of(client_alice.get(ACTIVE))["Ada"]["acd"]
    assert cell["text"] == "2:00"
    assert cell["titles"] == [
        "Over answered calls (total duration ÷ answered calls): 2:00. "
        "Over all calls (total duration ÷ total calls): 0:48"
    ]


def test_a_setting_picks_the_definition_of_the_acd_column_and_of_its_order(client_alice: Client):
    factories.set_figures(quiet("Ada"), attempts_24h=10, connected_24h=1, duration_ms_24h=100_000)
    factories.set_figures(quiet("Bea"), attempts_24h=2, connected_24h=2, duration_ms_24h=60_000)
    assert names(client_alice, "/customers/?s=-acd") == ["Ada", "Bea"]  # 1:40 and 0:30
    Installation.objects.update_or_create(pk=1, defaults={"acd_definition": "all"})
    assert names(client_alice, "/customers/?s=-acd") == ["Bea", "Ada"]  # 0:10 and 0:30
    assert rows_of(client_alice.get(ACTIVE))["Ada"]["acd"]["text"] == "0:10"


@pytest.mark.accept("G-13")
@pytest.mark.parametrize(("delay_ms", "tone"), [(3999, ""), (4000, "warn"), (9999, "warn"), (10_000, "bad")])
def test_pdd_is_amber_from_four_seconds_and_points_at_the_carrier_from_ten(
    client_alice: Client, delay_ms: int, tone: str
):
    factories.set_figures(quiet("Ada"), pdd_sum_ms_24h=delay_ms, pdd_count_24h=1)
    cell = rows_of(client_alice.get(ACTIVE))["Ada"]["pdd"]
    assert [word for word in ("warn", "bad") if word in cell["classes"]] == ([tone] if tone else [])
    assert ("carrier" in " ".join(cell["titles"])) == (delay_ms >= 10_000)


def test_thresholds_are_those_of_the_installation(client_alice: Client):
    factories.set_figures(quiet("Ada"), attempts_24h=100, connected_24h=50)
    assert "warn" not in rows_of(client_alice.get(ACTIVE))["Ada"]["asr"]["classes"]
    Installation.objects.update_or_create(pk=1, defaults={"asr_warn": 60})
    assert "warn" in rows_of(client_alice.get(ACTIVE))["Ada"]["asr"]["classes"]


def test_warnings_say_what_how_bad_and_where_it_is_put_right(client_alice: Client):
    factories.make_customer(name="Bare", currency="EUR")
    cell = rows_of(client_alice.get(ACTIVE)).popitem()[1]["name"]
    assert "3 warnings, Bare: No Authentication Set; No Routing Set; Credit used up" in cell["labels"]
    assert (
        "Available 0.00 EUR: balance 0.00 EUR, debit limit 0.00 EUR. New calls are refused." in cell["text"]
    )
    assert all(link.startswith(("/customers/", "/")) and link != "#" for link in cell["links"])


# --- Search


@pytest.mark.accept("G-22")
def test_part_of_a_name_leaves_only_the_rows_that_have_it(client_alice: Client):
    for name in ("Altavox Wholesale", "Baltic Voice", "Corvid Dialer"):
        quiet(name)
    assert names(client_alice, f"{ACTIVE}&q=ALTA") == ["Altavox Wholesale"]
    assert names(client_alice, f"{ACTIVE}&q=v+voi") == ["Baltic Voice"]
    assert names(client_alice, f"{ACTIVE}&q=nobody") == []


@pytest.mark.accept("G-24")
def test_search_finds_contacts_emails_numbers_and_tags(client_alice: Client):
    ada = quiet("Ada", tags=["wholesale-eu"])
    bea = quiet("Bea")
    factories.make_contact(customer=bea, name="Zoe Quill", email="zoe@quill.example")
    assert names(client_alice, f"{ACTIVE}&q=wholesale-eu") == ["Ada"]
    assert names(client_alice, f"{ACTIVE}&q=zoe@quill.example") == ["Bea"]
    assert names(client_alice, f"{ACTIVE}&q=quill") == ["Bea"]
    assert "Ada" in names(client_alice, f"{ACTIVE}&q={ada.pk}")


@pytest.mark.accept("G-26")
def test_an_empty_search_is_the_whole_list_again(client_alice: Client):
    quiet("Ada")
    quiet("Bea")
    assert names(client_alice, f"{ACTIVE}&q=ada") == ["Ada"]
    assert names(client_alice, f"{ACTIVE}&q=") == ["Ada", "Bea"]


def test_search_and_status_work_together(client_alice: Client):
    quiet("Nova One")
    quiet("Nova Two", status="inactive")
    assert names(client_alice, f"{ACTIVE}&q=nova") == ["Nova One"]
    assert names(client_alice, "/customers/?q=nova&f.status=in:inactive&s=name") == ["Nova Two"]


# --- Rows, order, totals


def test_a_reseller_sees_own_rows_counts_and_sums_only(client_rita: Client, reseller_a: Any, reseller_b: Any):
    factories.set_figures(quiet("Mine", reseller=reseller_a), balance=5, channels=1)
    factories.set_figures(quiet("Theirs", reseller=reseller_b), balance=7000, channels=70)
    factories.set_figures(quiet("Nobodys"), balance=9000, channels=90)
    page = client_rita.get("/customers/?s=-channels")
    assert list(rows_of(page)) == ["Mine"]
    menu = page.context["menus"][0]["entries"]
    assert [entry["count"] for entry in menu] == ["1", "1", "1", "0", "0", "0", "0"]
    for hidden in ("Theirs", "Nobodys", "7,000", "9,000", "<b>70<", "<b>90<"):  # ids may hold a bare 70
        assert hidden not in page.context["totals_bar"] + page.context["body"]


@pytest.mark.accept("G-51")
def test_a_header_sorts_upwards_downwards_and_not_at_all(client_alice: Client):
    for name, asr in (("Ada", 30), ("Bea", 90), ("Cid", 60)):
        factories.set_figures(quiet(name), attempts_24h=100, connected_24h=asr)
    url = "/customers/?f.status=in:active&s="
    order = []
    for _ in range(3):
        page = client_alice.get(url)
        url = page.context["grid"].sort_url("asr")
        state = seen(client_alice.get(url)).columns["asr"]
        order.append((state, names(client_alice, url)))
    assert order == [
        ("ascending", ["Ada", "Cid", "Bea"]),
        ("descending", ["Bea", "Cid", "Ada"]),
        ("none", ["Ada", "Bea", "Cid"]),
    ]


@pytest.mark.accept("G-62")
def test_the_foot_counts_rows_and_sums_money_per_currency_never_across(client_alice: Client):
    for number, code in enumerate(("EUR", "EUR", "USD", "GBP", "NOK", "CHF")):
        factories.set_figures(quiet(f"C{number}", currency=code), balance=100 + number, channels=number)
    quiet("Asleep", status="inactive", channels_limit=50)
    bar = client_alice.get(ACTIVE).context["totals_bar"]
    assert text_of(bar).startswith("6 customersof 7Credit201.00 EUR")
    assert "2 more" in text_of(bar)
    assert "618" not in text_of(bar)
    assert "Channels 15" in text_of(bar)


def test_a_page_beyond_the_last_is_the_last_and_sizes_are_capped(client_alice: Client):
    for number in range(5):
        quiet(f"C{number}")
    assert names(client_alice, f"{ACTIVE}&n=2&page=99") == ["C4"]
    page = client_alice.get(f"{ACTIVE}&n=2&page=2")
    assert (page.context["from"], page.context["last"]) == (3, 4)
    assert page.context["previous_url"].endswith("s=name&n=2")
    assert re.search(r"s=name&page=3&after=[\w-]+&n=2$", page.context["next_url"])


def test_a_page_beyond_the_last_says_so_and_leads_to_the_last(client_alice: Client):
    for number in range(5):
        quiet(f"C{number}")
    page = client_alice.get(f"{ACTIVE}&n=2&page=999999")
    assert seen(page).bad_chips == 1
    (chip,) = page.context["chips"]
    assert chip["title"] == "There is no such page. The last one, 3, is shown."
    assert chip["url"] == page.context["grid"].url == "/customers/?f.status=in:active&s=name&page=3&n=2"
    assert "page=3" in page.context["poll_url"]
    assert seen(client_alice.get(chip["url"])).bad_chips == 0


def test_a_search_without_a_status_looks_at_every_status(client_alice: Client):
    quiet("Nova One")
    quiet("Nova Two", status="inactive")
    assert names(client_alice, "/customers/?q=nova") == ["Nova One", "Nova Two"]


def test_a_search_without_result_costs_no_more_queries(client_alice: Client):
    quiet("Ada")
    for query in ("q=nobody&s=name", "q=ada&f.status=in:active&s=-asr&page=7"):
        with CaptureQueriesContext(connection) as captured:
            client_alice.get(f"/customers/?{query}")
        assert len(captured) <= MOST_QUERIES, "\n".join(each["sql"] for each in captured)


def test_the_list_says_what_to_drop_when_nothing_is_left(client_alice: Client):
    quiet("Ada")
    quiet("Bea", status="inactive")
    ways = client_alice.get("/customers/?q=be&f.status=in:active&s=name").context["ways_out"]
    assert [(way["text"], way["url"]) for way in ways] == [
        ("Without the search for “be” there are 1.", "/customers/?f.status=in:active&s=name"),
        ("Without “Status is Active” there are 1.", "/customers/?q=be&s=name"),
    ]
    page = client_alice.get("/customers/?q=nobody&f.status=in:active&s=name").content.decode()
    assert "No rows to show" in page
    assert "Without “Status" not in page  # it would not help


# --- Customers with a warning


def test_a_link_leads_to_exactly_the_customers_with_a_warning(client_alice: Client):
    quiet("Fine")
    broke = quiet("Broke")
    factories.set_figures(broke, balance=-10)
    factories.make_customer(name="Bare", debit_limit=10)
    unrouted = factories.make_customer(name="Unrouted", debit_limit=10)
    factories.make_ip_auth(unrouted)
    for asked, expected in (
        ("in:no_authentication", ["Bare"]),
        ("in:no_routing", ["Bare", "Unrouted"]),
        ("in:credit_exhausted", ["Broke"]),
        ("in:no_authentication,credit_exhausted", ["Bare", "Broke"]),
        ("in:daily_spend_reached", []),
        ("not-in:no_routing", ["Broke", "Fine"]),
    ):
        assert names(client_alice, f"/customers/?f.warnings={asked}&s=name") == expected, asked


def test_a_chip_names_the_warning_and_takes_it_away(client_alice: Client):
    factories.make_customer(name="Bare", debit_limit=10)
    quiet("Fine")
    page = client_alice.get("/customers/?f.status=in:active&f.warnings=in:no_routing&s=name")
    (chip,) = page.context["chips"]
    assert (chip["text"], chip["bad"]) == ("Warning is No Routing Set", False)
    assert names(client_alice, chip["url"]) == ["Bare", "Fine"]
    assert "warnings" not in seen(page).columns
    assert [menu["name"] for menu in page.context["menus"]] == ["status"]
    assert seen(client_alice.get("/customers/?s=warnings")).bad_chips == 1


def test_who_sees_no_credit_cannot_ask_whose_credit_is_used_up(client: Client):
    factories.make_customer(name="Bare", debit_limit=10)
    factories.set_figures(quiet("Broke"), balance=-10)
    client.force_login(factories.make_staff(role=Role.OPERATIONS))
    page = client.get("/customers/?f.warnings=in:credit_exhausted&s=name")
    assert seen(page).bad_chips == 1
    assert len(seen(page).ids) == 2
    assert names(client, "/customers/?f.warnings=in:no_routing&s=name") == ["Bare"]


def test_an_empty_list_says_what_is_there_without_the_warning(client_alice: Client):
    quiet("Fine")
    page = client_alice.get("/customers/?f.warnings=in:no_routing&s=name")
    assert [way["text"] for way in page.context["ways_out"]] == [
        "Without “Warning is No Routing Set” there are 1."
    ]
