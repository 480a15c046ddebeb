"""What `python3 -m launcher VERB` and so the Makefile can do; runs inside the environment."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from launcher import checks, environment, stack, terminal, testrun, throwaway
from launcher.environment import CHECKOUT
from launcher.refusal import Refusal

PYTHON_MODULE = [sys.executable, "-m"]


def run(_arguments: list[str]) -> int:
    """the whole of Connex on this machine"""
    return stack.run(environment.read())


def servers(_arguments: list[str]) -> int:
    """database and queue of `run` alone, for a restore"""
    return stack.run(environment.read(), servers_only=True)


def check(_arguments: list[str]) -> int:
    """everything that is no test: format, types, imports, migrations, deployment"""
    return checks.check()


def acceptance(arguments: list[str]) -> int:
    """what of the acceptance list is proven"""
    return subprocess.run([*PYTHON_MODULE, "tests.acceptance", *arguments], cwd=CHECKOUT).returncode


def bench(arguments: list[str]) -> int:
    """measure speed on servers of its own"""
    return with_servers(["--durable", "--", *PYTHON_MODULE, "benchmarks", *arguments])


def with_servers(arguments: list[str]) -> int:
    """[--durable] -- COMMAND…: run COMMAND with a throwaway database and queue"""
    durable = arguments[:1] == ["--durable"]
    command = arguments[durable:]
    command = command[1:] if command[:1] == ["--"] else command
    if not command:
        raise Refusal("with-servers needs a command, for example: with-servers -- python manage.py migrate")
    with tempfile.TemporaryDirectory(prefix="connex-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        with throwaway.servers(Path(folder), durable=durable) as servers:
            variables = {
                "SECRET_KEY": os.urandom(40).hex(),
                "ENCRYPTION_KEYS": os.urandom(24).hex(),
                **os.environ,
                **servers,
                "CONNEX_HOME": str(home),
            }
            return subprocess.run(command, env=variables).returncode


def requirements(arguments: list[str]) -> int:
    """pin anew from pyproject.toml (needs uv on PATH): requirements.txt, and from it the image's"""
    for command in pinning(arguments or ["--upgrade"]):
        try:
            code = subprocess.run(
                command, cwd=CHECKOUT, env={**os.environ, "UV_SYSTEM_CERTS": "1"}
            ).returncode
        except FileNotFoundError:
            raise Refusal(
                "uv is not on PATH. Install it (pip install uv), then run the same command again."
            ) from None
        if code:
            return code
    return 0


def pinning(options: list[str]) -> Iterator[list[str]]:
    """The commands that pin. The image gets the versions that were tested, and psycopg2 for its wheel."""
    compile_ = [*("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11")]
    compile_ += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"]
    compile_ += ["--custom-compile-command", "make requirements", "pyproject.toml"]
    yield [*compile_, "--group", "dev", "--group", "local", *options, "-o", "requirements.txt"]
    pins = (CHECKOUT / "requirements.txt").read_text()
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as driver:
        driver.write(
            "".join(f"psycopg2=={version}\n" for version in re.findall(r"psycopg2-binary==(\S+)", pins))
        )
        driver.flush()
        tested = ["--constraint", "requirements.txt", "--constraint", driver.name, "--no-annotate"]
        yield [*compile_, "--group", "image", *tested, *options, "-o", "requirements-production.txt"]


VERBS: dict[str, Callable[[list[str]], int]] = {
    "run": run,
    "servers": servers,
    "test": testrun.test,
    "test-system-pg": testrun.test_system_pg,
    "check": check,
    "acceptance": acceptance,
    "bench": bench,
    "soak": testrun.soak,
    "with-servers": with_servers,
    "requirements": requirements,
}


def main(arguments: list[str]) -> int:
    """Returns the exit code; 2 when something outside our code is wrong."""
    verb = VERBS.get(arguments[0]) if arguments else None
    if verb is None:
        terminal.say(f"Use one of: {', '.join(VERBS)}")
        return 2
    try:
        return verb(arguments[1:])
    except Refusal as refusal:
        terminal.say(f"connex: {refusal}")
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
