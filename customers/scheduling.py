"""Delay and Save: a change that is stored as a wish and carried out at its time, exactly once.

It is carried out as the person who asked for it, in one transaction with its own end, under the lock of its
row: two workers, a restart or a repeat change nothing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import acting
from audit.changes import plain
from audit.sources import Source
from customers.bulk import field_of
from customers.models import Customer, ScheduledChange
from customers.rights import MONEY, SEES_MONEY
from customers.services import change_customer

if TYPE_CHECKING:
    from users.models import User

log = logging.getLogger(__name__)

State = ScheduledChange.State
LONGEST = timedelta(days=366)
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_SPAN = re.compile(r"\s*(\d{1,5})\s*(min|h|d)[a-z]*\s*", re.I | re.A)


def read_time(span: str, moment: str, zone: ZoneInfo, now: datetime) -> datetime:
    """When: after a span such as “90 min”, “1 h” or “2 days”, or at a date and time in `zone` as a browser's
    field writes it (2026-12-01T08:00). Raises ValidationError."""
    if span.strip() and moment.strip():
        raise ValidationError(_("Say after which span or at which time, not both."))
    if span.strip():
        found = _SPAN.fullmatch(span)
        if found is None:
            raise ValidationError(
                _("“%(span)s” is no span of time. Write a number with min, h or d, such as 1 h."),
                params={"span": span[:40]},
            )
        at = now + int(found[1]) * _UNITS[found[2].lower()]
    elif moment.strip():
        at = _in_zone(moment, zone)
    else:
        raise ValidationError(_("Say when: after a span of time, or at a date and time."))
    if not now < at <= now + LONGEST:
        raise ValidationError(_("The time must lie ahead, and within a year."))
    return at


def _in_zone(moment: str, zone: ZoneInfo) -> datetime:
    try:
        naive = datetime.fromisoformat(moment.strip())
        if naive.tzinfo is not None:
            raise ValueError
        at = naive.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValidationError(
            _("“%(moment)s” is no date and time."), params={"moment": moment[:40]}
        ) from None
    if at.astimezone(zone).replace(tzinfo=None) != naive:
        raise ValidationError(
            _("%(moment)s does not exist in %(zone)s: clocks are put forward then. Choose another time."),
            params={"moment": moment[:40], "zone": zone.key},
        )
    return at


def delay(
    customer_id: int, fields: Mapping[str, Any], run_at: datetime, *, by: User, reason: str = ""
) -> ScheduledChange:
    """Stores what differs from the customer as it is; nothing of the customer changes now.

    fields: clean values by name. Raises ValidationError where nothing differs, Customer.DoesNotExist.
    """
    with transaction.atomic():
        customer = Customer.objects.visible_to(by).get(pk=customer_id)
        stored = {name: _stored(customer, name) for name in fields}
        wanted = {name: _plain(name, value) for name, value in fields.items()}
        names = [name for name in fields if wanted[name] != stored[name]]
        if not names:
            raise ValidationError(_("Nothing differs from what is stored: there is nothing to delay."))
        return ScheduledChange.objects.create(
            customer=customer,
            asked_by=by,
            reason=reason,
            run_at=run_at,
            fields={name: wanted[name] for name in names},
            before={name: stored[name] for name in names},
        )


def run(change_id: int) -> ScheduledChange | None:
    """Carries one out, if it still waits; None if somebody else has it or it has ended.

    What was changed meanwhile is overwritten and noted. What is not possible any more (the customer or the
    right is gone, a value is not allowed now) ends as refused, with the reason.
    """
    with transaction.atomic():
        rows = ScheduledChange.objects.waiting().select_for_update(skip_locked=True, of=("self",))
        change = rows.filter(pk=change_id).first()
        if change is None:
            return None
        try:
            change.note = _carry_out(change)
            change.state = State.DONE
        except ValidationError as error:
            change.note, change.state = " ".join(error.messages), State.REFUSED
        change.ended_at = timezone.now()
        change.save(update_fields=["note", "state", "ended_at"])
    return change


def run_due(now: datetime | None = None) -> int:
    """Carries out all whose time has come, the earliest first. Returns how many."""
    due = ScheduledChange.objects.waiting().filter(run_at__lte=now or timezone.now()).order_by("run_at", "pk")
    return sum(_tried(pk) for pk in list(due.values_list("pk", flat=True)))


def _tried(change_id: int) -> bool:
    """One that fails in a way nobody thought of waits for its next turn, and holds no other up."""
    try:
        return run(change_id) is not None
    except Exception:
        log.exception("Delayed change %s failed and is tried again", change_id)
        return False


def cancel(change_id: int, *, by: User) -> bool:
    """Ends one that waits and that `by` sees; False if it has ended already."""
    with transaction.atomic():
        rows = ScheduledChange.objects.visible_to(by).waiting().select_for_update(of=("self",))
        change = rows.filter(pk=change_id).first()
        if change is None:
            return False
        change.state, change.ended_at = State.CANCELLED, timezone.now()
        change.note = _("Cancelled by %(who)s.") % {"who": by}
        change.save(update_fields=["note", "state", "ended_at"])
    return True


def _carry_out(change: ScheduledChange) -> str:
    """Writes the values; returns what is to be noted. Raises ValidationError."""
    by = change.asked_by
    if by is None or not by.is_active or not by.has_perm("customers.change_customer"):
        raise ValidationError(_("Whoever asked for it may not change customers any more."))
    customer = Customer.objects.visible_to(by).filter(pk=change.customer_id).first()
    if customer is None:
        raise ValidationError(_("The customer is deleted, or whoever asked for it does not see it any more."))
    if not by.has_perm(SEES_MONEY) and change.fields.keys() & set(MONEY):
        raise ValidationError(_("Whoever asked for it may not change amounts any more."))
    values = {name: _python(name, value) for name, value in change.fields.items()}
    overwritten = [
        str(field_of(name).verbose_name)
        for name, new in change.fields.items()
        if _stored(customer, name) not in (change.before[name], new)
    ]
    with acting(by=by, reason=change.reason, source=Source.SCHEDULE):
        change_customer(customer.pk, values, by=by, reason=change.reason)
    if not overwritten:
        return ""
    return _("Changed by somebody meanwhile, and overwritten: %(fields)s.") % {
        "fields": ", ".join(overwritten)
    }


def _stored(customer: Customer, name: str) -> Any:
    """What the form shows of it: of the status the one that holds, as everywhere."""
    if name == "status":
        return customer.effective_status(timezone.now()).value
    return plain(getattr(customer, field_of(name).attname))


def _plain(name: str, value: Any) -> Any:
    """As `_stored` gives it, so that the two can be compared."""
    return plain(value.pk if isinstance(value, models.Model) else field_of(name).to_python(value))


def _python(name: str, value: Any) -> Any:
    """What `_plain` gave, as the model has it. Raises ValidationError where a row is gone."""
    field = field_of(name)
    if field.related_model is None or value is None:
        return field.to_python(value)
    try:
        return field.related_model._default_manager.get(pk=value)
    except ObjectDoesNotExist:
        raise ValidationError(
            _("%(field)s: what was chosen is not there any more."), params={"field": field.verbose_name}
        ) from None
