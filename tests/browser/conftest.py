"""The browser of these tests: the Chromium that `make test` found or installed (CONNEX_CHROMIUM)."""

import os
from typing import Any

import pytest


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
    ]
    if os.geteuid() == 0:
        quiet.append("--no-sandbox")  # Chromium refuses its sandbox to root
    found = {"executable_path": os.environ["CONNEX_CHROMIUM"]} if "CONNEX_CHROMIUM" in os.environ else {}
    return {**browser_type_launch_args, **found, "args": quiet}
