"""What the palette finds of this room: people by name, address and phone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Contact
from customers.palette import EACH, PEOPLE, Entry, Palette, Source, Verb, customers_with

if TYPE_CHECKING:
    from users.models import User

FIELDS = ("name", "email", "phone", "mobile")


def find_contacts(user: User, words: Sequence[str]) -> list[Entry]:
    """People of whom every word is part, with the customer they belong to."""
    customers = customers_with("contacts", words, user)
    if customers is None:
        return []
    rows = Contact.objects.filter(customer_id__in=customers).select_related("customer")
    for word in words:
        rows = rows.filter(Q(*((f"{field}__icontains", word) for field in FIELDS), _connector=Q.OR))
    return [
        Entry(
            label=_known_by(row, words),
            icon="mail",
            url=reverse("contacts:panel", args=[row.customer_id]),
            note=_("contact of %(customer)s") % {"customer": row.customer.name},
            key=f"c{row.customer_id}",
        )
        for row in rows[:EACH]
    ]


def _known_by(contact: Contact, words: Sequence[str]) -> str:
    """What was asked for: a phone or email alone, else the name with the email."""
    for found in (contact.phone, contact.mobile, contact.email):
        if found and all(word in found.lower() for word in words):
            return found
    return f"{contact.name}, {contact.email}"


PALETTE = Palette(
    verbs=(
        Verb(
            gettext_lazy("Contacts"),
            "users",
            "contacts:panel",
            ("contacts.view_contact",),
            words=gettext_lazy("people mail email phone"),
        ),
    ),
    sources=(Source(PEOPLE, ("contacts.view_contact",), find_contacts),),
)
