"""What was changed about one customer, by whom and why, and how one change is taken back.

Every tracked model with a foreign key `customer` is part of it, of whatever room: the history tables are
found by that relation, and each needs the right to view its model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ForeignKey, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import acting
from audit.changes import Change, Difference, Mark, Trail, latest, one
from audit.sources import Source
from customers.editform import CustomerForm
from customers.models import Customer
from customers.rights import MONEY, SEES_EVERYBODY, SEES_MONEY
from customers.services import change_customer
from users.models import Kind, User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Counted by triggers with every change.
NOISE = frozenset({"version", "demo"})
_WITH_STATUS = frozenset({"penalty_until", "status_after_penalty"})


def changes_of(customer_id: int, user: User, most: int, *, before: Mark | None = None) -> list[Change]:
    """At most `most` changes that `user` may see, the latest first, of those older than `before`."""
    return _as_seen_by(user, latest(_trails(customer_id, user), most, before=before))


def change_of(customer_id: int, user: User, word: str) -> Change | None:
    """The change that an address names, if it is one of this customer's and `user` may see it."""
    found = one(_trails(customer_id, user), word)
    return _as_seen_by(user, [found])[0] if found else None


@cache
def _histories() -> list[tuple[type[Model], str]]:
    """(history table, its column that holds the customer), Customer's own first."""
    found: list[tuple[type[Model], str]] = []
    for model in apps.get_models():
        tracked = getattr(model, "pgh_tracked_model", None)
        if tracked is None:
            continue
        if tracked is Customer:
            found.insert(0, (model, "pgh_obj_id"))
        elif any(
            isinstance(column, ForeignKey)
            and column.name == "customer"
            and column.remote_field.model is Customer
            for column in tracked._meta.concrete_fields
        ):
            found.append((model, "customer_id"))
    return found


def _trails(customer_id: int, user: User) -> list[Trail]:
    trails = []
    for events, column in _histories():
        meta = events.pgh_tracked_model._meta  # type: ignore[attr-defined]  # set by pghistory
        if user.has_perm(f"{meta.app_label}.view_{meta.model_name}"):
            rows = events._default_manager.filter(**{column: customer_id})
            hidden = _hidden_from(user) if meta.model is Customer else frozenset({"customer"})
            trails.append(Trail(rows, hidden=hidden, noise=NOISE))
    return trails


def _hidden_from(user: User) -> frozenset[str]:
    """Fields of a customer that this person does not find in the form either."""
    hidden = set() if user.has_perm(SEES_MONEY) else set(MONEY)
    if user.reseller_id or not user.has_perm(SEES_EVERYBODY):
        hidden |= {"reseller", "account_manager"}
    return frozenset(hidden)


def _as_seen_by(user: User, changes: list[Change]) -> list[Change]:
    """A reseller's user learns what was done, and of its own people and the customer's also who and why."""
    if not user.reseller_id:
        return changes
    ids = {change.user_id for change in changes if change.user_id}
    known = {
        pk
        for pk, kind, reseller in User.objects.filter(pk__in=ids).values_list("pk", "kind", "reseller_id")
        if kind == Kind.CONTACT or reseller == user.reseller_id
    }
    for change in changes:
        if change.user_id not in known:
            change.who, change.ip, change.reason = "", "", ""
    return changes


# --- Taking one change back


class Refused(Exception):
    """It cannot be taken back; the message says why and what to do."""


@dataclass(frozen=True)
class Reverter:
    """How changes of one model are taken back.

    permission: without it nothing is. fields: the names of fields that a person may set in this row.
    lock: the row as it is now, locked until the transaction ends; None where it is gone. change: stores
    {field: value} of a row, as the room's own services do.
    """

    permission: str
    fields: Callable[[Any, User], Iterable[str]]
    lock: Callable[[int, int], Any]
    change: Callable[[int, dict[str, Any], User, str], object]


REVERTERS: dict[type[Model], Reverter] = {}


def obstacle(change: Change, customer_id: int, user: User) -> StrOrPromise:
    """Why `user` cannot take `change` back now; empty where nothing is in the way."""
    try:
        with transaction.atomic():
            _values_before(change, customer_id, user)
    except Refused as refused:
        return str(refused)
    return ""


def may_revert(change: Change, user: User) -> bool:
    """Whether changes of this kind are taken back at all, and by this person."""
    return change.verb == "update" and change.model in REVERTERS and not forbidden(change, user)


def forbidden(change: Change, user: User) -> bool:
    """Whether it is for want of a right that `user` takes nothing back."""
    reverter = REVERTERS.get(change.model)
    return reverter is not None and not user.has_perm(reverter.permission)


def revert(change: Change, customer_id: int, *, by: User, reason: str = "") -> None:
    """Gives the fields of one change the values from before it, as a change of its own.

    Raises Refused where that is not possible, or where a field has been changed again since.
    """
    words = _("Reverts %(who)s's change of %(at)s") % {
        "who": change.who or _("somebody"),
        "at": f"{change.at:%Y-%m-%d %H:%M:%S} UTC",
    }
    reason = f"{reason} ({words})" if reason else words
    with acting(by=by, reason=reason, source=Source.REVERT):
        fields = _values_before(change, customer_id, by)
        try:
            REVERTERS[change.model].change(change.object_id, fields, by, reason)
        except ValidationError as error:
            raise Refused(" ".join(error.messages)) from None


def _values_before(change: Change, customer_id: int, user: User) -> dict[str, Any]:
    """{field: value from before}, with the row locked. Raises Refused."""
    if not may_revert(change, user):
        raise Refused(_("This kind of change cannot be taken back here. Change it by hand."))
    reverter = REVERTERS[change.model]
    row = reverter.lock(change.object_id, customer_id)
    if row is None:
        raise Refused(_("%(what)s is gone, so nothing can be given back to it.") % {"what": change.subject})
    may_set = set(reverter.fields(row, user))
    fixed = [each.label for each in change.differences if each.name not in may_set or each.hidden]
    if fixed:
        raise Refused(
            _("You may not set %(fields)s, so this change cannot be taken back as a whole.")
            % {"fields": ", ".join(fixed)}
        )
    newer = [each for each in change.differences if _now(row, each.name) != each.became]
    if newer:
        raise Refused(
            _("%(fields)s has been changed again since. Take the later change back first, or edit by hand.")
            % {"fields": ", ".join(each.label for each in newer)}
        )
    return {each.name: _value_of(change.model, each) for each in change.differences}


def _now(row: Any, name: str) -> Any:
    return getattr(row, row._meta.get_field(name).attname)


def _value_of(model: type[Model], difference: Difference) -> Any:
    """The value from before as the model takes it: the row itself for a foreign key."""
    column = model._meta.get_field(difference.name)
    if not isinstance(column, ForeignKey) or difference.was is None:
        return difference.was
    found = column.remote_field.model._default_manager.filter(pk=difference.was).first()
    if found is None:
        words = _("%(field)s was something that is gone. Choose another by hand.")
        raise Refused(words % {"field": difference.label})
    return found


def _fields_of_customer(customer: Customer, user: User) -> set[str]:
    form = CustomerForm(user=user, instance=customer)
    return {name for name, each in form.fields.items() if not each.disabled} | _WITH_STATUS


def _locked_customer(pk: int, customer_id: int) -> Customer | None:
    return Customer.objects.existing().filter(pk=customer_id).select_for_update(no_key=True).first()


def _change_customer(pk: int, fields: dict[str, Any], by: User, reason: str) -> None:
    until = fields.get("penalty_until")
    if until is not None and until <= timezone.now():
        raise ValidationError(_("The penalty it would give back is over by now. Change the status by hand."))
    change_customer(pk, fields, by=by, reason=reason)


REVERTERS[Customer] = Reverter(
    "customers.change_customer", _fields_of_customer, _locked_customer, _change_customer
)
