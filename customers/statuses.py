"""A customer's status: what is stored, and what holds at a moment."""

from datetime import datetime

from django.db import models
from django.db.models import Case, CharField, F, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """The stored statuses. Dialing is no status: it is seen in the channels and is a filter."""

    ACTIVE = "active", _("Active")
    INACTIVE = "inactive", _("Inactive")
    PENDING = "pending", _("Pending")
    PENDING_APPROVAL = "pending_approval", _("Pending Approval")
    PENALTY = "penalty", _("Penalty")


def effective_status(
    status: str, penalty_until: datetime | None, status_after_penalty: str, at: datetime
) -> Status:
    """The status that holds at `at`: a penalty whose end has come is over, whoever has noticed or not."""
    if status == Status.PENALTY and penalty_until is not None and penalty_until <= at:
        return Status(status_after_penalty)
    return Status(status)


def effective_status_sql(at: datetime | None = None) -> Case:
    """The same rule as a query expression, for any model with the three columns. Default: now."""
    return Case(
        When(
            status=Status.PENALTY,
            penalty_until__lte=Now() if at is None else at,
            then=F("status_after_penalty"),
        ),
        default=F("status"),
        output_field=CharField(max_length=16),
    )
