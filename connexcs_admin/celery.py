"""The Celery application: workers and beat start from here."""

import logging
import os
from typing import Any

from celery import Celery
from celery.signals import beat_init
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connexcs_admin.settings")

log = logging.getLogger(__name__)

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
