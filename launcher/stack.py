"""`make run`: the whole of Connex on this machine, under one supervisor."""

import hashlib
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from launcher import leftovers, ports, terminal
from launcher.environment import CHECKOUT, DEMO_EMAIL, Environment
from launcher.home import Home
from launcher.postgres import OLDEST_MAJOR, Postgres
from launcher.processes import Child
from launcher.refusal import Refusal
from launcher.supervisor import GaveUp, Service, Stopped, Supervisor
from launcher.valkey import Valkey

STOP_ORDER = (("traffic", "beat"), ("web",), ("worker", "pulse"), ("valkey",), ("postgres",))
SIGN_IN_PATH = "/accounts/login/"


def run(environment: Environment, *, servers_only: bool = False) -> int:
    """Start all, print where it is, keep it running until Ctrl-C. Returns the exit code.

    servers_only: no more than database and queue, for work that needs everybody else to be away.
    """
    home = Home(environment.home)
    if ended := leftovers.end(home.path / "children.json"):
        terminal.say(f"Stopped what an earlier start left behind: {', '.join(ended)}")
    _check_port(environment.port)
    os.umask(0o077)  # whatever is written from here on is nobody else's business
    with terminal.ctrl_c_is_ours():
        stack = Stack(environment, home)
        terminal.on_end_signals(stack.supervisor.ask_to_end)
        try:
            if servers_only:
                stack.start_servers()
            else:
                stack.start()
            stack.supervisor.watch()
        except Stopped:
            pass
        except (GaveUp, Refusal) as reason:
            terminal.say(f"connex: {reason}")
            return 1
        finally:
            if stack.supervisor.services:
                terminal.say("Stopping …")
            stack.supervisor.stop()
            home.remove_run_env()
            home.close()
            terminal.say("Stopped.")
    return 0


def _check_port(port: int) -> None:
    if reason := ports.why_not(port):
        raise Refusal(
            f"PORT={port} {reason}. Stop that program, or choose another port: "
            f"make run PORT={ports.next_free(port)}"
        )


def web_command() -> list[str]:
    """Starts the web server on the variable PORT; the benchmarks measure it started so too."""
    return [
        *(sys.executable, "-m", "gunicorn", "--config", "python:connexcs_admin.gunicorn"),
        *("--graceful-timeout", "5", "connexcs_admin.wsgi"),  # a person who pressed Ctrl-C waits
    ]


class Stack:
    """The children of one `make run` and what they are told."""

    def __init__(self, environment: Environment, home: Home) -> None:
        self.environment = environment
        self.home = home
        self.supervisor = Supervisor(
            say=terminal.say, noted_in=home.path / "children.json", stop_order=STOP_ORDER
        )
        self.plan = home.path / "traffic-plan.json"  # written by `manage.py demo`, read by the traffic
        self.postgres = None if environment.database_url else self._postgres()
        self.valkey = None if environment.redis_url else self._valkey()
        self.demo_password = environment.demo_password or home.secret("demo_password", characters=16)
        self.settings = {
            "CONNEX_HOME": str(home.path),
            "PORT": str(environment.port),
            "SECRET_KEY": environment.secret_key or home.secret("secret_key", characters=64),
            "ENCRYPTION_KEYS": environment.encryption_keys or home.secret("encryption_keys", characters=48),
            "DATABASE_URL": self.postgres.url if self.postgres else str(environment.database_url),
            "REDIS_URL": self.valkey.url if self.valkey else str(environment.redis_url),
            "DEMO_PASSWORD": self.demo_password,
        }

    def start(self) -> None:
        """Raises Refusal when something cannot work, Stopped on Ctrl-C."""
        begun = time.monotonic()
        self.home.write_run_env(self.settings)
        # A wrong value is found here, in a third of a second, before any server is up.
        self._once("settings", [sys.executable, "-c", "import connexcs_admin.settings"])
        terminal.say("Starting PostgreSQL and Valkey …")
        self._start_servers()
        terminal.say("Bringing the database up to date …")
        self._manage("upgrade", "--no-backup", "--database-only", "--verbosity", "0", name="upgrade")
        self._collect_static_files()
        if self.environment.demo:
            self._make_demo_once()
        terminal.say("Starting Connex …")
        for service in self._services():
            self.supervisor.start(service)
        self.supervisor.wait_until(self._sign_in_page_answers, what="The web server", seconds=120)
        self._start_traffic()
        self._welcome(time.monotonic() - begun)

    def start_servers(self) -> None:
        """Database and queue alone; `manage.py` finds them from another terminal."""
        self.home.write_run_env(self.settings)
        self._start_servers()
        terminal.say(
            "PostgreSQL and Valkey are up, and nothing else. "
            "From another terminal: .venv/bin/python manage.py …\nCtrl-C stops them."
        )

    # --- servers -----------------------------------------------------------------------------------

    def _postgres(self) -> Postgres:
        return Postgres(
            self.home.path / "postgres",
            password=self.home.secret("database_password"),
            admin_password=self.home.secret("database_admin_password"),
            port=self._port_of("postgres"),
            show=terminal.show_but(r" LOG: |terminating connection|HINT:  In a moment"),
        )

    def _valkey(self) -> Valkey:
        return Valkey(
            self.home.path / "valkey",
            password=self.home.secret("queue_password"),
            port=self._port_of("valkey"),
            # What it says of its own start and end, and of a kernel setting that matters to bigger machines.
            show=terminal.show_but("overcommit_memory|signal-handler|ready to exit"),
        )

    def _port_of(self, name: str) -> int:
        """The port of last time while it is free, so that what was told to others stays true."""
        kept = self.home.recall(f"{name}_port")
        port = int(kept) if kept and ports.why_not(int(kept)) is None else ports.any_free()
        self.home.remember(f"{name}_port", str(port))
        return port

    def _start_servers(self) -> None:
        own = [server for server in (self.postgres, self.valkey) if server]
        for server in own:
            service = Service(server.child, prepare=server.prepare, is_ready=server.is_ready)
            self.supervisor.start(service)
        for server in own:
            # A database that was killed under load replays its journal first; that may take a while.
            self.supervisor.wait_until(server.is_ready, what=server.child.name, seconds=300)
        if self.postgres:
            self.postgres.ensure_database()
        else:
            check_given_database(self.settings["DATABASE_URL"])
        if not self.valkey:
            check_given_queue(self.settings["REDIS_URL"])

    # --- once at each start ------------------------------------------------------------------------

    def _once(self, name: str, command: list[str]) -> None:
        child = Child(name, command, env=self._variables(), cwd=CHECKOUT, show=_without_noise)
        self.supervisor.run_once(child)

    def _manage(self, *arguments: str, name: str) -> None:
        self._once(name, [sys.executable, "manage.py", *arguments])

    def _collect_static_files(self) -> None:
        """Only when a file changed: hashing and compressing takes seconds."""
        fingerprint = static_fingerprint()
        if self.home.recall("static") == fingerprint and (self.home.path / "static").is_dir():
            return
        self._manage("collectstatic", "--noinput", "--clear", "--verbosity", "0", name="static")
        self.home.remember("static", fingerprint)

    def _make_demo_once(self) -> None:
        """Its users keep the password they were made with: that is the one to print."""
        if not self.plan.exists():
            terminal.say("Making the demo data (once, in about half a minute) …")
        before = _changed_at(self.plan)
        self._manage("demo", "--once", name="demo")
        if _changed_at(self.plan) != before:
            self.home.keep_secret("demo_password", self.demo_password)
        elif self.demo_password != self.home.secret("demo_password"):
            self.demo_password = self.home.secret("demo_password")
            terminal.say(
                "DEMO_PASSWORD has changed, but the demo data keep the password they were made with. "
                "For the new one make them anew: .venv/bin/python manage.py demo --remove, then start again."
            )

    # --- for as long as we run ---------------------------------------------------------------------

    def _services(self) -> list[Service]:
        servers = ("postgres", "valkey")
        (self.home.path / "beat").mkdir(exist_ok=True)
        # No warnings: it has one of five lines for whoever runs it as root.
        celery = [sys.executable, "-W", "ignore", "-m", "celery", "--quiet", "-A", "connexcs_admin"]
        return [
            self._service("web", web_command()),
            self._service(
                "worker",
                [
                    *(*celery, "worker", "--concurrency", "2", "--loglevel", "WARNING"),
                    *("--without-gossip", "--without-mingle"),
                ],
                needs=servers,
            ),
            self._service(
                "beat",
                [
                    *(*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""),
                    *("--schedule", str(self.home.path / "beat" / "schedule")),
                ],
                needs=servers,
            ),
            self._service("pulse", [sys.executable, "manage.py", "pulse"], needs=servers),
        ]

    def _service(self, name: str, command: list[str], *, needs: tuple[str, ...] = ()) -> Service:
        child = Child(name, command, env=self._variables(), cwd=CHECKOUT, show=terminal.show)
        return Service(child, needs=needs)

    def _start_traffic(self) -> None:
        if not self.environment.traffic:
            return
        if not self.plan.exists():
            terminal.say("No simulated calls: this installation has no demo data.")
            return
        command = [
            *(sys.executable, "manage.py", "simulate_traffic"),
            *("--url", f"http://127.0.0.1:{self.environment.port}"),
            *("--plan", str(self.plan), "--cps", f"{self.environment.traffic_cps:g}"),
        ]
        self.supervisor.start(self._service("traffic", command, needs=("postgres", "valkey", "web")))

    def _variables(self) -> dict[str, str]:
        return {**os.environ, **self.settings, "PYTHONUNBUFFERED": "1"}

    # --- what the person sees ----------------------------------------------------------------------

    def _sign_in_page_answers(self) -> bool:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.environment.port}{SIGN_IN_PATH}", headers={"Host": "localhost"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never by way of a proxy
        try:
            with opener.open(request, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _welcome(self, seconds: float) -> None:
        lines = [f"Connex is ready after {seconds:.0f} s:  http://localhost:{self.environment.port}"]
        if self.environment.demo:
            lines += [f"  Email     {DEMO_EMAIL}", f"  Password  {self.demo_password}"]
        else:
            lines.append("  Make your first sign-in with: .venv/bin/python manage.py createsuperuser")
        lines.append("Ctrl-C stops everything. Your data stays in " + str(self.home.path))
        terminal.say("\n" + "\n".join(lines) + "\n")


def _changed_at(path: Path) -> int | None:
    """Nanoseconds since 1970; None when there is no such file."""
    return path.stat().st_mtime_ns if path.exists() else None


def _without_noise(name: str, line: str) -> None:
    """A one-shot that fails has its last lines shown by the Refusal; the way there is noise.

    So is, at each start but the first, that there is demo data.
    """
    if not line.startswith((" ", "Traceback", "There are customers already")):
        terminal.show(name, line)


def static_fingerprint() -> str:
    """Changes when any file below a static folder changes, or the packages that bring some."""
    seen = hashlib.sha256((CHECKOUT / "requirements.txt").read_bytes())
    folders = [CHECKOUT / "static", *CHECKOUT.glob("*/static")]
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        status = path.stat()
        seen.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return seen.hexdigest()


def check_given_database(url: str) -> None:
    """Raises Refusal when the server in DATABASE_URL cannot be reached or is too old."""
    import psycopg2  # not at the top: the bootstrap imports this package before it is installed

    try:
        connection = psycopg2.connect(url, connect_timeout=10)
    except psycopg2.Error as error:
        raise Refusal(
            f"DATABASE_URL: the server does not let us in: {str(error).strip()}\n"
            "Start it and check user, password and database name, or unset DATABASE_URL: "
            "Connex then starts a PostgreSQL of its own."
        ) from error
    major = connection.server_version // 10_000
    connection.close()
    if major < OLDEST_MAJOR:
        raise Refusal(f"DATABASE_URL: that is PostgreSQL {major}. Use {OLDEST_MAJOR} or newer.")


def check_given_queue(url: str) -> None:
    """Raises Refusal when the server in REDIS_URL cannot be reached."""
    import redis

    try:
        redis.Redis.from_url(url, socket_connect_timeout=10).ping()
    except redis.RedisError as error:
        raise Refusal(
            f"REDIS_URL: the server does not answer: {error}. Start it and check the address and password, "
            "or unset REDIS_URL: Connex then starts a Valkey of its own."
        ) from error
