"""What each warning of a customer says: what is wrong, how bad, what to do and where.

Rooms above write codes into their own column of `Listing`; the words stand here, because the list and the
customer page show them alike. Links go by URL name: a tab whose room is not there yet leads to the
customer's own page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.rights import SEES_MONEY
from grids import formats
from grids.columns import Sight, Warning

# The columns of Listing that hold codes, in the order in which warnings are listed.
COLUMNS = ("routing_warnings", "billing_warnings", "call_warnings", "contact_warnings")
SUMS = ("balance", "debit_limit", "available_credit", "charge_today", "daily_spend_limit")
FIELDS = (*COLUMNS, *SUMS, "currency_id")

# Without this right a warning says what it does, but no amount.


@dataclass(frozen=True)
class _Meaning:
    """tone "bad": calls are refused, or soon will be. tab: URL name of the place that puts it right.

    permission: what opens that tab; who lacks it is led to the customer's page.
    """

    tone: str
    what: Any
    how_bad: Callable[[Mapping[str, Any], Sight], str]
    to_do: Any
    tab: str
    permission: str


def amount(value: Decimal | None, row: Mapping[str, Any], sight: Sight) -> str:
    """An amount of the row's currency with its code: `−212.40 USD`."""
    code = row["currency_id"]
    return f"{formats.format_money(value, sight.digits(code))} {code}"


def _no_authentication(row: Mapping[str, Any], sight: Sight) -> str:
    return _("No address and no SIP user is known, so calls from this customer are refused.")


def _no_routing(row: Mapping[str, Any], sight: Sight) -> str:
    return _("No enabled route takes its calls, so they are refused.")


def _credit_exhausted(row: Mapping[str, Any], sight: Sight) -> str:
    if not sight.may(SEES_MONEY):
        return _("New calls are refused.")
    return _(
        "Available %(available)s: balance %(balance)s, debit limit %(limit)s. New calls are refused."
    ) % {
        "available": amount(row["available_credit"], row, sight),
        "balance": amount(row["balance"], row, sight),
        "limit": amount(row["debit_limit"], row, sight),
    }


def _daily_spend(row: Mapping[str, Any], sight: Sight) -> str:
    if not sight.may(SEES_MONEY):
        return _("New calls are refused until midnight, UTC.")
    return _("%(spent)s of %(limit)s today (UTC). New calls are refused until midnight.") % {
        "spent": amount(row["charge_today"], row, sight),
        "limit": amount(row["daily_spend_limit"], row, sight),
    }


MEANINGS = {
    "no_authentication": _Meaning(
        "bad",
        gettext_lazy("No Authentication Set"),
        _no_authentication,
        gettext_lazy("Add authentication"),
        "routing:auth",
        "routing.view_ipauth",
    ),
    "no_routing": _Meaning(
        "bad",
        gettext_lazy("No Routing Set"),
        _no_routing,
        gettext_lazy("Add a route"),
        "routing:routes",
        "routing.view_ingressroute",
    ),
    "credit_exhausted": _Meaning(
        "bad",
        gettext_lazy("Credit used up"),
        _credit_exhausted,
        gettext_lazy("See the balance"),
        "billing:ledger",
        SEES_MONEY,
    ),
    "daily_spend_reached": _Meaning(
        "bad",
        gettext_lazy("Daily spend limit reached"),
        _daily_spend,
        gettext_lazy("See the balance"),
        "billing:ledger",
        SEES_MONEY,
    ),
}


def warnings_of(row: Mapping[str, Any], sight: Sight) -> list[Warning]:
    """Every warning of a listing row (a dict of FIELDS and "pk"), those that refuse calls first."""
    found = [_warning(code, row, sight) for column in COLUMNS for code in row[column] or ()]
    return sorted(found, key=lambda one: one.tone != "bad")


def _warning(code: str, row: Mapping[str, Any], sight: Sight) -> Warning:
    page = sight.url("customers:detail", row["pk"]) or "#"
    meaning = MEANINGS.get(code)
    if meaning is None:
        # A room newer than this list: its code is better than silence.
        return Warning("warn", code.replace("_", " ").capitalize(), "", _("Open the customer"), page)
    tab = sight.url(meaning.tab, row["pk"]) if sight.may(meaning.permission) else None
    how_bad = meaning.how_bad(row, sight)
    return Warning(meaning.tone, sight.say(meaning.what), how_bad, sight.say(meaning.to_do), tab or page)
