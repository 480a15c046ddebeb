"""Log lines, for people or as one JSON object each; every one knows the request or task it belongs to.

Nothing gets into a line by accident: besides its message a line has the fields named here, whatever a
library attaches to its records (Celery attaches the arguments of tasks).
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.http import HttpRequest

LINE = "%(levelname)s %(name)s %(message)s"


@dataclass(frozen=True, slots=True)
class Doing:
    """What this thread is at. request_id: of the request itself, or of the one that sent the task."""

    request_id: str = ""
    request: "HttpRequest | None" = None
    task: str = ""
    task_id: str = ""


NOTHING = Doing()
_doing: ContextVar[Doing] = ContextVar("doing", default=NOTHING)


@contextmanager
def doing(what: Doing) -> Iterator[None]:
    """Lines written inside belong to `what`."""
    token = _doing.set(what)
    try:
        yield
    finally:
        _doing.reset(token)


def begin(what: Doing) -> None:
    """For who cannot wrap: lines written from now on belong to `what`."""
    _doing.set(what)


def request_id() -> str:
    """Of what this thread is at; empty outside of requests and of tasks that they sent."""
    return _doing.get().request_id


def user_id(request: "HttpRequest | None") -> int | None:
    """Of the person signed in, as far as the request has looked already: a log line costs no query."""
    user = getattr(request, "_cached_user", None)
    return getattr(user, "pk", None)


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message; what it belongs to; `fields` given as extra."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        now = _doing.get()
        about = {
            "request_id": now.request_id,
            "user": user_id(now.request),
            "task": now.task,
            "task_id": now.task_id,
        }
        line |= {name: value for name, value in about.items() if value not in ("", None)}
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


def configuration(form: str, level: str) -> dict[str, Any]:
    """For logging.config. form: `json` or `line`; level: of all lines.

    As lines, meant for a person at a terminal, there is none for each request and each task, and none gets
    into what a command prints.
    """
    stream = "ext://sys.stdout" if form == "json" else "ext://sys.stderr"
    chatter = level if form == "json" else "WARNING"
    loggers = {
        "connexcs_admin.access": {"level": chatter},
        "celery": {"level": "WARNING"},
        "celery.app.trace": {"level": chatter},  # one line for each task done
        # Their own handlers would write each line a second time, in another form.
        "django": {"handlers": [], "level": level, "propagate": True},
        "gunicorn.error": {"handlers": [], "level": chatter, "propagate": True},
        "gunicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": LINE},
            "json": {"()": "connexcs_admin.logs.JsonFormatter"},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": form, "stream": stream}},
        "loggers": loggers,
        "root": {"handlers": ["console"], "level": level},
    }


def log_everything() -> None:
    """Warnings, and an exception that nobody catches, become lines too."""
    logging.captureWarnings(True)
    sys.excepthook = _last_words


def _last_words(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    logging.getLogger("connexcs_admin").critical(
        "The process ends: %s", error, exc_info=(kind, error, traceback)
    )
