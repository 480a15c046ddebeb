"""The commands of docker-compose.yml, in order and told what it tells them, where no Docker is.

The image's files are copied and its static files collected as the Dockerfile says; HOME and that copy have to
stay as they are. In front stands what a TLS proxy leaves of a request: Host and X-Forwarded-Proto.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis
import requests

from deploy import make_secrets
from launcher import ports
from launcher.compose import Compose
from launcher.processes import Child, stop_together, wait_for
from tests.deploy.test_compose import DOCKERFILE, HOST, ROOT, image_variables

EMAIL, PASSWORD = "first@connex.example", "quiet-otter-plays-19-cards"
CONTINUED = ("web", "worker", "beat", "pulse")
PROXIED = {"Host": HOST, "X-Forwarded-Proto": "https", "Referer": f"https://{HOST}/"}
PATIENCE_S = 90


class Container:
    """The services of docker-compose.yml as processes; paths of the container stand for folders of ours."""

    def __init__(self, folder: Path) -> None:
        self.app, self.data, self.home = folder / "app", folder / "data", folder / "home"
        self.secrets = folder / "secrets"
        self.lines: dict[str, list[str]] = {name: [] for name in CONTINUED}
        for path in (self.data, self.home):
            path.mkdir()
        self.port = ports.any_free()
        self.compose = Compose.read(STAFF_HOSTS=HOST, HEARTBEAT_SECONDS="3", LOG_LEVEL="INFO", METRICS="1")
        self.children: dict[str, Child] = {}

    def here(self, text: str) -> str:
        return re.sub(r"^/(app|data)\b", lambda found: str(self.app.parent / found[1]), text)

    def variables(self, service: str) -> dict[str, str]:
        told = {**image_variables(), **self.compose.environment(service, secrets=self.secrets)}
        told = {name: self.here(value) for name, value in told.items()}
        told |= {"PATH": os.environ["PATH"], "HOME": str(self.home)}
        return told | {"PORT": str(self.port), "WEB_BIND": "127.0.0.1"}

    def words(self, command: list[str]) -> list[str]:
        return [sys.executable if word == "python" else self.here(word) for word in command]

    def run(self, service: str, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Like `docker compose run SERVICE COMMAND`."""
        return subprocess.run(
            self.words(list(command) or self.compose.command(service)),
            cwd=self.app,
            env={**self.variables(service), **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start(self, service: str) -> None:
        self.children[service] = Child(
            service,
            self.words(self.compose.command(service)),
            cwd=self.app,
            env=self.variables(service),
            show=lambda name, line: self.lines[name].append(line),
        )
        self.children[service].start()

    def ask(self, path: str, **headers: str) -> requests.Response:
        return requests.get(
            f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=20, allow_redirects=False
        )

    def ready(self, **headers: str) -> tuple[int, list[str]]:
        """The status, and the probes that are not ok."""
        try:
            answer = self.ask("/readyz", **headers)
        except requests.RequestException:  # not up yet, or a busy machine
            return 0, []
        probes = answer.json()["probes"]
        return answer.status_code, [name for name, probe in probes.items() if not probe["ok"]]

    def said(self, service: str) -> str:
        return "\n".join(self.lines[service])


def files_of(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def copy_what_the_image_gets(target: Path) -> None:
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        source = ROOT / line[1:]
        if line.startswith("!") and source.is_dir():
            shutil.copytree(source, target / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        elif line.startswith("!") and source.exists():
            shutil.copy(source, target)


def collect_static_files(container: Container) -> None:
    """By the Dockerfile's own words, with no server in reach."""
    (step,) = re.findall(r"^RUN (SECRET_KEY=build (?:.*\\\n)*.*collectstatic[^\\\n]*)", DOCKERFILE, re.M)
    command = step.replace("\\\n", " ").replace("/venv/bin/python", sys.executable)
    command = command.replace("/app/", f"{container.app}/").replace("/tmp/build", f"{container.home}/x")
    variables = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(["sh", "-c", command], cwd=container.app, env=variables, check=True)


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """All of it, started; on a database and a queue of its own."""
    it = Container(tmp_path_factory.mktemp("container"))
    it.app.mkdir()
    copy_what_the_image_gets(it.app)
    collect_static_files(it)
    make_secrets.make(it.secrets)
    server, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    queue, _, number = os.environ["REDIS_URL"].rpartition("/")
    database = f"connex_start_{os.getpid()}"
    given = {"database_url": f"{server}/{database}", "redis_url": f"{queue}/{int(number) + 3}"}
    for secret, value in given.items():
        (it.secrets / secret).unlink()
        (it.secrets / secret).write_text(value + "\n")
    admin = psycopg2.connect(os.environ["DATABASE_URL"])
    admin.autocommit = True
    admin.cursor().execute(f"CREATE DATABASE {database}")
    try:
        migrated = it.run("migrate")
        assert migrated.returncode == 0, migrated.stdout
        it.before = files_of(it.app)
        for service in CONTINUED:
            it.start(service)
        yield it
    finally:
        stop_together(list(it.children.values()))
        redis.Redis.from_url(given["redis_url"]).flushdb()
        admin.cursor().execute(f"DROP DATABASE {database} WITH (FORCE)")
        admin.close()


def assert_ready(container: Container, **headers: str) -> None:
    """Patient, because a heartbeat may be late on a busy machine."""
    assert wait_for(lambda: container.ready(**headers)[0] == 200, seconds=PATIENCE_S, pause=0.3), (
        container.ready(**headers),
        {name: container.said(name)[-2000:] for name in CONTINUED},
    )


def test_it_gets_ready_and_then_everything_is_well(container):
    assert_ready(container)
    assert container.ask("/healthz").text == "ok\n"


def test_whoever_comes_without_tls_is_sent_to_it_and_probes_are_not(container):
    assert_ready(container)
    plain = container.ask("/accounts/login/", Host=HOST)
    assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{HOST}/accounts/login/")
    assert_ready(container, Host="10.1.2.3")
    assert container.ask("/accounts/login/", Host="evil.example.com").status_code == 404


def test_pages_and_static_files_come_by_way_of_the_proxy(container):
    assert_ready(container)
    page = container.ask(
        "/accounts/login/", Host=HOST, **{"X-Forwarded-Proto": "https", "X-Request-ID": "a" * 16}
    )
    assert page.status_code == 200
    assert page.headers["X-Request-ID"] == "a" * 16
    assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
    style = re.search(r'href="(/static/[\w/.-]+\.[0-9a-f]{12}\.css)"', page.text)[1]
    assert container.ask(style, **PROXIED).status_code == 200


def test_the_first_user_is_made_by_a_command_and_signs_in(container):
    assert_ready(container)
    made = container.run(
        *("web", "python", "manage.py", "createsuperuser", "--noinput", "--email", EMAIL),
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    assert made.returncode == 0, made.stdout
    page = container.ask("/accounts/login/", **PROXIED)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
    answer = requests.post(
        f"http://127.0.0.1:{container.port}/accounts/login/",
        data={"login": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": token},
        headers={**PROXIED, "Cookie": f"connex_csrf={page.cookies['connex_csrf']}"},
        allow_redirects=False,
        timeout=20,
    )
    assert answer.status_code == 302, answer.text
    session = next(cookie for cookie in answer.cookies if cookie.name == "connex_session")
    assert session.secure
    home = container.ask("/", **PROXIED, Cookie=f"connex_session={session.value}")
    assert (home.status_code, "/customers/" in home.text) == (200, True)


def test_every_line_of_every_process_is_one_json_object(container):
    assert_ready(container)
    container.ask(
        "/accounts/login/?next=/customers/%3Fq%3Dsecret", Host=HOST, **{"X-Forwarded-Proto": "https"}
    )
    assert wait_for(lambda: '"/accounts/login/"' in container.said("web"), seconds=10)
    for service in CONTINUED:
        for text in container.lines[service]:
            assert text.startswith("{"), (service, text)
            assert {"time", "level", "logger", "message"} <= json.loads(text).keys()
    assert "secret" not in container.said("web")


def test_figures_are_summed_over_the_processes_of_the_web_server(container):
    assert_ready(container)
    token = (container.secrets / "metrics_token").read_text().strip()

    def counted() -> float:
        text = container.ask("/metrics", Authorization=f"Bearer {token}").text
        # One line for each status and method: another test may have been sent on to https.
        counts = re.findall(
            r'^connex_request_seconds_count\{[^}]*route="account_login"[^}]*\} (\S+)$', text, re.M
        )
        return sum(map(float, counts))

    before = counted()
    for _ in range(12):  # whichever of the two processes answers
        assert container.ask("/accounts/login/", **PROXIED).status_code == 200
    assert counted() == before + 12
    assert container.ask("/metrics").status_code == 401


def test_nothing_is_written_beside_the_data_folder(container):
    assert_ready(container)
    assert files_of(container.app) == container.before
    assert list(container.home.iterdir()) == []
    assert list(container.data.iterdir())  # beat's schedule


def hears_sigterm(pid: int) -> bool:
    """Whether a process has a handler for it by now; where no /proc tells, it is taken for granted."""
    status = Path(f"/proc/{pid}/status")
    if not status.parent.parent.joinpath("self").exists():
        return True
    caught = re.search(r"^SigCgt:\s*(\w+)", status.read_text(), re.M)
    return caught is not None and bool(int(caught[1], 16) >> (signal.SIGTERM - 1) & 1)


def test_a_beat_that_dies_is_named_until_it_is_back(container):
    assert_ready(container)
    beat = container.children["beat"]
    os.killpg(beat.pid, signal.SIGKILL)
    beat.process.wait()
    # Overdue after four heartbeats of three seconds each.
    assert wait_for(lambda: container.ready() == (503, ["beat"]), seconds=PATIENCE_S, pause=0.3)
    assert container.ask("/healthz").status_code == 200
    container.start("beat")
    # A heartbeat of the dead one may still come out of the queue before the new one can be asked to stop.
    assert wait_for(lambda: hears_sigterm(container.children["beat"].pid), seconds=PATIENCE_S)
    assert_ready(container)


def test_all_end_in_good_order_when_asked(container):
    assert_ready(container)
    begun = time.monotonic()
    stop_together(list(container.children.values()))
    assert time.monotonic() - begun < max(child.grace for child in container.children.values())
    assert {name: child.exit_code() for name, child in container.children.items()} == dict.fromkeys(
        CONTINUED, 0
    )
