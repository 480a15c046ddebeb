"""Calls come in over HTTP, a real pulse folds them, and the open page moves by itself."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
from django.db import connection
from playwright.sync_api import Locator, Page, expect

from customers.models import Customer, FeedState
from tests.calls.conversation import deliver, now, record, send
from tests.factories import make_customer, make_switch

pytestmark = pytest.mark.django_db(transaction=True)

CHECKOUT = Path(__file__).resolve().parents[2]
# A tick, a poll and some patience for a machine that does other work too; the promise itself is 5 s.
SOON = 9_000


@pytest.fixture
def pulse(transactional_db: None) -> Iterator[subprocess.Popen[bytes]]:
    """A real `manage.py pulse` on this test's database."""
    url = urlsplit(os.environ["DATABASE_URL"])
    name = quote(connection.settings_dict["NAME"])
    process = subprocess.Popen(
        [sys.executable, "manage.py", "pulse"],
        cwd=CHECKOUT,
        env={**os.environ, "DATABASE_URL": urlunsplit(url._replace(path=f"/{name}")), "PULSE_TICK_MS": "500"},
    )
    _wait_for_a_tick()  # until then nobody counts, and a burst that is over meanwhile is never seen
    yield process
    process.terminate()
    assert process.wait(timeout=20) == 0


def _wait_for_a_tick() -> None:
    until = time.monotonic() + 60
    while not FeedState.objects.exists():
        assert time.monotonic() < until, "the pulse did not tick"
        time.sleep(0.1)


class Line:
    """A switch with calls up: says what starts and ends, and names all live calls every two seconds."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.up: dict[str, dict[str, Any]] = {}
        self._changing = threading.Lock()
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._name_all_again_and_again, daemon=True)
        self._thread.start()

    def start(self, customer: Customer, *callids: str) -> None:
        at = now().isoformat()
        calls = [{"customer_id": customer.pk, "callid": callid, "started_at": at} for callid in callids]
        with self._changing:
            self.up |= {call["callid"]: call for call in calls}
        self._say([{**call, "event": "start", "at": at} for call in calls])

    def end(self, *callids: str) -> None:
        with self._changing:
            calls = [self.up.pop(callid) for callid in callids]
        self._say([{**call, "event": "ended", "at": now().isoformat()} for call in calls])

    def hang_up(self) -> None:
        """From here on this switch is silent, as if its link were cut."""
        self._enough.set()
        self._thread.join()

    def _name_all_again_and_again(self) -> None:
        while not self._enough.wait(2):
            with self._changing:
                calls = [{**call, "state": "connected"} for call in self.up.values()]
            self._say([{"event": "snapshot", "at": now().isoformat(), "calls": calls}])
        connection.close()

    def _say(self, events: list[dict[str, Any]]) -> None:
        response = send("dialogs", self.token, events)
        assert response.json()["refused"] == []


@pytest.fixture
def line(transactional_db: None) -> Iterator[Line]:
    line = Line(make_switch()[1])
    yield line
    line.hang_up()


def cell(page: Page, customer: Customer, column: str) -> Locator:
    """The cell of a customer's row."""
    return page.get_by_role("row").filter(has_text=customer.name).locator(f"td[data-c={column}]")


def tooltip(page: Page, customer: Customer, column: str) -> str:
    """What hovering over a figure tells."""
    return cell(page, customer, column).locator("[title]").first.get_attribute("title") or ""


@pytest.mark.accept("G-07", "W-03")
def test_channels_rise_and_fall_by_themselves_while_calls_start_and_stop(visit, pulse, line):
    customer = make_customer(name="Altavox Wholesale", channels_limit=10)
    page = visit("/customers/")
    expect(cell(page, customer, "channels")).to_contain_text("0 / 10")
    line.start(customer, "a", "b", "c")
    expect(cell(page, customer, "channels")).to_contain_text("3 / 10", timeout=SOON)
    line.end("a", "b")
    expect(cell(page, customer, "channels")).to_contain_text("1 / 10", timeout=SOON)


@pytest.mark.accept("G-08")
def test_cps_shows_a_burst_of_its_customer_and_returns_to_0(visit, pulse, line):
    caller, quiet = make_customer(name="Burst Dialer"), make_customer(name="Quiet Retail")
    page = visit("/customers/")
    expect(cell(page, caller, "cps")).to_contain_text("0.0")
    line.start(caller, *[f"call {n}" for n in range(20)])
    expect(cell(page, caller, "cps")).to_contain_text("2.0", timeout=SOON)
    expect(cell(page, quiet, "cps")).to_contain_text("0.0")
    expect(cell(page, caller, "cps")).to_contain_text("0.0", timeout=20_000)


@pytest.mark.accept("G-30")
def test_dialing_lists_a_customer_while_it_has_a_live_call_and_drops_it_afterwards(visit, pulse, line):
    customer, _idle = make_customer(name="Now And Then Ltd"), make_customer(name="Never Ltd")
    page = visit("/customers/?f.status=in:dialing")
    rows = page.locator("tbody tr[data-id]")
    expect(rows).to_have_count(0)
    line.start(customer, "a")
    expect(rows).to_have_count(1, timeout=SOON)
    expect(rows).to_contain_text("Now And Then Ltd")
    line.end("a")
    expect(rows).to_have_count(0, timeout=SOON)


@pytest.mark.accept("G-09", "G-10", "G-11", "G-12", "G-13", "W-02")
def test_a_known_set_of_calls_shows_the_figures_computed_by_hand(visit, pulse, line):
    """3 of 4 connected, 6:00 of talk in all; delays 1, 2, 3 and 4 s; another customer has a slow carrier."""
    known, slow = make_customer(name="Known Set"), make_customer(name="Slow Carrier")
    page = visit("/customers/")
    delays = [1_000, 2_000, 3_000, 4_000]
    answered = [record(known, duration_ms=60_000 * n, pdd_ms=delays[n - 1]) for n in (1, 2, 3)]
    deliver(line.token, *answered, record(known, sip_code=486, pdd_ms=delays[3]))
    deliver(line.token, record(slow, pdd_ms=10_000))
    expect(cell(page, known, "asr")).to_contain_text("75.0", timeout=SOON)
    expect(cell(page, known, "acd")).to_contain_text("2:00")
    expect(cell(page, known, "pdd")).to_contain_text("2.5")
    expect(cell(page, known, "last_call")).not_to_contain_text("—")
    told = tooltip(page, known, "acd")
    assert "total duration ÷ answered calls): 2:00" in told
    assert "Over all calls (total duration ÷ total calls): 1:30" in told
    assert "carrier" in tooltip(page, slow, "pdd")
    expect(cell(page, slow, "pdd").locator("svg")).to_be_visible()


def test_when_the_switch_falls_silent_figures_fall_to_0_and_the_page_says_within_15_s_that_they_are_old(
    visit, pulse, line
):
    customer = make_customer(name="Cut Off")
    page = visit("/customers/")
    line.start(customer, "a", "b")
    expect(cell(page, customer, "channels")).to_contain_text("2", timeout=SOON)
    line.hang_up()
    expect(page.locator("[data-stale]")).to_be_hidden()
    silent_since = now()
    expect(page.locator("[data-stale]")).to_be_visible(timeout=15_000)
    assert now() - silent_since < timedelta(seconds=15)
    expect(cell(page, customer, "channels")).not_to_contain_text("2", timeout=SOON)
    expect(cell(page, customer, "cps")).to_contain_text("0.0")
