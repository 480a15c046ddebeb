"""Log lines as an operator's collector gets them: one JSON object each, belonging to a request or a task."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from connexcs_admin import logs
from connexcs_admin.celery import app
from connexcs_admin.middleware import RequestIdMiddleware, path_without_secrets
from connexcs_admin.tasks import heartbeat
from launcher.processes import wait_for
from tests.factories import STAFF_HOST

ROOT = Path(__file__).resolve().parents[2]


class Said(io.StringIO):
    """What was written, line by line."""

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def access(self) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["logger"] == "connexcs_admin.access"]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[Said]:
    """Everything logged meanwhile, in the form of `LOG_FORMAT=json`."""
    written = Said()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.JsonFormatter())
    root, access = logging.getLogger(), logging.getLogger("connexcs_admin.access")
    before = (root.level, access.level)
    root.addHandler(handler)
    root.setLevel("INFO")
    access.setLevel("INFO")
    yield written
    root.removeHandler(handler)
    root.setLevel(before[0])
    access.setLevel(before[1])


def test_a_request_is_one_line_that_says_who_asked_for_what_and_how_it_went(said, client_alice, alice):
    answer = client_alice.get("/customers/?q=acme+secret+plans")
    [line] = said.access()
    assert datetime.fromisoformat(line.pop("time")).utcoffset().total_seconds() == 0
    assert line.pop("duration_ms") > 0
    assert line == {
        "level": "INFO",
        "logger": "connexcs_admin.access",
        "message": "GET /customers/ 200",
        "request_id": answer["X-Request-ID"],
        "user": alice.pk,
        "method": "GET",
        "path": "/customers/",
        "status": 200,
    }
    assert "acme" not in said.getvalue()


def test_a_stranger_has_no_user_and_a_line_costs_no_query(said, client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        client.get("/accounts/login/")
    [line] = said.access()
    assert "user" not in line


def test_a_line_break_in_an_address_does_not_make_a_line_of_its_own(said, client, db):
    client.get("/x%0AINFO%20forged")
    [line] = said.access()
    assert line["path"] == "/x%0AINFO%20forged"
    assert "\n" not in line["message"]


def test_a_key_in_an_address_is_not_written():
    request = RequestFactory().get("/accounts/password/reset/key/7-abc123/")
    request.resolver_match = type("Match", (), {"kwargs": {"uidb36": "7", "key": "abc123"}})()
    assert path_without_secrets(request) == "/accounts/password/reset/key/***-***/"


def test_what_a_view_says_and_what_goes_wrong_carry_the_id_of_the_request(said):
    def view(request: HttpRequest) -> HttpResponse:
        try:
            raise ValueError("no such thing")
        except ValueError:
            logging.getLogger("calls.views").exception("It went wrong", extra={"password": "s3cret"})
        return HttpResponse()

    answer = RequestIdMiddleware(view)(RequestFactory().get("/"))
    wrong, access = said.lines()
    assert wrong["request_id"] == access["request_id"] == answer["X-Request-ID"]
    assert wrong["exception"].startswith("Traceback")
    assert wrong["exception"].endswith("ValueError: no such thing")
    assert "s3cret" not in said.getvalue()  # only fields that are named get into a line
    assert logs.request_id() == ""


def test_probes_that_go_well_are_no_news(said, client, db):
    client.get("/healthz")
    assert said.access() == []


# --- The id that a proxy gave


@pytest.mark.parametrize("given", ["0f9d3c52-7b1e-4f3a-9c1d-1f2e3d4c5b6a", "a" * 8, "Z" * 64])
def test_the_id_of_a_trusted_proxy_is_taken_over(settings, client, db, given):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert client.get("/accounts/login/", headers={"X-Request-ID": given})["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["a" * 7, "a" * 65, "abcdefgh\tijk", "abcdefgh{", "ÄÖÜäöüßé", ""])
def test_an_id_of_another_shape_is_not(settings, client, db, given):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    answer = client.get("/accounts/login/", headers={"X-Request-ID": given})
    assert re.fullmatch(r"[0-9a-f]{12}", answer["X-Request-ID"])


def test_nobody_is_believed_without_a_proxy_of_ours(settings, client, db):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    answer = client.get("/accounts/login/", headers={"X-Request-ID": "a" * 12})
    assert answer["X-Request-ID"] != "a" * 12


# --- Other processes


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "LOG_FORMAT": "json", **variables},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_what_ends_a_process_is_one_line_too():
    done = run("-c", "import django; django.setup(); raise ValueError('the end')")
    [line] = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, line["level"], line["message"]) == (1, "CRITICAL", "The process ends: the end")
    assert line["exception"].endswith("ValueError: the end")


@pytest.mark.parametrize("form", ["yaml", "JSON"])
def test_an_unknown_form_is_refused_at_start(form):
    done = subprocess.run(
        [sys.executable, "-c", "import connexcs_admin.settings"],
        cwd=ROOT,
        env={**os.environ, "LOG_FORMAT": form},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert f"LOG_FORMAT='{form}' is not understood. Use one of line, json." in done.stderr


def test_people_at_a_terminal_get_no_line_for_each_request():
    loggers = logs.configuration("line", "INFO")["loggers"]
    assert loggers["connexcs_admin.access"]["level"] == loggers["celery.app.trace"]["level"] == "WARNING"


def test_a_task_writes_under_its_name_and_the_id_of_the_request_that_sent_it(transactional_db, tmp_path):
    app.control.purge()
    server, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    with logs.doing(logs.Doing(request_id="abcd-1234-efgh")):
        sent = heartbeat.delay()
    alone = heartbeat.delay()
    output = tmp_path / "worker.log"
    words = ["-W", "ignore", "-m", "celery", "--quiet", "-A", "connexcs_admin", "worker", "--pool", "solo"]
    with (
        output.open("w") as file,
        subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env={
                **os.environ,
                "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
                "LOG_FORMAT": "json",
            },
            stdout=file,
            stderr=subprocess.DEVNULL,
        ) as worker,
    ):
        assert wait_for(lambda: alone.id in output.read_text(), seconds=60, pause=0.1), output.read_text()
        worker.terminate()
        worker.wait(30)
    good_bye = "\nworker: Warm shutdown (MainProcess)\n"  # the only words of Celery's that are no log line
    lines = [json.loads(line) for line in output.read_text().removesuffix(good_bye).splitlines()]
    done = {line["task_id"]: line for line in lines if line["logger"] == "celery.app.trace"}
    assert done[sent.id]["task"] == done[alone.id]["task"] == "connexcs_admin.heartbeat"
    assert done[sent.id]["request_id"] == "abcd-1234-efgh"
    assert "request_id" not in done[alone.id]


def test_every_line_of_a_browser_is_told_apart_from_the_next(said, db):
    browser = Client(headers={"host": STAFF_HOST})
    ids = {browser.get("/accounts/login/")["X-Request-ID"] for _ in range(3)}
    assert {line["request_id"] for line in said.access()} == ids
    assert len(ids) == 3
