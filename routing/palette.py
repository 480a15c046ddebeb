"""What the palette finds of this room: addresses, SIP users, tech prefixes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db.models import Model
from django.urls import reverse
from django.utils.translation import gettext_lazy

from customers.palette import EACH, NUMBERS, Entry, Palette, Source, Verb, Wanted
from routing.models import IngressRoute, IpAuth, SipUser

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _finder(
    model: type[Model], column: str, icon: str, url_name: str, note: StrOrPromise
) -> Callable[[Wanted], list[Entry]]:
    """Finds rows of `model` by one column. note: what it is, with %(customer)s for whose."""

    def find(wanted: Wanted) -> list[Entry]:
        customers = wanted.customers("routing")
        rows: Any = model._default_manager.filter(customer_id__in=customers).select_related("customer")
        for word in wanted.words:
            rows = rows.filter(**{f"{column}__icontains": word})
        return [
            Entry(
                label=getattr(row, column),
                icon=icon,
                url=reverse(url_name, args=[row.customer_id]),
                note=str(note) % {"customer": row.customer.name},
                key=f"c{row.customer_id}",
            )
            for row in rows.order_by(column, "pk")[:EACH]
        ]

    return find


_SEES_ADDRESSES = ("routing.view_ipauth",)
_SEES_SIP_USERS = ("routing.view_ipauth", "routing.view_sipuser")  # both stand on one tab
_SEES_ROUTES = ("routing.view_ingressroute",)

PALETTE = Palette(
    verbs=(
        Verb(
            gettext_lazy("Authentication"),
            "key",
            "routing:auth",
            _SEES_ADDRESSES,
            words=gettext_lazy("ip sip address"),
        ),
        Verb(
            gettext_lazy("Add an IP address…"),
            "plus",
            "routing:auth",
            (*_SEES_ADDRESSES, "routing.add_ipauth"),
            words=gettext_lazy("new authentication"),
            anchor="#add-ip",
            usual=False,
        ),
        Verb(
            gettext_lazy("Add a SIP user…"),
            "plus",
            "routing:auth",
            (*_SEES_SIP_USERS, "routing.add_sipuser"),
            words=gettext_lazy("new authentication"),
            anchor="#add-user",
            usual=False,
        ),
        Verb(gettext_lazy("Routing"), "route", "routing:routes", _SEES_ROUTES, words=gettext_lazy("routes")),
        Verb(
            gettext_lazy("Add a route…"),
            "plus",
            "routing:routes",
            (*_SEES_ROUTES, "routing.add_ingressroute"),
            words=gettext_lazy("new routing"),
            anchor="#add-route",
            usual=False,
        ),
    ),
    sources=(
        Source(
            NUMBERS,
            _SEES_ADDRESSES,
            _finder(IpAuth, "host", "key", "routing:auth", gettext_lazy("address of %(customer)s")),
        ),
        Source(
            NUMBERS,
            _SEES_SIP_USERS,
            _finder(SipUser, "username", "user", "routing:auth", gettext_lazy("SIP user of %(customer)s")),
        ),
        Source(
            NUMBERS,
            _SEES_ROUTES,
            _finder(
                IngressRoute,
                "tech_prefix",
                "route",
                "routing:routes",
                gettext_lazy("tech prefix of %(customer)s"),
            ),
        ),
    ),
)
