"""A small load generator: a few connections that ask for one page again and again.

Raw sockets and requests made once, because at a thousand requests a second the client's own work would be
part of the result; how busy it was is measured too.
"""

import socket
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.cpu import Meter, Spent

TIMEOUT_S = 60.0


class WrongAnswer(Exception):
    """The server did not give the page that is to be measured."""


@dataclass(frozen=True)
class Target:
    """One page: what it is called, its path with query, the status it answers with."""

    name: str
    path: str
    status: int = 200


@dataclass
class Measured:
    """What the rounds of one target gave.

    rates: requests per second, one figure per round. latencies_s: of every request. spent: CPU time of the
    servers, per round. client_cpu: share of one core that the load generator itself took, per round.
    """

    target: Target
    rates: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)
    client_cpu: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """The median round, in requests per second."""
        return statistics.median(self.rates)

    def latency_ms(self, percent: int) -> float:
        """The latency that `percent` of all requests stayed within."""
        ordered = sorted(self.latencies_s)
        return 1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]

    @property
    def web_ms(self) -> float | None:
        """CPU time of the web server per request."""
        return self._per_request([one.web for one in self.spent])

    @property
    def database_ms(self) -> float | None:
        """CPU time of the database server per request."""
        return self._per_request([one.database for one in self.spent])

    @property
    def cores_ms(self) -> float | None:
        """CPU time of both servers per request; None unless both are known."""
        web, database = self.web_ms, self.database_ms
        return None if web is None or database is None else web + database

    def _per_request(self, seconds: list[float | None]) -> float | None:
        known = [one for one in seconds if one is not None]
        return 1000 * sum(known) / len(self.latencies_s) if known else None


@dataclass(frozen=True)
class Round:
    """latencies_s: of every request. elapsed: its length in s. client: CPU seconds of this process."""

    latencies_s: list[float]
    elapsed: float
    spent: Spent
    client: float


class Connection:
    """One keep-alive connection that sends one request as often as it is told."""

    def __init__(self, port: int, target: Target, cookie: str) -> None:
        self.port = port
        self.target = target
        self.request = (
            f"GET {target.path} HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: {cookie}\r\n"
            "Accept: text/html\r\n\r\n"
        ).encode()
        self._socket: socket.socket | None = None

    def ask(self) -> bytes:
        """The body of the answer. Raises WrongAnswer for another status, OSError when nobody answers."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(self.request)
        received = self._socket.recv(65536)
        while b"\r\n\r\n" not in received:
            received += self._more()
        head, _, body = received.partition(b"\r\n\r\n")
        status, fields = _read_head(head)
        if status != self.target.status:
            raise WrongAnswer(
                f"{self.target.path} answered {status} where {self.target.status} was expected. "
                "Open it in a browser, or see the server's last lines."
            )
        length = 0 if status == 204 else int(fields["content-length"])
        parts = [body]
        missing = length - len(body)
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        if fields.get("connection", "").lower() == "close":
            self.close()
        return b"".join(parts)

    def _more(self) -> bytes:
        assert self._socket is not None
        found = self._socket.recv(65536)
        if not found:
            raise WrongAnswer(f"{self.target.path}: the server closed the connection in mid-answer.")
        return found

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _read_head(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and header fields, names in lower case."""
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}


def fetch(port: int, target: Target, cookie: str) -> bytes:
    """One answer's body."""
    connection = Connection(port, target, cookie)
    try:
        return connection.ask()
    finally:
        connection.close()


@dataclass(frozen=True)
class Load:
    """Asks the server at `port` as the session in `cookie`; meter: counts the servers' CPU time."""

    port: int
    cookie: str
    connections: int
    meter: Meter

    def measure(self, targets: Sequence[Target], *, rounds: int, seconds: float) -> dict[str, Measured]:
        """Every target's figures, by name.

        Rounds are interleaved (one of each target, then the next of each, beginning with another one), so
        that whatever else the machine does falls on all alike. Each round is `seconds` long on new
        connections; one round that nobody counts goes ahead.
        """
        found = {target.name: Measured(target) for target in targets}
        for target in targets:
            self.round(target, min(seconds, 1.0))
        for number in range(rounds):
            turn = number % len(targets)
            for target in [*targets[turn:], *targets[:turn]]:
                one, measured = self.round(target, seconds), found[target.name]
                measured.rates.append(len(one.latencies_s) / one.elapsed)
                measured.latencies_s += one.latencies_s
                measured.spent.append(one.spent)
                measured.client_cpu.append(one.client / one.elapsed)
        return found

    def round(self, target: Target, seconds: float) -> Round:
        """Ask for `target` on all connections for `seconds`. Raises WrongAnswer, OSError."""
        latencies: list[list[float]] = [[] for _ in range(self.connections)]
        errors: list[Exception] = []
        spent = self.meter.read()
        begun, begun_cpu = time.perf_counter(), time.process_time()
        threads = [
            threading.Thread(
                target=_ask_until, args=(self.port, target, self.cookie, begun + seconds, mine, errors)
            )
            for mine in latencies
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        elapsed, client = time.perf_counter() - begun, time.process_time() - begun_cpu
        if errors:
            raise errors[0]
        together = [one for mine in latencies for one in mine]
        return Round(together, elapsed, self.meter.read().since(spent), client)


def _ask_until(
    port: int, target: Target, cookie: str, deadline: float, latencies: list[float], errors: list[Exception]
) -> None:
    """Ask until `deadline` (time.perf_counter()), at least once."""
    connection = Connection(port, target, cookie)
    try:
        now = time.perf_counter()
        while True:
            connection.ask()
            before, now = now, time.perf_counter()
            latencies.append(now - before)
            if now >= deadline:
                break
    except (WrongAnswer, OSError) as error:
        errors.append(error)
    finally:
        connection.close()
