"""Latest calls: looked up, paged, and only what a person may see; each look reads few partitions."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls import latest, partitions
from calls.callkeys import CallKey, NoKey
from customers.models import Customer
from tests import factories
from tests.pages import links, words
from tests.test_every_grid import grant_to
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
DAY = f"{NOON:%Y-%m-%d}"


@pytest.fixture
def customer() -> Customer:
    return factories.make_customer(name="Altavox")


def rows(answer: Any) -> list[str]:
    """Call-IDs of the list, as they stand."""
    table = answer.content.decode().partition('id="calls"')[2]
    return re.findall(r'title="([^"]*)">[^<]*</td></tr>', table)


def on(day: str = DAY, **asked: str) -> dict[str, str]:
    return {"from": f"{day}T00:00", "until": f"{day}T23:59", **asked}


# --- Look-up


@pytest.mark.accept("C-78")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("4930123456", ["berlin"]),
        ("+49 30 123456", ["berlin"]),
        ("30123456", ["berlin"]),  # without its prefix
        ("2819#49301", []),  # no number, and no Call-ID has it
        ("442079460123", ["paris", "berlin"]),  # the caller of both
        ("pa", ["paris"]),
        ("a84b4c76", ["berlin"]),
        ("203.0.113.7", ["paris"]),
        ("2001:db8::0:1", ["berlin"]),
        ("nobody", []),
        ("%", []),
        ("_", []),
        ("'; DROP TABLE calls_cdr --", []),
    ],
)
def test_a_recent_call_is_found_by_number_call_id_or_address(client_alice: Client, customer, asked, found):
    berlin = factories.make_cdr(
        customer, started_at=NOON, callid="a84b4c76e66710@berlin", cli="442079460123",
        destination="4930123456", source_ip="2001:db8::1",
    )  # fmt: skip
    paris = factories.make_cdr(
        customer, started_at=NOON + timedelta(seconds=1), callid="paris", cli="442079460123",
        destination="33140", source_ip="203.0.113.7",
    )  # fmt: skip
    named = {"berlin": berlin.callid, "paris": paris.callid}
    for path in ("/calls/", f"/customers/{customer.pk}/calls/"):
        assert rows(client_alice.get(path, on(q=asked))) == [named[one] for one in found], path


def test_only_who_may_read_switches_finds_calls_by_the_address_of_one(
    client_alice: Client, client_rita: Client, rita: User, reseller_a
):
    grant_to(rita)("calls.view_cdr")
    own = factories.make_customer(reseller=reseller_a)
    factories.make_cdr(own, started_at=NOON, callid="one", switch_ip="198.51.100.9")
    assert rows(client_alice.get("/calls/", on(q="198.51.100.9"))) == ["one"]
    assert rows(client_rita.get("/calls/", on(q="198.51.100.9"))) == []
    assert rows(client_rita.get("/calls/", on())) == ["one"]


def test_a_day_or_a_month_can_be_picked(client_alice: Client, customer):
    factories.make_cdr(customer, started_at=NOON, callid="that day")
    factories.make_cdr(customer, started_at=NOON - timedelta(days=20), callid="that month")
    path = f"/customers/{customer.pk}/calls/"
    assert rows(client_alice.get(path)) == []
    assert rows(client_alice.get(path, on())) == ["that day"]
    month = {"from": f"{NOON - timedelta(days=25):%Y-%m-%d}", "until": f"{NOON:%Y-%m-%dT%H:%M:30}"}
    assert rows(client_alice.get(path, month)) == ["that day", "that month"]


def test_times_are_those_of_the_user_and_utc_is_the_tooltip(client_alice: Client, alice: User, customer):
    User.objects.filter(pk=alice.pk).update(time_zone="America/New_York")
    call = factories.make_cdr(customer, started_at=NOON)
    there = NOON.astimezone(__import__("zoneinfo").ZoneInfo("America/New_York"))
    minute = {"from": f"{there:%Y-%m-%dT%H:%M}", "until": f"{there + timedelta(minutes=1):%Y-%m-%dT%H:%M}"}
    answer = client_alice.get("/calls/", minute)
    assert rows(answer) == [call.callid]
    page = answer.content.decode()
    assert f"{there:%H:%M:%S}</time>" in page
    assert f'title="{NOON:%Y-%m-%d %H:%M:%S} UTC"' in page
    assert rows(client_alice.get("/calls/", {**minute, "until": minute["from"]})) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"from": "yesterday"}, "This is no time. Write it like 2026-11-25T10:00."),
        ({"until": "99999-01-01T00:00"}, "This is no time."),
        ({"from": "2026-03-02T10:00", "until": "2026-03-02T09:00"}, "The span ends before it begins."),
        ({"from": "2026-01-01T00:00", "until": "2026-03-01T00:00"}, "59 days long; at most 31"),
        ({"from": "0001-01-01"}, "No call began in this span."),
        ({"until": "9999-12-31T23:59"}, "at most 31"),
        ({"q": "x" * 5000}, "at most 255 characters"),
        ({"before": "nonsense"}, "No call began today."),
        ({"after": "AAAA"}, "No call began today."),
    ],
)
def test_what_makes_no_sense_is_said_and_breaks_nothing(client_alice: Client, asked, said):
    answer = client_alice.get("/calls/", asked)
    assert answer.status_code == 200
    assert said in words(answer)


def test_a_look_up_that_reads_too_much_is_given_up_with_a_hint(
    client_alice: Client, customer, monkeypatch: pytest.MonkeyPatch
):
    factories.make_cdr(customer, started_at=NOON)
    monkeypatch.setattr(latest, "PATIENCE_MS", 1)
    monkeypatch.setattr(
        "calls.querysets.CdrQuerySet.look_up",
        lambda rows, words, switches: rows.extra(where=["pg_sleep(0.5) IS NOT NULL"]),
    )
    answer = client_alice.get("/calls/", on(q="441"))
    assert "That look-up takes too long." in words(answer)
    monkeypatch.undo()
    assert len(rows(client_alice.get("/calls/", on()))) == 1  # the connection has its patience back


# --- Pages


def test_every_call_is_on_one_page_and_the_way_back_leads_through_the_same_pages(
    client_alice: Client, customer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(latest, "PER_PAGE", 3)
    switch = factories.make_switch()[0]
    for number in range(8):  # three starts only, so that the rest of the key decides
        started = NOON + timedelta(seconds=number // 3)
        factories.make_cdr(customer, switch=switch, started_at=started, callid=f"call {number}")
    url = f"/customers/{customer.pk}/calls/?from={DAY}T00:00&until={DAY}T23:59&q=call"
    pages, older = [], url
    while older:
        answer = client_alice.get(older)
        pages.append(rows(answer))
        older = next((link for link in links(answer) if "before=" in link), "")
    assert pages == [["call 7", "call 6", "call 5"], ["call 4", "call 3", "call 2"], ["call 1", "call 0"]]
    back = [pages[-1]]
    while newer := next((link for link in links(answer) if "after=" in link), ""):
        answer = client_alice.get(newer)
        back.append(rows(answer))
    assert back == pages[::-1]
    assert parse_qs(urlsplit(newer or url).query)["q"] == ["call"]


def scanned(client: Client, url: str, asked: dict[str, str]) -> set[str]:
    """The partitions that the plans of a page's queries would read."""
    found: set[str] = set()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url, asked).status_code == 200
    for query in captured:
        if "calls_cdr" in query["sql"] and query["sql"].startswith("SELECT"):
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN " + query["sql"].replace("%", "%%"), [])
                found |= set(re.findall(r"calls_cdr_\d{8}", "\n".join(row[0] for row in cursor.fetchall())))
    return found


def test_no_look_reads_more_partitions_than_days_are_asked_for(client_alice: Client, customer):
    today = timezone.now().date()
    partitions.ensure(today - timedelta(days=days) for days in range(40))
    call = factories.make_cdr(customer, started_at=NOON, callid="one")
    key = CallKey.of(call).word
    tab = f"/customers/{customer.pk}/calls/"
    week = {"from": f"{today - timedelta(days=7)}", "until": f"{today}"}
    for url, asked, days in (
        ("/calls/", {}, 1),
        (tab, {}, 1),
        ("/calls/", on(), 1),
        (tab, on(q="one"), 1),
        (tab, on(q="4930"), 1),
        ("/calls/", on(q="one", before=key), 1),
        ("/calls/", on(after=key), 1),
        ("/calls/", week, 7),
        (f"/calls/call/{key}/", {}, 1),
    ):
        read = scanned(client_alice, url, asked)
        assert 1 <= len(read) <= days, f"{url} {asked} reads {sorted(read)}"


def test_nothing_is_ever_counted_and_more_calls_cost_no_more_queries(client_alice: Client, customer):
    def asked() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            client_alice.get("/calls/", on())
        return [query["sql"] for query in captured]

    factories.make_cdr(customer, started_at=NOON)
    few = asked()
    for number in range(20):
        other = factories.make_customer()
        factories.make_cdr(other, started_at=NOON + timedelta(seconds=number))
    many = asked()
    assert len(many) == len(few)
    assert not [sql for sql in many if "COUNT(" in sql and "calls_cdr" in sql]


@pytest.mark.parametrize("asked", [{}, {"q": "4930"}])
def test_where_today_has_nothing_the_last_month_is_one_click_away(client_alice: Client, customer, asked):
    factories.make_cdr(customer, callid="yesterday", started_at=NOON, destination="4930123456")
    path = f"/customers/{customer.pk}/calls/"
    [longer] = [link for link in links(client_alice.get(path, asked)) if "from=" in link]
    answer = client_alice.get(longer)
    assert rows(answer) == ["yesterday"]
    nothing = client_alice.get(path, {"q": "999", "from": DAY})
    assert "No call with" in words(nothing)
    assert "Look through the last month" not in words(nothing)


def test_charges_of_one_list_have_as_many_decimals(client_alice: Client, customer):
    for charge in ("0", "0.0008", "1.25"):
        factories.make_cdr(customer, started_at=NOON, customer_charge=charge)
    page = words(client_alice.get("/calls/", on()), "id", "calls")
    assert [figure for figure in ("0.0000 EUR", "0.0008 EUR", "1.2500 EUR") if figure not in page] == []


# --- Who sees what


def test_a_resellers_user_sees_own_calls_once_each_and_no_carrier_or_cost(
    client_rita: Client, rita: User, reseller_a, customer
):
    """Not even with every right there is."""
    rita.groups.add(*factories.make_staff(role=Role.ADMINISTRATOR).groups.all())
    own = factories.make_customer(reseller=reseller_a)
    carrier = factories.make_carrier(name="Hush Carrier")
    switch = factories.make_switch(name="Secret Switch")[0]
    common = {"switch": switch, "started_at": NOON, "carrier_id": carrier.pk, "carrier_charge": "0.0777",
              "carrier_currency": "EUR", "meta": {"via": "Hush Carrier"}}  # fmt: skip
    failed = factories.make_cdr(
        own, callid="x", attempt=1, is_last=False, sip_code=503, connected=False, **common
    )
    last = factories.make_cdr(own, callid="x", attempt=2, **common)
    factories.make_cdr(customer, callid="strange", **common)
    answer = client_rita.get("/calls/", on())
    assert rows(answer) == ["x"]
    assert client_rita.get(f"/calls/call/{CallKey.of(failed).word}/").status_code == 404
    page = client_rita.get(f"/calls/call/{CallKey.of(last).word}/")
    assert page.status_code == 200
    for shown in (answer, page, client_rita.get(f"/customers/{own.pk}/calls/", on())):
        for hidden in ("Hush", "Secret", "0.0777", "strange", "503"):
            assert hidden not in shown.content.decode()


def test_support_sees_calls_and_carriers_but_no_money(client: Client, customer):
    client.force_login(factories.make_staff(role=Role.SUPPORT))
    carrier = factories.make_carrier(name="Nordhav")
    call = factories.make_cdr(customer, started_at=NOON, carrier_id=carrier.pk, customer_charge="1.2345",
                              carrier_charge="0.9876", rating={"cost": "0.9876"})  # fmt: skip
    for answer in (client.get("/calls/", on()), client.get(f"/calls/call/{CallKey.of(call).word}/")):
        page = answer.content.decode()
        assert "Nordhav" in page
        assert "1.2345" not in page
        assert "0.9876" not in page


def test_the_menu_and_the_tab_lead_there_for_who_may_see_calls(
    client_alice: Client, client: Client, customer
):
    assert "/calls/" in links(client_alice.get("/"))
    page = links(client_alice.get(f"/customers/{customer.pk}/"))
    assert f"/customers/{customer.pk}/calls/" in page
    assert f"/customers/{customer.pk}/dialogs/" in page
    client.force_login(factories.make_staff(role=Role.FINANCE))  # calls, but no live ones
    page = links(client.get(f"/customers/{customer.pk}/"))
    assert f"/customers/{customer.pk}/calls/" in page
    assert f"/customers/{customer.pk}/dialogs/" not in page
    assert client.get("/calls/live/").status_code == 403


# --- Keys


@pytest.mark.parametrize("callid", ["a", "a.b@c;d", "x/../y", "日本 ☎", "." * 255, "\n"])
def test_a_key_is_one_word_for_an_address_and_back(callid: str):
    key = CallKey(7, datetime(2026, 11, 21, 10, 0, 0, 123_456, tzinfo=UTC), 3, 2, callid)
    assert CallKey.read(key.word) == key
    assert re.fullmatch(r"[\w-]+", key.word)


@pytest.mark.parametrize(
    "word",
    ["", "x", "=", "AAAA", "é", "a" * 5000, "MS4yLjMuNC54=", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5LjEuMS4xLmE"],
)
def test_a_word_that_is_no_key_is_refused(word: str):
    with pytest.raises(NoKey):
        CallKey.read(word)


def test_a_call_id_that_is_markup_is_text(client_alice: Client, customer):
    evil = '<script>alert("x")</script>'
    call = factories.make_cdr(
        customer, started_at=NOON, callid=evil, cli=evil[:60], meta={"a": evil}, sip_reason=evil
    )
    for answer in (
        client_alice.get("/calls/", on(q=evil)),
        client_alice.get(f"/calls/call/{CallKey.of(call).word}/"),
    ):
        assert "<script>alert" not in answer.content.decode()
