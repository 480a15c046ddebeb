"""The browser of these tests: the Chromium that `make test` found or installed (CONNEX_CHROMIUM)."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.signals import request_finished, request_started
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.browser.lists import hear
from tests.factories import PORTAL_HOST
from users.models import User


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Starts that Chromium, and keeps it from talking to anybody but us."""
    quiet = [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        f"--host-resolver-rules=MAP {PORTAL_HOST} 127.0.0.1",
    ]
    if os.geteuid() == 0:
        quiet.append("--no-sandbox")  # Chromium refuses its sandbox to root
    found = {"executable_path": os.environ["CONNEX_CHROMIUM"]} if "CONNEX_CHROMIUM" in os.environ else {}
    return {**browser_type_launch_args, **found, "args": quiet}


def session_of(user: User) -> str:
    """The key of a new session in which `user` is signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


@pytest.fixture
def all_answered(live_server: Any) -> Iterator[Callable[[], None]]:
    """Waits until the server works on no request, e.g. a poll or panel of a page that was just closed.

    Emptying the tables after a test would otherwise wait for that request, and it for us: a deadlock.
    """
    working = Counter[str]()
    lock = threading.Lock()  # the server answers each request in a thread of its own

    def count(sender: Any, signal: Any, **_: Any) -> None:
        with lock:
            working["begun" if signal is request_started else "ended"] += 1

    def wait() -> None:
        until = time.monotonic() + 10
        while working["begun"] > working["ended"] and time.monotonic() < until:
            time.sleep(0.02)

    for signal in (request_started, request_finished):
        signal.connect(count)
    yield wait
    for signal in (request_started, request_finished):
        signal.disconnect(count)


@pytest.fixture
def visit(
    browser: Browser, live_server: Any, alice: User, all_answered: Callable[[], None]
) -> Iterator[Callable[..., Page]]:
    """Opens a path as Alice, as somebody else (`by=`) or as a stranger; other options go to the context.

    host: the site; contacts live on PORTAL_HOST.
    The test fails if a page it opened threw a script error or met the content security policy.
    """
    contexts = []
    errors: list[str] = []

    def note(line: ConsoleMessage) -> None:
        if "Content Security Policy" in line.text:
            errors.append(line.text)

    def open_page(
        path: str, *, by: User | None = None, stranger: bool = False, host: str = "", **options: Any
    ) -> Page:
        site = live_server.url.replace("localhost", host) if host else live_server.url
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        if not stranger:
            cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session_of(by or alice)}
            context.add_cookies([{**cookie, "url": site}])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", note)
        page.goto(site + path)
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            page.unroute_all(behavior="wait")  # an interception under way would fail the next test
        context.close()
    time.sleep(0.1)  # what the browser sent last may still be on its way to the server
    all_answered()
    assert errors == []


@pytest.fixture
def quick(settings: Any, db: None) -> None:
    """Polls every second, over a feed that is fresh unless the test is about its age."""
    settings.GRID_POLL_SECONDS = 1
    settings.FEED_STALE_SECONDS = 3600
    hear()


@pytest.fixture
def desk(visit: Callable[..., Page]) -> Callable[..., Page]:
    """Opens the grid as Alice."""
    return lambda path="/customers/", **options: visit(path, **options)
