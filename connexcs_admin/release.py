"""Which Connex this is."""

import os
import subprocess
import tomllib
from functools import cache

from django.conf import settings


@cache
def version() -> str:
    """As pyproject.toml has it."""
    return str(tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"])


@cache
def revision() -> str:
    """The commit: CONNEX_REVISION, which an image is built with, else the checkout's; "" where unknown."""
    if given := os.environ.get("CONNEX_REVISION"):
        return given
    if not (settings.BASE_DIR / ".git").exists():
        return ""
    command = ["git", "rev-parse", "HEAD"]  # git on PATH, in our own folder
    try:
        answer = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
