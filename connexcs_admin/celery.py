"""The Celery application: workers and beat start from here."""

import logging.config
import os
from typing import Any

from celery import Celery, Task
from celery.signals import beat_init, before_task_publish, setup_logging, task_postrun, task_prerun
from django.conf import settings
from kombu.exceptions import OperationalError

from connexcs_admin import logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connexcs_admin.settings")

log = logging.getLogger(__name__)

REQUEST = "connex_request"  # header: id of the request that caused the task

app = Celery("connexcs_admin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@beat_init.connect(dispatch_uid="connex_partitions")
def ask_for_partitions(**_: Any) -> None:
    """A new installation, and one that was down for days, has its partitions now and not in an hour."""
    try:
        app.send_task("calls.make_partitions")
    except OperationalError as error:
        log.warning("The queue does not answer yet; partitions are made within the hour: %s", error)


@setup_logging.connect(dispatch_uid="connex_logs")
def log_as_django_does(**_: Any) -> None:
    """Celery would put handlers of its own in place of ours."""
    logging.config.dictConfig(settings.LOGGING)


@before_task_publish.connect(dispatch_uid="connex_request")
def note_request(headers: dict[str, Any], **_: Any) -> None:
    """A task that a task sends, and one that is tried again, belong to the same request."""
    if request_id := logs.request_id():
        headers[REQUEST] = request_id


@task_prerun.connect(dispatch_uid="connex_doing")
def begin_task(task_id: str, task: "Task[Any, Any]", **_: Any) -> None:
    request_id = (task.request.headers or {}).get(REQUEST, "")
    logs.begin(logs.Doing(request_id=str(request_id), task=task.name, task_id=task_id))


@task_postrun.connect(dispatch_uid="connex_done")
def end_task(**_: Any) -> None:
    logs.begin(logs.NOTHING)
