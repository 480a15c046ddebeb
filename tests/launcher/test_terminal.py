"""Ctrl-C in a real terminal, under a real `make`."""

import os
import subprocess
import sys
import threading
from typing import IO

from launcher import ports
from launcher.processes import wait_for
from tests.launcher.toys import make_toy_checkout

# Gives `make` a terminal of its own; what comes on stdin is typed there.
IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(['make', 'run'])))"
CTRL_C = b"\x03"


def test_ctrl_c_under_make_ends_in_order_and_make_reports_no_failure(tmp_path):
    checkout = make_toy_checkout(tmp_path)
    (checkout / "Makefile").write_text(f"run:\n\t@{sys.executable} -m launcher.verbs run\n")
    hidden = (
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "ENCRYPTION_KEYS",
        "DJANGO_SETTINGS_MODULE",
        "MAKEFLAGS",
        "MAKELEVEL",
    )
    variables = {name: value for name, value in os.environ.items() if name not in hidden}
    variables |= {"CONNEX_HOME": str(checkout / "var"), "PORT": str(ports.any_free())}
    terminal = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL],
        cwd=checkout,
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )
    seen = bytearray()
    reader = threading.Thread(target=read_into, args=(seen, terminal.stdout), daemon=True)
    reader.start()
    assert wait_for(lambda: b"is ready" in seen, seconds=60), seen.decode()
    terminal.stdin.write(CTRL_C)
    assert terminal.wait(timeout=60) == 0, seen.decode()
    reader.join(timeout=5)
    terminal.stdin.close()
    terminal.stdout.close()
    assert b"Stopped." in seen
    assert b"Error" not in seen
    assert b"Traceback" not in seen


def read_into(seen: bytearray, stream: IO[bytes]) -> None:
    while part := stream.read(4096):
        seen.extend(part)
