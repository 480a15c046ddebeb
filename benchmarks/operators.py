"""Two hundred people who keep the customers list open while calls come in, against an empty view.

Figures of a few hundred customers move each second, written as the pulse writes them. Half of the people look
at the first page, the others each at one of its own. The same number of requests per second goes to the empty
signed-in view. What the writer itself costs is measured alone and taken off both.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.cpu import Meter
from benchmarks.grid import EMPTY, Ratio
from benchmarks.load import WrongAnswer
from grids import live

LIST = "/customers/?f.status=in:active&s=name"
POLL_S = 3.0
THREADS = 4
BUSY_PER_SECOND = 600
MOST_CORES, MOST_BYTES = 1.5, 2048

_WRITE = """
    UPDATE customers_listing AS listing
       SET channels = channels + 1, cps = (random() * 20)::numeric(8,1), attempts_24h = attempts_24h + 3,
           connected_24h = connected_24h + 1, duration_ms_24h = duration_ms_24h + 61000, last_call_at = now()
      FROM (SELECT customer_id FROM customers_listing WHERE customer_id = ANY(%s)
             ORDER BY customer_id FOR NO KEY UPDATE) AS busy
     WHERE listing.customer_id = busy.customer_id
"""


@dataclass
class Screen:
    """One open list: what its browser holds."""

    path: str
    ids: list[int]
    revision: str

    def poll(self, ask: Ask) -> int:
        """Bytes of the answer."""
        ids = ",".join(map(str, self.ids))
        status, body = ask(f"{self.path}&ids={ids}", {"X-Since": self.revision, "HX-Request": "true"})
        if status == 204:
            return 0
        if status != 200:
            raise WrongAnswer(f"{self.path} answered {status}.")
        self.revision = live.revised(self.revision, len(self.ids), json.loads(body))
        return len(body)


Ask = Callable[[str, dict[str, str]], tuple[int, bytes]]


@dataclass(frozen=True)
class Open:
    """What was found. cores: of both servers, the writer's part taken off; None where it cannot be read."""

    people: int
    cores: float | None
    empty_cores: float | None
    sizes: list[int] = field(default_factory=list)

    @property
    def mean_size(self) -> float:
        return statistics.mean(self.sizes)

    @property
    def ratios(self) -> list[Ratio]:
        found = [
            Ratio(
                f"bytes per poll of {self.people} people ÷ 2 kB", self.mean_size, MOST_BYTES, 1, at_most=True
            )
        ]
        if self.cores is not None and self.empty_cores:
            name = f"{self.people} people polling ÷ the empty view at the same rate, cores"
            found.append(Ratio(name, self.cores, self.empty_cores, MOST_CORES, at_most=True))
        return found


def run(port: int, cookie: str, meter: Meter, *, people: int, seconds: float) -> Open:
    """Raises WrongAnswer when a page is not what it should be."""
    ask = asker(port, cookie)
    first = open_screen(ask, 1)
    pages = max(1, min(people // 2, _pages(ask)))
    screens = [first] + [open_screen(ask, 1 + n % pages) for n in range(1, people // 2 + 1)]
    screens += [Screen(first.path, list(first.ids), first.revision) for _n in range(people - len(screens))]
    with Writer() as writer:
        # Once around unmeasured, so that every screen is up to date.
        _paced(port, cookie, [screen.poll for screen in screens], POLL_S)
        alone = _spent(meter, lambda: time.sleep(seconds), seconds)
        sizes: list[int] = []
        polls = _spent(
            meter, lambda: sizes.extend(_paced(port, cookie, [one.poll for one in screens], seconds)), seconds
        )
        empty = _spent(meter, lambda: _paced(port, cookie, [_empty] * people, seconds), seconds)
        assert writer.rounds
    if alone is None or polls is None or empty is None:
        return Open(people, None, None, sizes)
    return Open(people, polls - alone, empty - alone, sizes)


def _empty(ask: Ask) -> int:
    status, body = ask(EMPTY.path, {})
    if status != 200:
        raise WrongAnswer(f"{EMPTY.path} answered {status}.")
    return len(body)


def asker(port: int, cookie: str) -> Ask:
    """Asks over one keep-alive connection."""
    connection = http.client.HTTPConnection("localhost", port, timeout=30)

    def ask(path: str, headers: dict[str, str]) -> tuple[int, bytes]:
        connection.request("GET", path, headers={"Cookie": cookie, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read()

    return ask


def open_screen(ask: Ask, number: int) -> Screen:
    """Opens a page of the list as a browser does."""
    status, body = ask(f"{LIST}&page={number}" if number > 1 else LIST, {})
    page = body.decode()
    found = {name: re.search(rf'{name}="([^"]*)"', page) for name in ("data-poll-url", "data-revision")}
    if status != 200 or not all(found.values()):
        raise WrongAnswer(f"{LIST}, page {number}, answered {status} without a list.")
    path, revision = (match[1].replace("&amp;", "&") for match in found.values() if match)
    return Screen(path, [int(pk) for pk in re.findall(r'<tr data-id="(\d+)"', page)], revision)


def _pages(ask: Ask) -> int:
    """How many full pages the list has."""
    from customers.models import Listing

    return Listing.objects.filter(status="active", deleted_at=None).count() // 50


def _paced(port: int, cookie: str, requests: list[Callable[[Ask], int]], seconds: float) -> list[int]:
    """Each request every POLL_S, spread evenly, for `seconds`; what they returned."""
    returned: list[int] = []
    errors: list[BaseException] = []
    begun = time.monotonic()

    def work(own: list[tuple[int, Callable[[Ask], int]]]) -> None:
        ask = asker(port, cookie)
        try:
            for turn in range(max(1, round(seconds / POLL_S))):
                for place, request in own:
                    due = begun + POLL_S * (turn + place / len(requests))
                    time.sleep(max(0.0, due - time.monotonic()))
                    returned.append(request(ask))
        except BaseException as error:
            errors.append(error)

    numbered = list(enumerate(requests))
    threads = [threading.Thread(target=work, args=(numbered[n::THREADS],)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return returned


def _spent(meter: Meter, what: Callable[[], object], seconds: float) -> float | None:
    """Cores that both servers used while `what` ran."""
    before, begun = meter.read(), time.monotonic()
    what()
    spent, elapsed = meter.read().since(before), max(seconds, time.monotonic() - begun)
    return None if spent.web is None or spent.database is None else (spent.web + spent.database) / elapsed


class Writer:
    """Moves figures of BUSY_PER_SECOND customers once a second, as the pulse does."""

    def __init__(self) -> None:
        self.rounds = 0
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()

    def _run(self) -> None:
        from django.db import connection

        from customers.models import Listing

        busy = list(
            Listing.objects.order_by("-attempts_24h", "pk").values_list("pk", flat=True)[
                : 10 * BUSY_PER_SECOND
            ]
        )
        chance = random.Random(7)
        while not self._enough.wait(1.0):
            with connection.cursor() as cursor:
                cursor.execute(_WRITE, [chance.sample(busy, min(len(busy), BUSY_PER_SECOND))])
            self.rounds += 1
        connection.close()
