"""Who dies is restarted, later and later, and not for ever. Children are tiny programs."""

import itertools
import os
import signal
import sys
import time

import pytest

from launcher.processes import Child, wait_for
from launcher.refusal import Refusal
from launcher.supervisor import GaveUp, Service, Stopped, Supervisor
from tests.launcher.toys import is_alive

STAYS = "import time\nwhile True: time.sleep(1)"
# Writes its name when asked to end, after a moment: who is last in the file was stopped last.
TELLS_ITS_END = (
    "import signal, sys, time\n"
    "def end(*_):\n"
    "    time.sleep(0.2); open(sys.argv[1], 'a').write(sys.argv[2] + '\\n'); sys.exit()\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "print('up', flush=True)\n"
    "while True: time.sleep(1)"
)


def python(name, script, *arguments, **options):
    return Child(name, [sys.executable, "-c", script, *arguments], **options)


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervisor(tmp_path, said):
    made = Supervisor(say=said.append, noted_in=tmp_path / "children.json")
    yield made
    made.stop()


def watch_for(supervisor, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        supervisor.tick()


def test_a_child_that_dies_is_restarted_and_the_others_are_left_alone(supervisor, said):
    dying, steady = python("dying", STAYS), python("steady", STAYS)
    for child in (dying, steady):
        supervisor.start(Service(child))
    first, other = dying.pid, steady.pid
    os.kill(first, signal.SIGKILL)
    watch_for(supervisor, 1.5)
    assert dying.is_running()
    assert dying.pid != first
    assert steady.pid == other
    assert said == ["dying ended (killed by signal 9); it starts again in 0.5 s"]


def test_pauses_grow_and_the_fifth_death_within_a_minute_is_the_end(supervisor, said):
    supervisor.start(Service(python("broken", "import sys; print('no licence'); sys.exit(3)")))
    begun = time.monotonic()
    with pytest.raises(
        GaveUp, match=r"broken ended 5 times within a minute \(exit code 3\)(?s:.)*no licence"
    ):
        supervisor.watch()
    assert [line.rpartition("in ")[2] for line in said] == ["0.5 s", "1 s", "2 s", "4 s"]
    assert 7.5 <= time.monotonic() - begun < 20


def test_deaths_while_its_server_is_away_do_not_count_and_it_waits_for_the_server(supervisor):
    is_ready = iter([*itertools.repeat(False, 30), *itertools.repeat(True, 10_000)])
    server = Service(python("postgres", STAYS), is_ready=lambda: next(is_ready))
    needy = Service(python("pulse", "import sys; sys.exit(1)"), needs=("postgres",))
    supervisor.start(server)
    supervisor.start(needy)
    watch_for(supervisor, 1.0)
    assert len(needy.deaths) == 0
    assert needy.start_at is not None


def test_all_are_stopped_in_order(tmp_path, said):
    ended = tmp_path / "ended"
    order = [("traffic",), ("web",), ("valkey",), ("postgres",)]
    supervisor = Supervisor(say=said.append, noted_in=tmp_path / "children.json", stop_order=order)
    names = ["postgres", "valkey", "web", "traffic", "unnamed"]
    for name in names:
        supervisor.start(Service(python(name, TELLS_ITS_END, str(ended), name)))
    everybody = [service.child for service in supervisor.services.values()]
    assert wait_for(lambda: all("up" in child.last_lines for child in everybody), seconds=10)
    supervisor.stop()
    assert ended.read_text().split() == ["unnamed", "traffic", "web", "valkey", "postgres"]


def test_a_child_that_ignores_the_request_is_killed_with_all_it_started():
    stubborn = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)"
    )
    child = python("stubborn", stubborn, grace=0.3)
    child.start()
    assert wait_for(lambda: len(child.last_lines) == 1, seconds=10)
    grandchild = int(child.last_lines[0])
    child.stop()
    assert child.exit_code() == -signal.SIGKILL
    assert wait_for(lambda: not is_alive(grandchild), seconds=5)


def test_a_one_shot_that_fails_is_refused_with_its_last_words(supervisor):
    with pytest.raises(Refusal, match=r"migrate failed \(exit code 1\)(?s:.)*table is on fire"):
        supervisor.run_once(python("migrate", "import sys; print('table is on fire'); sys.exit(1)"))


def test_a_request_to_end_interrupts_a_one_shot(supervisor):
    supervisor.ask_to_end()
    child = python("demo", STAYS)
    with pytest.raises(Stopped):
        supervisor.run_once(child)
    supervisor.stop()
    assert not child.is_running()
