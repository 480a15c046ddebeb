"""The customers grid as its door gives it: what a person reads in each row, menu and total."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Customer, FeedState, Listing, Status
from grids.testing import MOST_QUERIES, seen
from setup.models import Installation
from tests import factories
from tests.test_every_grid import grant_to
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db
ACTIVE = "/customers/?f.status=in:active&s=name"


class Rows(HTMLParser):
    """Rows of the grid: name -> column -> {text, titles, classes}; and the texts of menus and totals."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, dict[str, Any]]] = []
        self.column = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "tr" and "data-id" in found:
            self.rows.append({})
        elif tag == "td" and self.rows:
            self.column = found.get("data-c") or ""
            self.rows[-1][self.column] = {"text": "", "titles": [], "classes": [], "links": [], "labels": []}
        if self.rows and self.column:
            cell = self.rows[-1][self.column]
            for key, into in (
                ("title", "titles"),
                ("class", "classes"),
                ("href", "links"),
                ("aria-label", "labels"),
            ):
                if found.get(key):
                    cell[into].append(found[key])
            if tag == "span" and found.get("data-status"):
                cell["status"] = found["data-status"]

    def handle_data(self, data: str) -> None:
        if self.rows and self.column:
            self.rows[-1][self.column]["text"] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("tr", "table"):
            self.column = ""


def rows_of(response: Any) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows on a page by name, in their order."""
    parser = Rows()
    parser.feed(response.content.decode())
    return {row["name"]["text"].split("\n")[0]: row for row in parser.rows}


def names(client: Client, url: str) -> list[str]:
    ids = seen(client.get(url)).ids
    known = dict(Listing.objects.values_list("pk", "name"))
    return [known[int(pk)] for pk in ids]


def quiet(name: str, **fields: Any) -> Customer:
    """A customer without warnings, so that its name is all its first cell says."""
    customer = factories.make_customer(name=name, debit_limit=fields.pop("debit_limit", 10), **fields)
    factories.make_ip_auth(customer)
    factories.make_route(customer)
    return customer


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


# --- Status


def in_every_status() -> dict[str, Customer]:
    made = {value: quiet(str(label), status=value) for value, label in Status.choices}
    factories.set_figures(made["penalty"], channels=2)
    return made


@pytest.mark.accept("G-27")
@pytest.mark.accept("G-28")
def test_the_menu_has_all_states_and_a_bare_address_leads_to_active(client_alice: Client):
    in_every_status()
    response = client_alice.get("/customers/")
    assert response.headers["Location"] == "/customers/?f.status=in:active&s=name"
    page = client_alice.get("/customers/", follow=True)
    menu = page.context["menus"][0]
    labels = ["All", "Active", "Dialing", "Inactive", "Pending", "Pending Approval", "Penalty"]
    assert [text_of(entry["html"]) for entry in menu["entries"]] == labels
    assert [entry["count"] for entry in menu["entries"]] == ["5", "1", "1", "1", "1", "1", "1"]
    assert menu["caption"] == "Active"
    assert names(client_alice, response.headers["Location"]) == ["Active"]


def text_of(html: str) -> str:
    parser = HTMLParser()
    found: list[str] = []
    parser.handle_data = found.append  # type: ignore[method-assign]
    parser.feed(html)
    return "".join(found)


@pytest.mark.accept("G-29")
@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("active", ["Active"]),
        ("inactive", ["Inactive"]),
        ("pending", ["Pending"]),
        ("pending_approval", ["Pending Approval"]),
        ("penalty", ["Penalty"]),
        ("dialing", ["Penalty"]),
        ("active,inactive", ["Active", "Inactive"]),
    ],
)
def test_each_entry_shows_exactly_the_customers_in_that_state(
    client_alice: Client, choice: str, expected: list[str]
):
    in_every_status()
    assert names(client_alice, f"/customers/?f.status=in:{choice}&s=name") == expected


def test_a_penalty_whose_end_has_come_is_over_although_nothing_stored_it(client_alice: Client):
    customer = quiet("Ada", status="penalty", penalty_until=timezone.now() + timedelta(days=1))
    assert names(client_alice, ACTIVE) == []
    Customer.objects.filter(pk=customer.pk).update(penalty_until=timezone.now() - timedelta(seconds=1))
    assert names(client_alice, ACTIVE) == ["Ada"]
    assert names(client_alice, "/customers/?f.status=in:penalty&s=name") == []
    assert rows_of(client_alice.get(ACTIVE))["Ada"]["status"]["status"] == "active"


def test_each_status_has_a_badge_of_its_own(client_alice: Client):
    in_every_status()
    rows = rows_of(client_alice.get("/customers/?s=name"))
    assert {row["status"]["status"] for row in rows.values()} == set(Status.values)


def test_the_status_changes_with_a_reason_and_the_page_works_without_javascript(client_alice: Client):
    customer = quiet("Ada")
    assert "Status of Ada" in client_alice.get(f"/customers/{customer.pk}/status/").content.decode()
    response = client_alice.post(
        f"/customers/{customer.pk}/status/", {"status": "inactive", "reason": "unpaid"}
    )
    assert response.status_code == 302
    assert Customer.objects.get(pk=customer.pk).status == "inactive"


def test_htmx_hears_that_customers_changed(client_alice: Client):
    customer = quiet("Ada")
    response = client_alice.post(
        f"/customers/{customer.pk}/status/", {"status": "inactive"}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 204
    assert "customers-changed" in json.loads(response.headers["HX-Trigger"])


def test_the_status_that_a_form_showed_is_no_choice_after_somebody_else_blocked_the_customer(
    client_alice: Client,
):
    customer = quiet("Ada", status="inactive")
    answer = client_alice.post(
        f"/customers/{customer.pk}/status/",
        {"status": "active", "was": "active"},
        headers={"HX-Request": "true"},
    )
    assert (answer.status_code, answer.headers["HX-Trigger"]) == (204, '{"customers-changed": {}}')
    assert Customer.objects.get(pk=customer.pk).status == "inactive"


def test_a_status_that_does_not_exist_is_answered_with_a_sentence(client_alice: Client):
    customer = quiet("Ada")
    response = client_alice.post(f"/customers/{customer.pk}/status/", {"status": "gone"})
    assert response.status_code == 422
    assert "“gone” is no status" in response.content.decode()
    assert Customer.objects.get(pk=customer.pk).status == "active"


def test_who_may_only_read_sees_a_badge_and_is_refused_the_change(client_bob: Client, bob: User):
    grant_to(bob)("customers.view_customer")
    grant_to(bob)("customers.view_every_customer")
    customer = quiet("Ada")
    assert "pillmenu" not in rows_of(client_bob.get(ACTIVE))["Ada"]["status"]["classes"]
    response = client_bob.post(f"/customers/{customer.pk}/status/", {"status": "inactive"})
    assert response.status_code == 403
    assert Customer.objects.get(pk=customer.pk).status == "active"


def test_another_resellers_customer_cannot_be_changed_or_even_found(
    client_rita: Client, reseller_b: Any, alice: User
):
    theirs = quiet("Theirs", reseller=reseller_b)
    response = client_rita.post(f"/customers/{theirs.pk}/status/", {"status": "inactive"})
    assert response.status_code in (403, 404)
    assert Customer.objects.get(pk=theirs.pk).status == "active"


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


# --- Parts of a page, and how fresh it is


def test_htmx_gets_the_part_history_and_boosts_get_the_whole(client_alice: Client):
    part = client_alice.get(ACTIVE, headers={"HX-Request": "true"})
    assert part.content.lstrip().startswith(b'<div id="customers-grid"')
    assert "HX-Request" in part.headers["Vary"]
    for extra in ("HX-Boosted", "HX-History-Restore-Request"):
        whole = client_alice.get(ACTIVE, headers={"HX-Request": "true", extra: "true"})
        assert whole.content.lstrip().startswith(b"<!doctype html>")


def test_a_search_while_typing_has_one_entry_in_the_history(client_alice: Client):
    headers = {
        "HX-Request": "true",
        "HX-Trigger": "customers-search",
        "HX-Current-URL": "http://x/customers/?s=name",
    }
    first = client_alice.get("/customers/?q=a&s=name", headers=headers)
    assert first.headers["HX-Push-Url"] == "/customers/?q=a&s=name"
    headers["HX-Current-URL"] = "http://x/customers/?q=a&s=name"
    second = client_alice.get("/customers/?q=ab&s=name", headers=headers)
    assert second.headers["HX-Replace-Url"] == "/customers/?q=ab&s=name"


@pytest.mark.parametrize(
    ("ticked_s", "heard_s", "stale"),
    [(1, 1, False), (60, 1, True), (1, 60, True), (None, 1, True), (1, None, True)],
)
def test_figures_are_stale_when_the_pulse_or_every_switch_is_silent(
    client_alice: Client, ticked_s: int | None, heard_s: int | None, stale: bool
):
    def ago(seconds: int | None) -> datetime | None:
        return None if seconds is None else timezone.now() - timedelta(seconds=seconds)

    FeedState.objects.update_or_create(pk=1, defaults={"ticked_at": ago(ticked_s), "heard_at": ago(heard_s)})
    assert client_alice.get(ACTIVE).context["feed"].stale is stale


def test_the_poll_answers_json_or_nothing_and_is_never_cached(client_alice: Client):
    customer = quiet("Ada")
    page = client_alice.get(ACTIVE)
    url = f"{page.context['poll_url']}&ids={customer.pk}&since={page.context['revision']}"
    assert client_alice.get(url).status_code == 204
    factories.set_figures(customer, channels=3)
    answer = client_alice.get(url)
    assert "no-store" in answer.headers["Cache-Control"]
    assert "|3;|" in answer.json()["rows"][str(customer.pk)]


def test_polls_share_their_totals_for_seconds_but_never_across_what_people_may_see(
    client_alice: Client, client_rita: Client, reseller_a: Any
):
    factories.set_figures(quiet("Mine", reseller=reseller_a), channels=1)
    factories.set_figures(quiet("Nobodys"), channels=90)
    pages = {client: client.get(ACTIVE).context["poll_url"] for client in (client_alice, client_rita)}
    for client, url in pages.items():
        with CaptureQueriesContext(connection) as captured:
            totals = client.get(f"{url}&ids=&since=").json()["totals"]
        assert not [
            query for query in captured if "FILTER (WHERE" in query["sql"]
        ]  # no scan: a page just made one
        assert ("Channels 91" in text_of(totals)) == (client is client_alice)
    assert "Channels 1" in text_of(client_rita.get(f"{pages[client_rita]}&ids=&since=").json()["totals"])


def test_a_page_counts_anew_although_polls_share(client_alice: Client):
    quiet("Ada")
    client_alice.get(ACTIVE)
    quiet("Bea")
    assert text_of(client_alice.get(ACTIVE).context["totals_bar"]).startswith("2 customers")


def test_a_poll_works_while_the_cache_is_away(
    client_alice: Client, settings: Any, caplog: pytest.LogCaptureFixture
):
    customer = quiet("Ada")
    nowhere = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": nowhere}
    url = client_alice.get(ACTIVE).context["poll_url"]
    assert client_alice.get(f"{url}&ids={customer.pk}&since=").json()["rows"][str(customer.pk)]
    assert "the cache does not answer" in caplog.text


def test_a_resellers_page_costs_no_more_than_anybodys(client_rita: Client, reseller_a: Any):
    quiet("Mine", reseller=reseller_a)
    with CaptureQueriesContext(connection) as captured:
        assert list(rows_of(client_rita.get(ACTIVE))) == ["Mine"]
    assert len(captured) <= MOST_QUERIES, "\n".join(each["sql"] for each in captured)


def test_a_warning_leads_to_the_customer_where_its_own_tab_is_closed_to_the_reader(
    client_bob: Client, bob: User
):
    for permission in ("customers.view_customer", "customers.view_every_customer"):
        grant_to(bob)(permission)
    bare = factories.make_customer(name="Bare", debit_limit=0)
    cell = rows_of(client_bob.get(ACTIVE)).popitem()[1]["name"]
    assert {link for link in cell["links"] if "icons" not in link} == {f"/customers/{bare.pk}/"}
    assert "0.00" not in cell["text"]  # sums are for those who may see credit


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


# --- What old figures mean


def test_with_old_figures_nobody_is_known_to_be_dialing(client_alice: Client):
    words = "nobody can be known to be dialing"
    quiet("Ada")
    assert words in client_alice.get("/customers/?f.status=in:dialing&s=name").content.decode()
    assert words not in client_alice.get(ACTIVE).content.decode()


def test_the_head_of_the_credit_says_that_amounts_are_not_converted(client_alice: Client):
    quiet("Ada")
    assert "different currencies are not converted" in client_alice.get(ACTIVE).content.decode()


# --- The status form, what the keyboard alone must not do


def test_enter_in_the_reason_of_a_status_form_presses_nothing(client_alice):
    """Browsers press the form's first submit button on Enter; a disabled one stops that."""
    customer = factories.make_customer(status="penalty")
    answer = client_alice.get(f"/customers/{customer.pk}/status/", headers={"HX-Request": "true"})
    page = answer.content.decode()
    first = re.search(r"<button[^>]*>", page[page.index("hx-post") :]).group()
    assert "disabled" in first
    assert re.search(r'value="penalty"[^>]*aria-current="true" autofocus', page)


def test_a_status_change_is_said_in_words_and_leads_back_to_the_list_it_came_from(client_alice):
    customer = factories.make_customer(name="Altavox")
    door = f"/customers/{customer.pk}/status/"
    answer = client_alice.post(door, {"status": "penalty"}, headers={"HX-Request": "true"})
    assert (
        json.loads(answer["HX-Trigger"])["toast"]["text"] == "Altavox is now Penalty. New calls are refused."
    )
    back = "/customers/?f.status=in:active&q=alt"
    form = client_alice.get(door, headers={"Referer": f"http://localhost{back}"})
    assert "f.status=in:active&amp;q=alt" in form.content.decode()
    assert client_alice.post(door, {"status": "active", "back": back})["Location"] == back
    own = f"/customers/{customer.pk}/auth/"  # the palette opens the form from anywhere
    assert client_alice.post(door, {"status": "pending", "back": own})["Location"] == own
    for elsewhere in (
        "https://evil.example/customers/",
        "//evil.example/customers/",
        "/accounts/logout/",
        f"//evil.example{own}",
        f"{own}../../../accounts/logout/",
        f"/customers/{customer.pk + 1}/",
        door,
    ):
        assert client_alice.post(door, {"status": "active", "back": elsewhere})["Location"] == "/customers/"


def test_an_older_fault_in_the_row_or_a_deletion_meanwhile_is_no_server_error(client_alice):
    customer = factories.make_customer()
    Customer.objects.filter(pk=customer.pk).update(website="no url")
    door = f"/customers/{customer.pk}/status/"
    assert client_alice.post(door, {"status": "inactive"}, headers={"HX-Request": "true"}).status_code == 204
    Customer.objects.filter(pk=customer.pk).update(deleted_at=timezone.now())
    assert client_alice.post(door, {"status": "active"}).status_code == 404
