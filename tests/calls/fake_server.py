"""A tiny real HTTP server that stands where Connex would, and misbehaves on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# What a server may do with a delivery.
TAKE = "take it"
FAIL = "answer 503 and forget it"
TAKE_BUT_FAIL = "take it and answer 500"
TAKE_BUT_HANG_UP = "take it and hang up without an answer"
REFUSE_TOKEN = "answer 401"
TOO_LARGE = "answer 413"
ELSEWHERE = "answer 404"
SILENCE = "never answer"


@dataclass
class Delivery:
    path: str
    token: str
    objects: list[dict[str, Any]]


@dataclass
class FakeServer:
    """behave(path, objects) says what to do with a delivery; `taken` are those it kept."""

    url: str = ""
    behave: Callable[[str, list[dict[str, Any]]], str] = lambda _path, _objects: TAKE
    taken: list[Delivery] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def records(self) -> list[dict[str, Any]]:
        return [row for one in self.taken if one.path == "/api/switch/cdrs" for row in one.objects]

    def events(self, *kinds: str) -> list[dict[str, Any]]:
        rows = [row for one in self.taken if one.path == "/api/switch/dialogs" for row in one.objects]
        return [row for row in rows if row["event"] in kinds]


@contextmanager
def running() -> Iterator[FakeServer]:
    state = FakeServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            objects = [json.loads(line) for line in body.splitlines()]
            verdict = state.behave(self.path, objects)
            if verdict == SILENCE:
                state.over.wait(30)
                self.close_connection = True
                return
            if verdict in (TAKE, TAKE_BUT_FAIL, TAKE_BUT_HANG_UP):
                token = self.headers["Authorization"].removeprefix("Bearer ")
                state.taken.append(Delivery(self.path, token, objects))
            if verdict == TAKE_BUT_HANG_UP:
                self.close_connection = True
                return
            status = {FAIL: 503, TAKE_BUT_FAIL: 500, REFUSE_TOKEN: 401, TOO_LARGE: 413, ELSEWHERE: 404}.get(
                verdict, 200
            )
            answer = b'{"refused": []}'
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
