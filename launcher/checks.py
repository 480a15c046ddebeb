"""`make check`: everything that tells good from bad and is no test."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.make_secrets import make as make_secrets
from launcher import compose, throwaway
from launcher.environment import CHECKOUT

# Files of other tools that pin everybody to the package hosts of whoever made them.
LOCK_FILES = ("uv.lock", "poetry.lock", "Pipfile.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml")
REGISTRIES = re.compile(
    r"(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|yarnpkg\.com|jsdelivr\.net|unpkg\.com|cdnjs\.)"
    r"|^\s*--(?:extra-)?index-url|^\s*--find-links|^\s*-f\s+\S+/",
    re.MULTILINE,
)


def check() -> int:
    """Runs all, also after a failure. Returns 0 when all are good."""
    failed = []
    with tempfile.TemporaryDirectory(prefix="connex-check-") as folder:
        with throwaway.servers(Path(folder)) as servers:
            environment = {**os.environ, **servers, **_like_production(folder)}
            for name, command in _commands():
                if not _passes(name, command, environment):
                    failed.append(name)
    if found := hosts_and_locks(committed_files()):
        print("✗ hosts of package registries\n  " + "\n  ".join(found), flush=True)
        failed.append("hosts of package registries")
    else:
        print("✓ hosts of package registries", flush=True)
    if failed:
        print(f"make check: {len(failed)} failed: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


def _commands() -> Iterable[tuple[str, list[str]]]:
    python = sys.executable
    tools = Path(python).parent
    yield "ruff check", [str(tools / "ruff"), "check", "."]
    yield "ruff format", [str(tools / "ruff"), "format", "--check", "."]
    yield "mypy", [str(tools / "mypy"), "."]
    yield "import contract", [str(tools / "lint-imports")]
    yield "makemigrations --check", [python, "manage.py", "makemigrations", "--check", "--dry-run"]
    yield "check_migrations", [python, "manage.py", "check_migrations"]
    yield (
        "check --deploy",
        [python, "manage.py", "check", "--deploy", "--fail-level", "WARNING", "--database", "default"],
    )


def _like_production(home: str) -> Mapping[str, str]:
    """What docker-compose.yml sets for the web server, with servers and folders of this run."""
    folder = Path(home) / "secrets"
    make_secrets(folder)
    told = compose.Compose.read(STAFF_HOSTS="admin.connex.example").environment("web", secrets=folder)
    servers = ("DATABASE_URL_FILE", "REDIS_URL_FILE")
    return {name: value for name, value in told.items() if name not in servers} | {"CONNEX_HOME": home}


def _passes(name: str, command: list[str], environment: Mapping[str, str]) -> bool:
    begun = time.monotonic()
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    seconds = time.monotonic() - begun
    if done.returncode == 0:
        print(f"✓ {name} ({seconds:.1f} s)", flush=True)
        return True
    print(f"✗ {name} ({seconds:.1f} s)\n{done.stdout}", flush=True)
    return False


def committed_files() -> list[Path]:
    """What git holds or would hold, as paths that exist."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    return [path for name in names.split("\0") if name and (path := CHECKOUT / name).is_file()]


def hosts_and_locks(paths: Iterable[Path]) -> list[str]:
    """One line for each lock file, and for each line of text that names a host of packages."""
    found = []
    for path in paths:
        if path.name in LOCK_FILES or re.fullmatch(r"pylock.*\.toml", path.name):
            found.append(f"{path}: lock file with addresses of package hosts; keep requirements.txt only")
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue  # a picture
        for match in REGISTRIES.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(f"{path}:{line}: {match.group().strip()}")
    return found
