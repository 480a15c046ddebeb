"""Processes of their own that store records in the database of a test, each with connections of its own."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, urlsplit, urlunsplit

import django
from django.apps import apps

if not apps.ready:  # in a writer, which imports this module first of all
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connexcs_admin.settings")
    django.setup()

from django.db import connection

from calls import ingest
from calls.models import Switch
from calls.records import Incoming


@contextmanager
def writers(count: int) -> Iterator[ProcessPoolExecutor]:
    """`count` processes that take batches by `send`, on this test's database."""
    url = urlsplit(os.environ["DATABASE_URL"])
    ours = urlunsplit(url._replace(path=f"/{quote(connection.settings_dict['NAME'])}"))
    with patch.dict(os.environ, DATABASE_URL=ours):
        pool = ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))
        with pool:
            yield pool


def send(switch_id: int, batches: list[list[dict[str, Any]]]) -> int:
    """Stores batches one after the other, as one writer does; returns the number of its process."""
    switch = Switch.objects.get(pk=switch_id)
    for batch in batches:
        receipt = ingest.store(switch, [Incoming(*one) for one in enumerate(batch)], [])
        assert not receipt.refused, receipt.refused
    return os.getpid()
