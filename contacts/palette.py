"""What the palette finds of this room: people by name, address and phone."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Contact
from customers.palette import EACH, PEOPLE, Entry, Palette, Source, Verb, Wanted

FIELDS = ("name", "email", "phone", "mobile")


def find_contacts(wanted: Wanted) -> list[Entry]:
    """People of whom every word is part, with the customer they belong to."""
    rows = Contact.objects.filter(customer_id__in=wanted.customers("contacts")).select_related("customer")
    for word in wanted.words:
        rows = rows.filter(Q(*((f"{field}__icontains", word) for field in FIELDS), _connector=Q.OR))
    return [
        Entry(
            label=_known_by(row, wanted.words),
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
