"""The last release: the code that still runs while the next one migrates.

last_release.json names its commit and its migrations; `manage.py check_migrations --released` writes it when
a release is made.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

FILE = Path(__file__).with_name("last_release.json")


@dataclass(frozen=True)
class LastRelease:
    """revision: full commit. migrations: "app.name" of our own rooms."""

    revision: str
    migrations: frozenset[str]


def read() -> LastRelease:
    content = json.loads(FILE.read_text())
    return LastRelease(content["revision"], frozenset(content["migrations"]))


def write(revision: str) -> LastRelease:
    """From now on the code at `revision`, with the migrations that are here, is the last release."""
    loader = MigrationLoader(None)
    ours = sorted(f"{app}.{name}" for app, name in loader.disk_migrations if app in our_apps())
    FILE.write_text(json.dumps({"revision": revision, "migrations": ours}, indent=1) + "\n")
    return read()


def our_apps() -> set[str]:
    """Labels of the rooms: apps that live in this checkout."""
    base = Path(settings.BASE_DIR)
    return {
        app.label
        for app in apps.get_app_configs()
        if Path(app.path).is_relative_to(base) and ".venv" not in Path(app.path).relative_to(base).parts
    }
