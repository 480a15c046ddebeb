"""The contacts grid: people at every customer the user may see."""

from __future__ import annotations

from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy

from contacts.models import Contact, ContactType
from customers.models import Customer
from grids.columns import (
    AgeColumn,
    ChoiceColumn,
    CodeColumn,
    LinkColumn,
    MomentColumn,
    NameColumn,
    TextColumn,
)
from grids.filters import Choice, Names, SetFilter
from grids.grid import Grid

YES_OR_NO = {"yes": gettext_lazy("Yes"), "no": gettext_lazy("No")}


class ContactGrid(Grid):
    """One row per person."""

    model = Contact
    slug = "contacts"
    nouns = (gettext_lazy("contact"), gettext_lazy("contacts"))
    permission = "contacts.view_contact"
    default_sort = ("name",)
    search = "search"

    # fmt: off
    name = LinkColumn(gettext_lazy("Name"), url="contacts:panel", key="customer_id", width=220)
    company = NameColumn(
        gettext_lazy("Company"), "customer_id", names=Names(Customer), url="customers:detail",
        url_permission="customers.view_customer", aliases=("customer",), width=220,
    )
    type = ChoiceColumn(gettext_lazy("Type"), labels=dict(ContactType.choices))
    email = TextColumn(gettext_lazy("Email"), width=240)
    phone = CodeColumn(gettext_lazy("Phone"))
    mobile = CodeColumn(gettext_lazy("Mobile"))
    portal = ChoiceColumn(
        gettext_lazy("Signs in"), "signs_in", labels=YES_OR_NO, width=100,
        annotations={"signs_in": Case(When(user=None, then=Value("no")), default=Value("yes"))},
        filter=SetFilter([
            Choice("yes", YES_OR_NO["yes"], Q(user__isnull=False)),
            Choice("no", YES_OR_NO["no"], Q(user__isnull=True)),
        ]),
        help=gettext_lazy("Whether this person has a sign-in to the customers' site"),
    )
    email_verified = AgeColumn(gettext_lazy("Email verified"), "email_verified_at", width=130)
    mobile_verified = AgeColumn(gettext_lazy("Mobile verified"), "mobile_verified_at", width=140)
    created = MomentColumn(gettext_lazy("Created"), "created_at", hidden=True)
    public_notes = TextColumn(gettext_lazy("Public notes"), "notes_public", hidden=True)
    private_notes = TextColumn(gettext_lazy("Private notes"), "notes_private", hidden=True)
    # fmt: on
