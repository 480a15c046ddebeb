"""Demo data small enough for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

UNTIL = "2026-11-20T15:00Z"
PASSWORD = "a demo password"


@pytest.fixture
def home(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of its own, and the password that the launcher would set."""
    settings.CONNEX_HOME = tmp_path
    monkeypatch.setenv("DEMO_PASSWORD", PASSWORD)
    return tmp_path


@pytest.fixture
def demo(
    home: Path,
    db: None,
    django_capture_on_commit_callbacks: Callable[..., Any],
    capsys: pytest.CaptureFixture,
) -> Callable[..., str]:
    """Runs `manage.py demo` with options and gives what it said."""

    def run(**options: Any) -> str:
        wanted = {"customers": 250, "cdrs": 4000, "until": UNTIL, "seed": 7, **options}
        with django_capture_on_commit_callbacks(execute=True):
            call_command("demo", **wanted)
        return capsys.readouterr().out

    return run
