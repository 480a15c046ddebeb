"""The browser that tests drive: an installed Chromium, or one we install."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from launcher.refusal import Refusal

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def ensure(variables: Mapping[str, str] = os.environ) -> str:
    """Path of a Chromium that is there, after installing one if need be.

    In this order: CONNEX_CHROMIUM, Playwright's own, one on PATH, the system's package manager (as
    root on Debian and Ubuntu), Playwright's download.
    """
    if given := variables.get("CONNEX_CHROMIUM"):
        if not os.access(given, os.X_OK):
            raise Refusal(
                f"CONNEX_CHROMIUM={given!r} is no program. Use the path of a Chromium, for example "
                "/usr/bin/chromium, or unset it: one is found or installed for you."
            )
        return given
    if found := find():
        return found
    if os.geteuid() == 0 and shutil.which("apt-get") and _install_by_apt():
        return find() or _refuse()
    print("Installing Playwright's Chromium …", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    return find() or _refuse()


def find() -> str | None:
    """One that is installed."""
    places = (_playwrights_own(), *(shutil.which(name) for name in NAMES), *MAC_PLACES)
    return next((place for place in places if place and os.access(place, os.X_OK)), None)


def _playwrights_own() -> str | None:
    script = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as started: print(started.chromium.executable_path)"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    path = answer.stdout.strip()
    return path if path and Path(path).exists() else None


def _install_by_apt() -> bool:
    print("Installing Chromium by apt-get, once, for the browser tests …", flush=True)
    variables = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        done = subprocess.run(["apt-get", *step], env=variables, capture_output=True, text=True)
    if done.returncode:
        print(f"apt-get could not: {done.stderr.strip()[-300:]}", flush=True)
    return done.returncode == 0


def _refuse() -> str:
    raise Refusal(
        "The tests need a Chromium, and none could be installed. Install one (Debian: apt install chromium; "
        "macOS: brew install chromium) or set CONNEX_CHROMIUM to its path."
    )
