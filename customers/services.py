"""Every write to customers: verbs, one transaction each, actor and reason in the history."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import acting
from customers.models import Customer, Status
from customers.signals import customers_created

if TYPE_CHECKING:
    from users.models import User

_STATUS_FIELDS = ("status", "penalty_until", "status_after_penalty")


def belongs_to(user: "User | None") -> dict[str, Any]:
    """What makes a new customer visible to who makes it: the reseller, or the account manager."""
    if user is None:
        return {}
    if user.reseller_id:
        return {"reseller": user.reseller, "account_manager": None}
    return {} if user.has_perm("customers.view_every_customer") else {"account_manager": user}


def create_customer(*, by: "User | None", reason: str = "", **fields: object) -> Customer:
    """A new customer with `fields` of the model. Raises ValidationError naming each wrong field."""
    with acting(by=by, reason=reason):
        customer = Customer(**fields)
        customer.full_clean()
        customer.save(force_insert=True)
        customers_created.send(Customer, customer_ids=[customer.pk])
    customer.refresh_from_db()
    return customer


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
