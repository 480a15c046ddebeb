"""The real application under `make run` while a switch keeps sending: whoever is killed, no call is lost."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest

from launcher.environment import CHECKOUT
from launcher.processes import wait_for
from tests.launcher.toys import running

ROUNDS = int(os.environ.get("CONNEX_SOAK", "1"))
SEED = """
import django; django.setup()
from tests import factories
switch, token = factories.make_switch(); customer = factories.make_customer()
print(token, customer.pk)
"""
CALLS_PER_DELIVERY = 3
CHARGE = "0.01"


class Sender(threading.Thread):
    """A switch as it should be: sends a delivery again until it hears that it was stored."""

    def __init__(self, port: int, token: str, customer_id: int) -> None:
        super().__init__(daemon=True)
        self.address = f"http://127.0.0.1:{port}/api/switch/cdrs"
        self.token, self.customer_id = token, customer_id
        self.accepted = 0  # calls of which a 2xx has told that they are stored
        self.refused: list[str] = []
        self.enough = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.enough.is_set():
            number += 1
            body = json.dumps([self._call(f"{number}-{part}") for part in range(CALLS_PER_DELIVERY)]).encode()
            while not self._deliver(body):
                time.sleep(0.1)
            if number % 5 == 0:
                self._deliver(body)  # a switch that missed our answer says it twice
            self.accepted += CALLS_PER_DELIVERY
            time.sleep(0.02)

    def _call(self, callid: str) -> dict[str, object]:
        now = datetime.now(UTC).isoformat()
        answered = {"sip_code": 200, "duration_ms": 60_000, "customer_charge": CHARGE}
        return {"customer_id": self.customer_id, "started_at": now, "callid": callid, **answered}

    def _deliver(self, body: bytes) -> bool:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.address, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                self.refused += [row["reason"] for row in json.load(answer)["refused"]]
                return True
        except (urllib.error.URLError, OSError, ValueError):
            return False


class Line(threading.Thread):
    """The live calls of the same switch, listed in full every half second, as one does that can only list."""

    UP = 7

    def __init__(self, port: int, token: str, customer_id: int) -> None:
        super().__init__(daemon=True)
        self.address = f"http://127.0.0.1:{port}/api/switch/dialogs"
        self.token, self.customer_id = token, customer_id
        self.begun = datetime.now(UTC).isoformat()
        self.up = self.UP
        self.enough = threading.Event()

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        while not self.enough.wait(0.5):
            call = {"customer_id": self.customer_id, "state": "connected", "started_at": self.begun}
            calls = [{**call, "callid": f"live {number}"} for number in range(self.up)]
            at = datetime.now(UTC).isoformat()
            body = json.dumps([{"event": "snapshot", "complete": True, "at": at, "calls": calls}]).encode()
            with suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(
                    urllib.request.Request(self.address, body, headers), timeout=10
                ).close()


def in_second_terminal(home: Path, *arguments: str) -> str:
    """What a person gets who types it beside `make run`: only the data folder is known."""
    hidden = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS")
    variables = {name: value for name, value in os.environ.items() if name not in hidden}
    variables |= {"CONNEX_HOME": str(home), "DJANGO_SETTINGS_MODULE": "connexcs_admin.settings"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=CHECKOUT, env=variables, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ask(home: Path, question: str) -> tuple[object, ...]:
    values = dict(line.split("=", 1) for line in (home / "run.env").read_text().splitlines())
    connection = psycopg2.connect(values["DATABASE_URL"])
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchone()
    finally:
        connection.close()


@pytest.mark.soak
def test_no_accepted_call_is_lost_or_doubled_while_each_process_is_killed_in_turn(tmp_path):
    with running(CHECKOUT, CONNEX_HOME=str(tmp_path / "home"), DEMO="0", TRAFFIC="0") as run:
        run.wait_until_ready(120)
        token, customer_id = in_second_terminal(run.home, "-c", SEED).split()
        sender = Sender(run.port, token, int(customer_id))
        sender.start()
        line = Line(run.port, token, int(customer_id))
        line.start()
        for round_ in range(ROUNDS):
            for name in ("web", "worker", "pulse", "valkey", "postgres"):
                kill_and_see_calls_come_in_again(run, sender, name)
                assert wait_for(lambda: channels(run.home) == Line.UP, seconds=30), f"channels after {name}"
            if round_ + 1 < ROUNDS:
                time.sleep(15)  # five deaths of one child within a minute would rightly end the run
        sender.enough.set()
        sender.join(timeout=30)
        line.up = 0
        assert wait_for(lambda: channels(run.home) == 0, seconds=10), "calls that are over are still counted"
        line.enough.set()
        line.join(timeout=30)

        assert not sender.refused
        stored, charged = ask(run.home, "SELECT count(*), sum(customer_charge) FROM calls_cdr")
        assert (stored, f"{charged:.2f}") == (sender.accepted, f"{sender.accepted / 100:.2f}")
        wait_for(lambda: ask(run.home, "SELECT count(*) FROM calls_figuredelta") == (0,), seconds=30)
        assert "All figures are right." in in_second_terminal(run.home, "manage.py", "check_figures")
        [balance] = ask(run.home, "SELECT balance FROM billing_account")
        assert balance == -charged
        run.press_ctrl_c()
        assert run.exit_code() == 0
    assert "Traceback" not in run.output.rpartition("Stopping")[2]


def channels(home: Path) -> object:
    """Channels in use as the list of customers shows them."""
    return ask(home, "SELECT sum(channels) FROM customers_listing")[0]


def kill_and_see_calls_come_in_again(run, sender, name):
    before = run.children()[name]
    accepted = sender.accepted
    assert wait_for(lambda: sender.accepted > accepted + 10, seconds=30), f"no calls before {name} is killed"
    os.kill(before, signal.SIGKILL)
    assert wait_for(lambda: run.children().get(name, before) != before, seconds=30), f"{name} stayed away"
    accepted = sender.accepted
    assert wait_for(lambda: sender.accepted > accepted + 10, seconds=30), f"no calls after {name} was killed"
