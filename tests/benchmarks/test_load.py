"""The load generator: what it counts, and what it refuses to count."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.cpu import Meter
from benchmarks.load import Load, Measured, Target, WrongAnswer, fetch

PAUSE_S = 0.02
BODY = b"x" * 200_000  # more than one read of the socket
NOTHING_TO_METER = Meter(web=-1, postmaster=None)


class Pages(BaseHTTPRequestHandler):
    """/page, /slow (after PAUSE_S), /none (204); anything else is 404. Keeps connections open."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.cookies.add(self.headers["Cookie"])
        if self.path == "/slow":
            time.sleep(PAUSE_S)
        status = {"/page": 200, "/slow": 200, "/none": 204}.get(self.path, 404)
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        if status != 204:
            self.wfile.write(BODY)

    def log_message(self, *_arguments: object) -> None:
        """Silence."""


@contextmanager
def pages() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.cookies = set()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_whole_body_is_read_and_the_session_is_sent() -> None:
    with pages() as server:
        assert fetch(server.server_port, Target("page", "/page"), "session=s") == BODY
        assert server.cookies == {"session=s"}


def test_a_slow_page_gives_its_true_rate_and_latency_on_all_connections() -> None:
    with pages() as server:
        load = Load(server.server_port, "", 2, NOTHING_TO_METER)
        slow = load.measure([Target("slow", "/slow")], rounds=3, seconds=0.2)["slow"]
    assert len(slow.rates) == 3
    assert slow.latency_ms(50) >= 1000 * PAUSE_S
    # Two connections that wait PAUSE_S for each answer; one of them alone could not pass half of it.
    assert slow.rate <= 2 / PAUSE_S
    assert len(slow.latencies_s) >= 3 * 2


def test_an_answer_without_a_body_counts_as_the_status_it_should_have() -> None:
    with pages() as server:
        assert fetch(server.server_port, Target("poll", "/none", status=204), "") == b""


@pytest.mark.parametrize("path", ["/page", "/missing"])
def test_another_status_is_an_error_that_names_page_and_status(path: str) -> None:
    with pages() as server:
        load = Load(server.server_port, "", 2, NOTHING_TO_METER)
        with pytest.raises(WrongAnswer, match=rf"{path} answered \d+ where 204 was expected"):
            load.measure([Target("poll", path, status=204)], rounds=1, seconds=0.05)


def test_the_median_round_and_the_percentiles_are_what_they_say() -> None:
    measured = Measured(Target("page", "/"), rates=[10.0, 90.0, 20.0])
    measured.latencies_s = [one / 1000 for one in range(1, 101)]
    assert measured.rate == 20.0
    assert (measured.latency_ms(50), measured.latency_ms(95)) == (51.0, 96.0)
