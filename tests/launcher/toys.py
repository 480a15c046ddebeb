"""A checkout whose application is a toy, so that the launcher alone is under test; and ways to drive it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from launcher import ports
from launcher.environment import CHECKOUT
from launcher.processes import wait_for

MANAGE = """
import os, sys, time
verb = sys.argv[1]
print("toy", " ".join(sys.argv[1:]), flush=True)
home = os.environ["CONNEX_HOME"]
if verb == "demo" and not os.path.exists(home + "/traffic-plan.json"):
    open(home + "/traffic-plan.json", "w").write("{}")
if verb == "pulse" and os.environ.get("TOY_PULSE") == "broken":
    sys.exit("the pulse cannot reach its lock")
while verb in ("pulse", "simulate_traffic"):
    time.sleep(1)
"""
SETTINGS = """
import os
if os.environ.get("TOY_SETTINGS") == "wrong":
    from django.core.exceptions import ImproperlyConfigured
    raise ImproperlyConfigured("PULSE_TICK_MS='fast' is not understood. Use a whole number.")
"""
CELERY = """
import os
from celery import Celery
app = Celery("toy", broker=os.environ["REDIS_URL"])
"""
WSGI = """
import os, psycopg2
def application(environ, start_response):
    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection:
        connection.cursor().execute("SELECT 1")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getppid()).encode()]
"""


def make_toy_checkout(folder: Path) -> Path:
    """The real launcher beside a toy application."""
    checkout = folder / "checkout"
    project = checkout / "connexcs_admin"
    project.mkdir(parents=True)
    shutil.copytree(
        CHECKOUT / "launcher", checkout / "launcher", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(CHECKOUT / "requirements.txt", checkout)
    for name in ("gunicorn.py", "env.py", "logs.py"):
        shutil.copy(CHECKOUT / "connexcs_admin" / name, project)
    (checkout / "static").mkdir()
    (checkout / "manage.py").write_text(MANAGE)
    (project / "settings.py").write_text(SETTINGS)
    (project / "__init__.py").write_text(CELERY)
    (project / "wsgi.py").write_text(WSGI)
    return checkout


class Running:
    """`launcher run` (or another verb) in a process of its own, in `checkout`, on a free port."""

    def __init__(self, checkout: Path, verb: str = "run", **variables: str) -> None:
        self.said = ""
        self.home = Path(variables.get("CONNEX_HOME") or checkout / "var")
        self.port = int(variables.get("PORT") or ports.any_free())
        descriptor, log = tempfile.mkstemp(prefix="connex-run-", suffix=".log")
        self.log = Path(log)
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS")
            and name != "DJANGO_SETTINGS_MODULE"
        }
        told = {"CONNEX_HOME": str(self.home), "PORT": str(self.port), **variables}
        with open(descriptor, "w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "launcher.verbs", verb],
                cwd=checkout,
                env={**inherited, **told},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text() if self.log.exists() else self.said

    def wait_until_ready(self, seconds: float = 60) -> "Running":
        wait_for(lambda: "Connex is ready" in self.output or self.process.poll() is not None, seconds=seconds)
        assert "Connex is ready" in self.output, self.output
        return self

    def press_ctrl_c(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def exit_code(self, seconds: float = 60) -> int:
        return self.process.wait(timeout=seconds)

    def children(self) -> dict[str, int]:
        """Name and number of each child, as noted by the launcher."""
        try:
            return {row["name"]: row["pid"] for row in json.loads((self.home / "children.json").read_text())}
        except (OSError, ValueError):
            return {}

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@contextlib.contextmanager
def running(checkout: Path, verb: str = "run", **variables: str) -> Iterator[Running]:
    """Stopped at the end, however the test ends."""
    run = Running(checkout, verb, **variables)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.press_ctrl_c()
            try:
                run.exit_code(40)
            except subprocess.TimeoutExpired:
                run.process.kill()
        run.said = run.output
        run.log.unlink()


def is_alive(pid: int) -> bool:
    """False for a zombie, too."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
