"""What every page of one customer shows around its content: head, figures, warnings, tabs with counts.

Rooms above use `open_card` for their own tabs, so that the head is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.freshness import Freshness, freshness
from customers.models import Customer, Listing, Status
from customers.statuses import effective_status
from customers.surroundings import Surroundings, read_surroundings
from customers.warnings import warnings_of
from grids import formats
from grids.columns import Sight, Warning

if TYPE_CHECKING:
    from users.models import User

# What the tabs count. Rooms above own these relations; a path to them is no import.
_AUTH_RELATIONS = ("ip_auths", "sip_users")
_ROUTE_RELATION = "ingress_routes"

# Tabs and the URL names of their places.
TABS = {
    "main": "customers:detail",
    "auth": "routing:auth",
    "routing": "routing:routes",
    "calls": "tabs:calls",
    "cdr": "tabs:records",
    "dialogs": "tabs:live",
    "audit": "customers:audit",
}


@dataclass(frozen=True)
class Usage:
    """Channels of a limit, as a bar. tone: "", "w" (amber) or "b" (red). step: 0 to 20, 5 % each."""

    percent: int
    tone: str
    step: int


def usage_of(used: int, limit: int | None, limits: Mapping[str, float]) -> Usage | None:
    """How much of a limit is used; None without one. limits: `channels_warn`, `channels_bad` in percent."""
    if not limit:
        return None
    percent = used * 100 // limit
    tone = "b" if percent >= limits["channels_bad"] else "w" if percent >= limits["channels_warn"] else ""
    return Usage(percent, tone, 0 if not used else max(1, min(20, round(percent / 5))))


def asr_tone(asr: Decimal | None, limits: Mapping[str, float]) -> str:
    """Colour of an ASR: "" for a healthy one or none at all."""
    if asr is None:
        return ""
    return "bad" if asr < limits["asr_bad"] else "warn" if asr < limits["asr_warn"] else ""


@dataclass
class Card:
    """One customer as its page's head shows it, for one viewer at one moment."""

    listing: Listing
    user: User
    now: datetime
    surroundings: Surroundings
    tab: str = "main"

    @property
    def customer(self) -> Customer:
        return self.listing.customer

    @property
    def status(self) -> Status:
        """The status that holds now."""
        row = self.listing
        return effective_status(row.status, row.penalty_until, row.status_after_penalty, self.now)

    @property
    def status_label(self) -> str:
        return str(self.status.label)

    @property
    def status_note(self) -> str:
        """What the status does not say by itself: that a penalty is over, or until when it lasts."""
        row = self.listing
        if row.status != Status.PENALTY or row.penalty_until is None:
            return ""
        until = formats.format_moment(row.penalty_until)
        if self.status != row.status:
            return _("The penalty is over since %(until)s.") % {"until": until}
        return _("Until %(until)s.") % {"until": until}

    @property
    def sees_money(self) -> bool:
        return self.user.has_perm("customers.view_credit")

    @property
    def digits(self) -> int:
        return self.surroundings.digits.get(self.listing.currency_id, 2)

    @property
    def spent_today(self) -> str:
        return formats.format_money(self.listing.charge_today, self.digits)

    @property
    def daily_limit(self) -> str:
        return formats.format_money(self.listing.daily_spend_limit, self.digits)

    @cached_property
    def sight(self) -> Sight:
        digits = self.surroundings.digits
        return Sight(
            now=self.now,
            may=self.user.has_perm,
            digits=lambda code: digits.get(code, 2),
            limits=self.surroundings.limits,
        )

    @cached_property
    def warnings(self) -> list[Warning]:
        names = [field.attname for field in Listing._meta.concrete_fields]
        return warnings_of(
            {name: getattr(self.listing, name) for name in names} | {"pk": self.listing.pk}, self.sight
        )

    @property
    def here(self) -> tuple[str | None, ...]:
        """Addresses that lead nowhere new: of this customer's page, and of the tab it is open at."""
        return tuple(self.sight.url(name, self.listing.pk) for name in (TABS["main"], TABS[self.tab]))

    @property
    def usage(self) -> Usage | None:
        return usage_of(self.listing.channels, self.listing.channels_limit, self.surroundings.limits)

    @property
    def asr_tone(self) -> str:
        return asr_tone(self.listing.asr, self.surroundings.limits)

    @property
    def pdd_tone(self) -> str:
        if self.listing.pdd_ms is None:
            return ""
        pdd_s, limits = self.listing.pdd_ms / 1000, self.surroundings.limits
        return "bad" if pdd_s >= limits["pdd_high_s"] else "warn" if pdd_s >= limits["pdd_warn_s"] else ""

    @property
    def credit_is_used_up(self) -> bool:
        return self.listing.available_credit <= 0

    @cached_property
    def feed(self) -> Freshness:
        """Whether the figures are old."""
        return freshness(self.surroundings.ticked_at, self.surroundings.heard_at, self.now)

    @property
    def poll_s(self) -> int:
        return settings.GRID_POLL_SECONDS

    @property
    def token(self) -> str:
        """Changes with everything the head shows but ages, which the browser counts by itself."""
        return f"{self.listing.revision}-{self.status}-{int(self.feed.stale)}"


def read_card(user: User, customer_id: int, tab: str = "main") -> Card:
    """The head of one customer's page, open at a tab of TABS.

    Raises Http404 for a customer that `user` may not see.
    """
    rows = Listing.objects.visible_to(user).select_related("customer")
    return Card(get_object_or_404(rows, pk=customer_id), user, timezone.now(), read_surroundings(), tab)


def open_card(user: User, customer_id: int, tab: str) -> dict[str, Any]:
    """Template context of a page that extends customers/page.html. tab: one of TABS.

    Raises Http404 for a customer that `user` may not see.
    """
    card = read_card(user, customer_id, tab)
    customer = card.customer
    counts = {
        "auth": sum(getattr(customer, relation).count() for relation in _AUTH_RELATIONS),
        "routing": getattr(customer, _ROUTE_RELATION).count(),
    }
    return {"card": card, "customer": customer, "tab": tab, "counts": counts}
