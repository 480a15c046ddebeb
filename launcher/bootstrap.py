"""The Python environment `.venv`: made from requirements.txt when it is missing, half-made or out of date.

Standard library only: this is what runs before there is anything else.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from launcher.refusal import Refusal

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "connex.stamp"
REQUIREMENTS = CHECKOUT / "requirements.txt"


def enter(arguments: Sequence[str]) -> None:
    """Go on as `launcher.verbs` inside the environment; does not return."""
    os.chdir(CHECKOUT)
    ensure()
    variables = dict(os.environ, VIRTUAL_ENV=str(VENV))
    variables["PATH"] = f"{VENV / 'bin'}{os.pathsep}{variables.get('PATH', os.defpath)}"
    # Somebody's "no bytecode" would make each of our processes compile everything anew: seconds each.
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    variables.pop("PYTHONHOME", None)
    sys.stdout.flush()
    os.execve(PYTHON, [str(PYTHON), "-m", "launcher.verbs", *arguments], variables)  # noqa: S606


def wanted_stamp() -> str:
    """Names the environment that fits: these pins, this Python, this place (scripts hold its path)."""
    pins = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    return f"{pins} python{sys.version_info.major}.{sys.version_info.minor} {VENV}\n"


def is_complete() -> bool:
    try:
        return STAMP.read_text() == wanted_stamp() and PYTHON.exists()
    except OSError:
        return False


def ensure() -> None:
    """Make the environment unless it is there. A second launcher waits for the first."""
    if is_complete():
        return
    with _locked() as lock:
        if is_complete():  # made while we waited
            return
        begun = time.monotonic()
        print("Setting up the environment .venv from requirements.txt (once, in half a minute) …", flush=True)
        uv = shutil.which("uv")
        if not (uv and _make_with_uv(uv, lock)):
            _make_with_pip(lock)
        _put_checkout_on_path()
        STAMP.write_text(wanted_stamp())
        print(f"Environment ready after {time.monotonic() - begun:.0f} s.", flush=True)


@contextmanager
def _locked() -> Iterator[int]:
    """One at a time. The lock is on the checkout's folder itself: no file to leave behind.

    Yields its file descriptor. Installers inherit it: one that outlives a killed launcher holds the lock
    until it is done, so that nobody tidies up under its hands.
    """
    folder = os.open(CHECKOUT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Another launcher is setting up the environment; waiting for it …", flush=True)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(folder)


def _make_with_uv(uv: str, lock: int) -> bool:
    """False when uv cannot: it does not know pip's settings (mirrors, certificates), so pip may do better."""
    variables = dict(os.environ, UV_SYSTEM_CERTS="1", UV_PYTHON_DOWNLOADS="never")
    variables.pop("VIRTUAL_ENV", None)
    steps = (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)],
        [
            *(uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode"),
            *("--python", str(PYTHON), str(REQUIREMENTS)),
        ],
    )
    for step in steps:
        done = subprocess.run(step, env=variables, capture_output=True, text=True, pass_fds=(lock,))
        if done.returncode:
            print(f"uv could not ({_last_line(done.stderr)}); using pip instead.", flush=True)
            return False
    return True


def _make_with_pip(lock: int) -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise Refusal(
            f"This Python ({sys.executable}) comes without venv and pip. On Debian or Ubuntu: "
            f"apt install python{version}-venv. Then run the same command again."
        )
    shutil.rmtree(VENV, ignore_errors=True)
    _must_run([sys.executable, "-m", "venv", str(VENV)], "make the environment .venv", lock)
    _must_run(
        [
            *(str(PYTHON), "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:"),
            # Compiling everything takes as long as installing it; what is used compiles on first use.
            *(
                "--no-compile",
                "--disable-pip-version-check",
                "--no-input",
                "--quiet",
                "-r",
                str(REQUIREMENTS),
            ),
        ],
        "install what requirements.txt lists",
        lock,
    )


def _must_run(command: Sequence[str], purpose: str, lock: int) -> None:
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, pass_fds=(lock,))
    if done.returncode:
        words = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise Refusal(
            f"Could not {purpose}:\n{words}\n"
            "Check the network (packages are downloaded once) and free disk space, then run the same command "
            "again; what was half done is repaired."
        )


def _put_checkout_on_path() -> None:
    """So that `.venv/bin/pytest` finds our packages from wherever it is called."""
    for packages in VENV.glob("lib/python*/site-packages"):
        (packages / "connex-checkout.pth").write_text(f"{CHECKOUT}\n")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "no reason given"
