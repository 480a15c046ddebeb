"""Work of the project itself that a worker does."""

from typing import Any

from celery import Task, shared_task
from django.utils import timezone

from connexcs_admin.health import queue
from connexcs_admin.models import Heartbeat


@shared_task(bind=True, name="connexcs_admin.heartbeat")
def heartbeat(task: "Task[Any, Any]") -> None:
    """Proves beat, by when it was sent, and this worker, by being done at all."""
    now = timezone.now()
    Heartbeat.note(sent_at=queue.sent_at(task.request.headers) or now, arrived_at=now)
