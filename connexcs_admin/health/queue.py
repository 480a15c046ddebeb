"""The queue as it lies in Redis: what waits, and since when.

Celery keeps a queue as a list, newest message first, and says nothing of when a message was published; so
each message carries that moment in a header of ours.
"""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import redis
from celery.signals import before_task_publish
from django.conf import settings

from connexcs_admin.celery import app

SENT = "connex_sent"  # header: when the message was published, ISO 8601 in UTC
NEWEST, OLDEST = 0, -1
TIMEOUT_S = 3.0


@before_task_publish.connect(dispatch_uid="connex_sent")
def note_when(headers: dict[str, Any], **_: Any) -> None:
    """Also on a retry: it waits anew."""
    headers[SENT] = datetime.now(UTC).isoformat()


@cache
def server() -> redis.Redis:
    """A connection of its own that does not wait long: whoever asks wants to know whether it answers."""
    return redis.Redis.from_url(
        settings.CELERY_BROKER_URL, socket_connect_timeout=TIMEOUT_S, socket_timeout=TIMEOUT_S
    )


def names() -> list[str]:
    return sorted(app.amqp.queues)


def depth() -> int:
    """Messages that no worker has taken yet, over all queues."""
    return sum(int(server().llen(name)) for name in names())


def oldest_sent_at() -> datetime | None:
    return min(filter(None, (_sent_at(name, OLDEST) for name in names())), default=None)


def newest_sent_at() -> datetime | None:
    return max(filter(None, (_sent_at(name, NEWEST) for name in names())), default=None)


def _sent_at(name: str, index: int) -> datetime | None:
    """None where nothing waits, or something that was not published by us."""
    message = server().lindex(name, index)
    return None if message is None else sent_at(json.loads(message).get("headers", {}))


def sent_at(headers: dict[str, Any] | None) -> datetime | None:
    """When a message with these headers was published."""
    try:
        return datetime.fromisoformat((headers or {})[SENT])
    except (KeyError, TypeError, ValueError):
        return None
