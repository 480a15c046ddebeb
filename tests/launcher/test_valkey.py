"""The embedded queue server."""

import os
import signal
import stat

import pytest
import redis

from launcher.processes import wait_for
from launcher.valkey import Valkey


@pytest.fixture
def server(tmp_path):
    started = Valkey(tmp_path / "valkey", password="of-the-queue")
    started.prepare()
    started.child.start()
    assert wait_for(started.is_ready, seconds=10), list(started.child.last_lines)
    yield started
    started.child.stop()


def test_it_asks_for_the_password_which_no_command_line_shows(server):
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=server.port).ping()
    assert redis.Redis.from_url(server.url).ping()
    assert not any("of-the-queue" in word for word in server.child.command)
    assert stat.S_IMODE((server.folder / "valkey.conf").stat().st_mode) == 0o600


def test_the_queue_survives_a_kill_9(server):
    redis.Redis.from_url(server.url).rpush("celery", *range(1000))
    wait_for(lambda: False, seconds=1.2)  # appendonly is flushed each second
    os.kill(server.child.pid, signal.SIGKILL)
    wait_for(lambda: not server.child.is_running(), seconds=10)
    server.child.start()
    assert wait_for(server.is_ready, seconds=10)
    assert redis.Redis.from_url(server.url).llen("celery") == 1000
