"""What a killed launcher leaves behind, where the system does not end it by itself."""

import json
import signal
import sys

import pytest

from launcher import leftovers
from launcher.processes import Child, wait_for

STUBBORN = (
    "import signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
)


@pytest.fixture
def child():
    started = Child("web", [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"])
    started.start()
    assert wait_for(lambda: "up" in started.last_lines, seconds=10)
    yield started
    started.stop()


def test_who_is_noted_is_ended_with_its_own_signal(child, tmp_path):
    child.stop_signal = signal.SIGINT
    leftovers.note(tmp_path / "children.json", [child])
    assert leftovers.end(tmp_path / "children.json") == ["web"]
    assert child.exit_code() == -signal.SIGINT or child.exit_code() == 1  # Python's own KeyboardInterrupt
    assert leftovers.end(tmp_path / "children.json") == []


def test_who_does_not_listen_is_killed(tmp_path):
    child = Child("worker", [sys.executable, "-c", STUBBORN])
    child.start()
    assert wait_for(lambda: "up" in child.last_lines, seconds=10)
    leftovers.note(tmp_path / "children.json", [child])
    assert leftovers.end(tmp_path / "children.json", seconds=0.3) == ["worker"]
    assert wait_for(lambda: child.exit_code() == -signal.SIGKILL, seconds=5)


def test_a_newcomer_with_the_same_number_is_left_alone(child, tmp_path):
    leftovers.note(tmp_path / "children.json", [child])
    [row] = json.loads((tmp_path / "children.json").read_text())
    (tmp_path / "children.json").write_text(json.dumps([row | {"started": "long ago"}]))
    assert leftovers.end(tmp_path / "children.json") == []
    assert child.is_running()
