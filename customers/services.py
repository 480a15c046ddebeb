"""Every write to customers: verbs, one transaction each, actor and reason in the history."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import acting
from customers import hours
from customers.deletion import Objected, objections_to
from customers.models import CallWindow, Customer, Status
from customers.signals import customers_created

if TYPE_CHECKING:
    from users.models import User

_STATUS_FIELDS = ("status", "penalty_until", "status_after_penalty")
_JUDGED_TOGETHER = (*_STATUS_FIELDS, "deleted_at", "portal_show", "portal_hide")


def belongs_to(user: "User | None") -> dict[str, Any]:
    """What makes a new customer visible to who makes it: the reseller, or the account manager."""
    if user is None:
        return {}
    if user.reseller_id:
        return {"reseller": user.reseller, "account_manager": None}
    return {} if user.has_perm("customers.view_every_customer") else {"account_manager": user}


def create_customer(
    *, by: "User | None", reason: str = "", week: hours.Week | None = None, **fields: object
) -> Customer:
    """A new customer with `fields` of the model and hours in which it may call (none: always).

    Raises ValidationError naming each wrong field.
    """
    with acting(by=by, reason=reason):
        customer = Customer(**fields)
        customer.full_clean()
        _save(customer, force_insert=True)
        _put_week(customer, week or {})
        customers_created.send(Customer, customer_ids=[customer.pk])
    customer.refresh_from_db()
    return customer


def delete_customers(
    customer_ids: Iterable[int], *, by: "User", reason: str = "", nevertheless: bool = False
) -> list[Customer]:
    """Hides customers that `by` sees; those that are gone already are left out: a repeat does nothing.

    From the next call and the next request on they are of no use: new calls are refused, their contacts
    cannot sign in, their names are free. Records, ledger and history stay. Raises Objected unless
    `nevertheless`. Returns the customers that were deleted.
    """
    with acting(by=by, reason=reason):
        rows = Customer.objects.visible_to(by).filter(pk__in=list(customer_ids)).order_by("pk")
        found = list(rows.select_for_update(no_key=True, of=("self",)))
        ids = [customer.pk for customer in found]
        objections = [] if nevertheless else objections_to(ids)
        if objections:
            raise Objected(objections)
        Customer.objects.filter(pk__in=ids).update(deleted_at=timezone.now())
    return found


def restore_customer(customer_id: int, *, by: "User", reason: str = "") -> Customer:
    """Brings a deleted customer back as it was; for one that is back already nothing happens.

    Raises Customer.DoesNotExist for one that `by` may not see, and ValidationError where somebody else has
    its name or its PayPal address by now.
    """
    with acting(by=by, reason=reason):
        seen = Customer.objects.visible_to(by) | Customer.objects.deleted_visible_to(by)
        customer = seen.select_for_update(no_key=True, of=("self",)).get(pk=customer_id)
        if customer.deleted_at is None:
            return customer
        _refuse_what_is_taken(customer)
        customer.deleted_at = None
        customer.save(update_fields=["deleted_at"])
    return customer


def _refuse_what_is_taken(customer: Customer) -> None:
    others = Customer.objects.existing()
    if others.filter(name__iexact=customer.name).exists():
        raise ValidationError(
            _("“%(name)s” cannot come back: another customer has this name now. Rename that one first."),
            params={"name": customer.name},
        )
    if customer.paypal_email and others.filter(paypal_email__iexact=customer.paypal_email).exists():
        raise ValidationError(
            _("“%(name)s” cannot come back: another customer pays from %(address)s now. Change that first."),
            params={"name": customer.name, "address": customer.paypal_email},
        )


def set_status(
    customer_id: int, status: str, *, by: "User | None", reason: str = "", until: datetime | None = None
) -> Customer:
    """Stores a status; a repeat changes nothing, a penalty's end included.

    until: when a penalty ends by itself, giving back the status that held before (None: only by hand).
    Raises ValidationError for an unknown status, an end without a penalty or an end in the past, and
    Customer.DoesNotExist where the customer is gone.
    """
    if status not in Status.values:
        raise ValidationError(
            _("“%(status)s” is no status. Use one of: %(legal)s."),
            params={"status": status, "legal": ", ".join(Status.values)},
        )
    if until is not None and until <= timezone.now():
        raise ValidationError(
            _("The end of the penalty, %(until)s, is in the past."), params={"until": until.isoformat()}
        )
    with acting(by=by, reason=reason):
        customer = Customer.objects.existing().select_for_update(no_key=True).get(pk=customer_id)
        before = customer.effective_status(timezone.now())
        if customer.status == status and until in (None, customer.penalty_until):
            return customer
        customer.status = status
        customer.penalty_until = until
        if status == Status.PENALTY and before != Status.PENALTY:
            customer.status_after_penalty = before
        # Only what is written is judged: an older fault elsewhere in the row must not stop a penalty.
        others = [field.name for field in Customer._meta.fields if field.name not in _STATUS_FIELDS]
        customer.full_clean(exclude=others, validate_unique=False)
        customer.save(update_fields=_STATUS_FIELDS)
    return customer


def end_penalties(at: datetime | None = None) -> int:
    """Stores what `effective_status` says already of penalties whose end has come. Returns how many."""
    with acting(by=None, reason=_("The penalty's time is over")):
        over = Customer.objects.filter(status=Status.PENALTY, penalty_until__lte=at or timezone.now())
        ids = list(
            over.order_by("pk").select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True)
        )
        return Customer.objects.filter(pk__in=ids).update(
            status=F("status_after_penalty"), penalty_until=None, status_after_penalty=Status.ACTIVE
        )


def change_customer(
    customer_id: int,
    fields: dict[str, object],
    *,
    by: "User | None",
    reason: str = "",
    week: hours.Week | None = None,
) -> Customer:
    """Stores `fields` of the model, and the hours of all weekdays (None: as they are); a repeat does nothing.

    A new status has the effects that `set_status` gives it. Raises ValidationError naming each wrong field,
    and Customer.DoesNotExist where the customer is gone.
    """
    with acting(by=by, reason=reason):
        customer = Customer.objects.existing().select_for_update(no_key=True).get(pk=customer_id)
        before = customer.effective_status(timezone.now())
        changed = [name for name, value in fields.items() if getattr(customer, name) != value]
        for name in changed:
            setattr(customer, name, fields[name])
        if "status" in changed and customer.status == Status.PENALTY and before != Status.PENALTY:
            customer.status_after_penalty = before
            changed.append("status_after_penalty")
        if "status" in changed and customer.status != Status.PENALTY and customer.penalty_until:
            customer.penalty_until = None
            changed.append("penalty_until")
        if changed:
            # Only what is written is judged, with the columns that constraints look at beside it.
            judged = {*changed, *_JUDGED_TOGETHER}
            others = [field.name for field in Customer._meta.fields if field.name not in judged]
            customer.full_clean(exclude=others)
            _save(customer, update_fields=changed)
        if week is not None:
            _put_week(customer, week)
    return customer


def _save(customer: Customer, **how: Any) -> None:
    """Saves; what somebody else took in this very moment is said in words instead of failing."""
    try:
        with transaction.atomic():
            customer.save(**how)
    except IntegrityError:
        customer.full_clean()
        raise


def _put_week(customer: Customer, week: hours.Week) -> None:
    """Makes the windows those of `week`; rows that stay as they are leave no history."""
    wanted = {(day, opens, closes) for day, windows in week.items() for opens, closes in windows}
    stored = {(row.weekday, row.opens, row.closes): row.pk for row in customer.call_windows.all()}
    CallWindow.objects.filter(pk__in=[pk for key, pk in stored.items() if key not in wanted]).delete()
    CallWindow.objects.bulk_create(
        CallWindow(customer=customer, weekday=day, opens=opens, closes=closes)
        for day, opens, closes in sorted(wanted - stored.keys())
    )
