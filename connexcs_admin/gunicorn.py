"""How gunicorn runs: the one home of its settings, for `make run` and for containers.

Used as `python -m gunicorn --config python:connexcs_admin.gunicorn connexcs_admin.wsgi`. It runs in the
master before Django is there, so that a wrong value ends it with a sentence.
"""

import os
import shutil
import tempfile
from typing import Any

from connexcs_admin import env, logs

bind = f"{env.text('WEB_BIND', '127.0.0.1')}:{env.whole('PORT', 8000, low=1, high=65535, unit='TCP port')}"
worker_class = "gthread"
workers = env.whole("WEB_WORKERS", 2, low=1, high=64, unit="processes")
threads = env.whole("WEB_THREADS", 8, low=1, high=64, unit="threads in each process")

# Longer than a statement may take (wsgi.py), so that a slow query is an error page and not a killed worker.
timeout = 90
graceful_timeout = 30
keepalive = 5  # seconds that a proxy may keep its connection for the next request
# What leaks leaks slowly; not all at the same moment.
max_requests = 20_000
max_requests_jitter = 2_000
# A grid's address has all of its state.
limit_request_line = 8190

# Heartbeats on a busy disk would kill good workers.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
control_socket_disable = True  # it would live in the home folder, which may be read-only or somebody's own

# The line for each request is ours (middleware.py): it has the request id and no query string.
accesslog = None
logconfig_dict = logs.configuration(
    env.choice("LOG_FORMAT", "line", legal=("line", "json")),
    env.choice("LOG_LEVEL", "INFO", legal=("DEBUG", "INFO", "WARNING", "ERROR")),
)
# forwarded_allow_ips stays at this machine: Django reads X-Forwarded-* itself, as told by TRUSTED_PROXIES.

# The processes of this web server leave their counts for each other here. Set before any of them starts, for
# the library looks once; one that the environment names is somebody's own.
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
made_here = ""
if env.flag("METRICS", False) and not os.environ.get(METRICS_FOLDER):
    made_here = os.environ[METRICS_FOLDER] = tempfile.mkdtemp(prefix="connex-metrics-")


def child_exit(server: Any, worker: Any) -> None:
    """What a process counted stays; what was true of it alone goes."""
    if os.environ.get(METRICS_FOLDER):
        from prometheus_client import multiprocess  # not at the top: it looks for the folder at once

        multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    if made_here:
        shutil.rmtree(made_here, ignore_errors=True)
