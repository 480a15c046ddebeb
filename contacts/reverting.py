"""How a change of a contact is taken back from the history of its customer."""

from typing import Any

from contacts.models import Contact
from contacts.services import change_contact
from customers.history import REVERTERS, Reverter
from users.models import User

FIELDS = frozenset(
    {
        "name", "email", "type", "phone", "mobile", "notes_public", "notes_private", "ip_whitelist",
        "email_verified_at", "mobile_verified_at",
    }
)  # fmt: skip


def _locked(pk: int, customer_id: int) -> Contact | None:
    rows = Contact.objects.filter(pk=pk, customer_id=customer_id, customer__deleted_at=None)
    return rows.select_for_update(of=("self",)).first()


def _change(pk: int, fields: dict[str, Any], by: User, reason: str) -> None:
    change_contact(pk, by=by, reason=reason, **fields)


REVERTERS[Contact] = Reverter("contacts.change_contact", lambda _row, _user: FIELDS, _locked, _change)
