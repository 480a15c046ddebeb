"""Call records as a grid: days and spans, two zones, few partitions, and only what a person may see."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls import partitions
from calls.callkeys import CallKey
from calls.grids import CdrGrid
from calls.models import Cdr
from customers.models import Customer
from grids.testing import seen
from tests import factories
from tests.pages import links, words
from users.models import User
from users.roles import Role

pytestmark = pytest.mark.django_db

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
ALL = "/calls/records/?s=-start"


@pytest.fixture
def customer() -> Customer:
    return factories.make_customer(name="Altavox")


def callids(answer: Any) -> list[str]:
    """Call-IDs of the list, as they stand."""
    return [CallKey.read(word).callid for word in seen(answer).ids]


# --- Which time


@pytest.mark.accept("C-97")
def test_the_tab_shows_today_and_any_other_day_or_month(client_alice: Client, customer):
    tab = f"/customers/{customer.pk}/cdr/"
    assert links(client_alice.get(f"/customers/{customer.pk}/")).count(tab) == 1
    now = timezone.now()
    last_month = NOON.replace(day=1) - timedelta(days=3)
    for name, at in (("now", now), ("that day", NOON), ("last month", last_month)):
        factories.make_cdr(customer, started_at=at, callid=name)
    factories.make_cdr(factories.make_customer(), started_at=NOON, callid="of somebody else")
    bare = client_alice.get(tab, follow=True)
    assert bare.redirect_chain == [(f"{tab}?f.start=on:today&s=-start", 302)]
    assert callids(bare) == ["now"]
    assert callids(client_alice.get(f"{tab}?f.start=on:{NOON:%Y-%m-%d}&s=-start")) == ["that day"]
    assert callids(client_alice.get(presets(bare)["Last month"])) == [
        name for name, at in (("that day", NOON), ("last month", last_month)) if at.month == last_month.month
    ]
    form = {
        "apply": "when", "card": "start", "o.start": "between", "s": "-start",
        "v.start": f"{last_month:%Y-%m-%d}", "w.start": f"{last_month:%Y-%m-%d}",
    }  # fmt: skip
    chosen = client_alice.get(tab, form, follow=True)
    assert callids(chosen) == ["last month"]
    assert parse_qs(urlsplit(chosen.redirect_chain[-1][0]).query)["f.start"] == [
        f"between:{last_month:%Y-%m-%d},{last_month:%Y-%m-%d}"
    ]


def presets(answer: Any) -> dict[str, str]:
    return {one["words"]: one["url"] for one in answer.context["presets"]}


def test_without_a_condition_it_is_about_the_last_month_and_says_so(client_alice: Client, customer):
    factories.make_cdr(customer, started_at=NOON, callid="near")
    factories.make_cdr(customer, started_at=NOON - timedelta(days=40), callid="far")
    page = client_alice.get(ALL)
    assert callids(page) == ["near"]
    begin = timezone.now() - timedelta(days=31)
    assert f"{begin.day} {begin:%b %Y}" in words(page)
    far = client_alice.get(f"{ALL}&f.start=older:35d")
    assert callids(far) == ["far"]


@pytest.mark.accept(
    "C-100", part="filters of every column, choice of columns and both time zones; no download yet"
)
def test_times_and_days_are_the_viewers_or_those_of_utc(client_alice: Client, alice: User, customer):
    User.objects.filter(pk=alice.pk).update(time_zone="Pacific/Auckland")
    zone = ZoneInfo("Pacific/Auckland")
    at = NOON.replace(hour=20)  # the next morning there
    factories.make_cdr(customer, started_at=at, callid="late")
    there, here = at.astimezone(zone), at
    own = client_alice.get(f"{ALL}&f.start=on:{there:%Y-%m-%d}")
    assert callids(own) == ["late"]
    assert f"{there:%H:%M:%S}</time>" in own.content.decode()
    assert f'title="{at:%Y-%m-%d %H:%M:%S} UTC"' in own.content.decode()
    [utc] = [one["url"] for one in own.context["zones"] if one["words"] == "UTC"]
    assert callids(client_alice.get(utc)) == []
    day = client_alice.get(f"/calls/records/?z=utc&f.start=on:{here:%Y-%m-%d}&s=-start")
    assert callids(day) == ["late"]
    assert f"{here:%H:%M:%S}</time>" in day.content.decode()


# --- How much is read


def scanned(client: Client, url: str) -> set[str]:
    """The partitions that the plans of a page's queries would read."""
    found: set[str] = set()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code in (200, 204)
    for query in captured:
        if '"calls_cdr"' in query["sql"] and query["sql"].lstrip().startswith(("SELECT", "WITH", "(")):
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN " + query["sql"].replace("%", "%%"), [])
                found |= set(re.findall(r"calls_cdr_\d{8}", "\n".join(row[0] for row in cursor.fetchall())))
    return found


def test_no_page_reads_more_partitions_than_days_are_asked_for(client_alice: Client, customer):
    today = timezone.now().date()
    partitions.ensure(today - timedelta(days=days) for days in range(-2, 60))
    for second in range(3):
        factories.make_cdr(customer, started_at=NOON + timedelta(seconds=second), callid=f"call {second}")
    day = f"f.start=on:{NOON:%Y-%m-%d}"
    onwards = client_alice.get(f"{ALL}&{day}&n=1").context["next_url"]
    back = client_alice.get(client_alice.get(onwards).context["next_url"]).context["previous_url"]
    ids = ",".join(seen(client_alice.get(f"{ALL}&{day}")).ids)
    tab = f"/customers/{customer.pk}/cdr/"
    for url, days in (
        (f"{ALL}&{day}", 1),
        (f"{ALL}&{day}&q=call", 1),
        (f"{ALL}&{day}&q=4930", 1),
        (f"/calls/records/?s=-duration,cli&{day}", 1),
        (onwards, 1),
        (back, 1),
        (f"{ALL}&{day}&panel=filters.carrier&f.country=in:DE", 1),
        (f"{ALL}&{day}&g=result&open=200", 1),
        (f"{ALL}&{day}&p=result&g=country", 1),
        (f"{ALL.replace('?', 'live/?')}&{day}&ids={ids}", 1),
        (f"/calls/records/values/?column=codec&s=-start&{day}", 1),
        (f"{tab}?s=-start&{day}", 1),
        (f"{tab}?s=-start&f.start=prev:7d", 8),
        (ALL, 32),
        (f"{ALL}&f.start=older:20d", 32),
        (f"{ALL}&f.start=from:1970-01-01&f.start=until:2199-12-31&f.start=any", 32),
    ):
        read = scanned(client_alice, url)
        assert 1 <= len(read) <= days, f"{url} reads {sorted(read)}"


def test_records_are_never_counted(client_alice: Client, customer):
    for second in range(12):
        factories.make_cdr(customer, started_at=NOON + timedelta(seconds=second))
    for url in (f"{ALL}&n=5", f"{ALL}&q=nothing-like-this", f"{ALL}&panel=filters.country", f"{ALL}&page=7"):
        with CaptureQueriesContext(connection) as captured:
            client_alice.get(url)
        over_all = [
            sql for sql in (query["sql"] for query in captured)
            if "COUNT(" in sql.upper() and "calls_cdr" in sql and "LIMIT 10000" not in sql
        ]  # fmt: skip
        assert not over_all, url
    assert "5 records on this page" in words(client_alice.get(f"{ALL}&n=5"))


def test_page_three_hundred_reads_what_page_one_reads(alice: User, customer):
    switch = factories.make_switch()[0]
    factories.make_cdr(customer, started_at=NOON, callid="first", switch=switch)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO calls_cdr SELECT (jsonb_populate_record(cdr, jsonb_build_object('callid', 'c' || n,"
            " 'started_at', cdr.started_at + make_interval(secs => n / 3)))).*"
            " FROM calls_cdr AS cdr, generate_series(1, 3000) AS n"
        )
        cursor.execute("ANALYZE calls_cdr")
        cursor.execute("SET LOCAL enable_seqscan = off")

    def at(url: str) -> CdrGrid:
        return CdrGrid(user=alice, params=QueryDict(urlsplit(url).query), path="/calls/records/")

    near = far = at(f"{ALL}&n=10&f.start=prev:7d")
    found = [row["callid"] for row in near.rows]
    for _page in range(299):
        far = at(far.next_url)
        found += [row["callid"] for row in far.rows]
    assert len(found) == len(set(found)) == 3000
    assert far.page == 300
    assert read(at, far.url) <= 2 * read(at, near.url)


def read(at: Any, url: str) -> float:
    """Records that PostgreSQL touches for one page."""
    with CaptureQueriesContext(connection) as captured:
        assert at(url).rows
    total = 0.0
    with connection.cursor() as cursor:
        for query in captured:
            if '"calls_cdr"' not in query["sql"]:
                continue
            cursor.execute("EXPLAIN (ANALYZE, TIMING OFF) " + query["sql"].replace("%", "%%"), [])
            plan = "\n".join(row[0] for row in cursor.fetchall())
            for line in plan.splitlines():
                if (
                    "Scan" in line
                    and "calls_cdr" in line
                    and (rows := re.search(r"actual rows=([\d.]+)", line))
                ):
                    total += float(rows[1])
            total += sum(float(one) for one in re.findall(r"Rows Removed by Filter: (\d+)", plan))
    return total


def test_looking_too_long_is_given_up_with_a_hint(client_alice: Client, customer, monkeypatch):
    factories.make_cdr(customer, started_at=NOON)
    monkeypatch.setattr(CdrGrid, "patience_ms", 1)
    monkeypatch.setattr(
        "calls.querysets.CdrQuerySet.look_up",
        lambda rows, words, switches: rows.extra(where=["pg_sleep(0.5) IS NOT NULL"]),
    )
    page = client_alice.get(f"{ALL}&q=441")
    assert "Looking that up takes too long." in words(page)
    assert client_alice.get(f"{ALL.replace('?', 'live/?')}&q=441").status_code == 204
    monkeypatch.undo()
    assert len(seen(client_alice.get(ALL)).ids) == 1  # the connection has its patience back


# --- What is in it


def test_a_record_leads_to_its_call_and_to_its_customer(client_alice: Client, customer):
    call = factories.make_cdr(customer, started_at=NOON, callid="one", customer_charge="0.00012345")
    page = client_alice.get(ALL)
    found = links(page)
    assert f"/calls/call/{CallKey.of(call).word}/" in found
    assert f"/customers/{customer.pk}/cdr/" in found
    assert "0.00012345 EUR" in words(page)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("f.result=in:503", ["b"]), ("q=result:503", ["b"]), ("q=customer:Altavox", ["b", "a"]),
        ("q=carrier:Nordhav", ["a"]), ("q=duration>0:30", ["a"]), ("q=country:de", ["a"]),
        ("f.connected=is:no", ["b"]), ("q=4930123", ["a"]), ("f.charge=gt:0.0001", ["a"]),
        ("q=carrier:blank", ["b"]), ("q=-country:DE", ["b"]),
    ],
)  # fmt: skip
def test_records_are_found_by_what_is_in_them(client_alice: Client, customer, asked: str, found: list[str]):
    carrier = factories.make_carrier(name="Nordhav")
    factories.make_cdr(
        customer, started_at=NOON, callid="a", carrier_id=carrier.pk, destination="4930123",
        destination_country="DE", customer_charge="0.0002",
    )  # fmt: skip
    factories.make_cdr(
        customer, started_at=NOON + timedelta(seconds=1), callid="b", sip_code=503, connected=False
    )
    page = client_alice.get(f"/calls/records/?s=-start&{asked}", follow=True)
    assert seen(page).bad_chips == 0
    assert callids(page) == found


def test_groups_and_pivot_work_over_a_day(client_alice: Client, customer):
    for number, code in enumerate((200, 200, 503)):
        factories.make_cdr(
            customer, started_at=NOON + timedelta(seconds=number), callid=f"c{number}", sip_code=code,
            connected=code == 200, customer_charge="0.5" if code == 200 else None, destination_country="DE",
        )  # fmt: skip
    day = f"f.start=on:{NOON:%Y-%m-%d}"
    grouped = client_alice.get(f"{ALL}&{day}&g=result&open=200")
    assert re.search(r"200 2 records.*2:00.*1\.0000 EUR", words(grouped))
    assert callids(grouped) == ["c1", "c0"]
    assert words(client_alice.get(f"{ALL}&{day}&g=country&p=result")).count("DE") >= 1


# --- Who sees what


def test_a_resellers_user_sees_own_records_once_each_and_no_carrier_switch_or_cost(
    client_rita: Client, rita: User, reseller_a, customer
):
    """Not even with every right there is, nor by asking for hidden columns."""
    rita.groups.add(*factories.make_staff(role=Role.ADMINISTRATOR).groups.all())
    own = factories.make_customer(reseller=reseller_a)
    carrier = factories.make_carrier(name="Hush Carrier")
    switch = factories.make_switch(name="Secret Switch")[0]
    common = {"switch": switch, "started_at": NOON, "carrier_id": carrier.pk, "carrier_charge": "0.0777",
              "carrier_currency": "EUR", "switch_ip": "198.51.100.9"}  # fmt: skip
    factories.make_cdr(own, callid="x", attempt=1, is_last=False, sip_code=503, connected=False, **common)
    factories.make_cdr(own, callid="x", attempt=2, **common)
    factories.make_cdr(customer, callid="strange", **common)
    for url in (ALL, f"{ALL}&c=start,callid,carrier,switch,cost,attempt,switch_ip,last",
                f"/customers/{own.pk}/cdr/?s=-start"):  # fmt: skip
        page = client_rita.get(url)
        assert callids(page) == ["x"]
        for hidden in ("Hush", "Secret", "0.0777", "strange", "503", "198.51.100.9"):
            assert hidden not in page.content.decode()
    assert callids(client_rita.get(f"{ALL}&q=198.51.100.9")) == []
    for part in ("", "live/", "suggest/", "values/"):
        url = f"/customers/{customer.pk}/cdr/{part}?s=-start&column=codec"
        assert client_rita.get(url).status_code == 404
    one = factories.make_cdr(customer, callid="not hers", started_at=NOON)
    answer = client_rita.get(f"{ALL.replace('?', 'live/?')}&ids={CallKey.of(one).word}")
    assert "not hers" not in answer.content.decode()


def test_support_sees_records_and_carriers_but_no_money(client: Client, customer):
    client.force_login(factories.make_staff(role=Role.SUPPORT))
    carrier = factories.make_carrier(name="Nordhav")
    factories.make_cdr(customer, started_at=NOON, carrier_id=carrier.pk, customer_charge="1.2345",
                       carrier_charge="0.9876")  # fmt: skip
    page = client.get(f"{ALL}&c=start,carrier,charge,cost,billed")
    assert "Nordhav" in page.content.decode()
    assert "1.2345" not in page.content.decode()
    assert "0.9876" not in page.content.decode()
    assert seen(page).bad_chips == 3


def test_there_is_no_other_record_under_a_key(customer):
    call = factories.make_cdr(customer, started_at=NOON)
    pk = (call.customer_id, call.started_at, call.switch_id, call.callid, call.attempt)
    assert CdrGrid.keys.read(Cdr, CdrGrid.keys.word(pk)) == pk
    assert CdrGrid.keys.read(Cdr, "nonsense") is None
