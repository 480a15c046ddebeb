"""Row history: which events of a model are kept."""

from collections.abc import Callable

import pghistory
from django.db import models


def tracked(*, exclude: list[str] | None = None) -> Callable[[type[models.Model]], type[models.Model]]:
    """Class decorator: every insert, update and delete of the model's rows becomes a history row.

    exclude: fields that must never be copied there, such as hashes and secrets.
    """
    events = pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent()
    return pghistory.track(*events, exclude=exclude)
