"""The customers grid: one line per column over `Listing`, the one narrow row per customer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db.models import CharField, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Now, NullIf
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Listing, Sparkline, Status
from customers.querysets import eyes_of
from customers.rights import SEES_MONEY
from customers.statuses import effective_status_sql
from customers.surroundings import Surroundings, feed_of, read_surroundings, read_with_rights
from customers.warnings import FIELDS, MEANINGS, amount, warnings_of
from grids import formats
from grids.columns import (
    AgeColumn,
    Column,
    ConditionColumn,
    DurationColumn,
    FlagColumn,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    RatioColumn,
    Row,
    Sight,
    SparkColumn,
    StatusColumn,
    TextColumn,
    Title,
    UsageColumn,
)
from grids.filters import Choice, Names, SetFilter, ValuesFilter
from grids.grid import Feed, Grid
from grids.shared import Glance
from setup.models import AcdDefinition, Reseller

if TYPE_CHECKING:
    from users.models import User

SEES_EVERYBODY = "customers.view_every_customer"
NAME_OR_EMAIL = Coalesce(NullIf(F("name"), Value("")), F("email"), output_field=CharField())
DIALING = "dialing"
# What `f.warnings` may ask for: column of Listing -> codes of it.
WARNINGS = {
    "routing_warnings": ("no_authentication", "no_routing"),
    "billing_warnings": ("credit_exhausted", "daily_spend_reached"),
}


def status_is(status: str) -> Q:
    """Listing rows whose status holds now; the SQL of `effective_status`, as a condition."""
    over = Q(status=Status.PENALTY, penalty_until__lte=Now())
    lasting = Q(penalty_until=None) | Q(penalty_until__gt=Now())
    stored = Q(status=status) & lasting if status == Status.PENALTY else Q(status=status)
    return stored | (over & Q(status_after_penalty=status))


def _choices() -> list[Choice]:
    """The status menu in the order people know: Dialing is derived, at least one live call."""
    labels = dict(Status.choices)
    order = (Status.ACTIVE, DIALING, Status.INACTIVE, Status.PENDING, Status.PENDING_APPROVAL, Status.PENALTY)
    return [
        Choice(DIALING, gettext_lazy("Dialing"), Q(channels__gt=0))
        if key == DIALING
        else Choice(str(key), labels[key], status_is(key))
        for key in order
    ]


def _warning_filter(*columns: str) -> SetFilter:
    """Customers with a warning, of those that the named columns of Listing hold."""
    return SetFilter(
        [
            Choice(code, MEANINGS[code].what, Q(**{f"{column}__contains": [code]}))
            for column in columns
            for code in WARNINGS[column]
        ]
    )


def _acd_means(row: Row, sight: Sight) -> tuple[str, ...]:
    """Over answered calls, over all calls."""
    sums, counts = Decimal(row["duration_ms_24h"]), (row["connected_24h"], row["attempts_24h"])
    return tuple(formats.format_duration_ms(sums / count if count else None) for count in counts)


def _asr_parts(row: Row, sight: Sight) -> tuple[str, ...]:
    return formats.format_count(row["connected_24h"]), formats.format_count(row["attempts_24h"])


CREDIT_TITLE = Title(
    gettext_lazy("Debit limit %(limit)s. Available %(available)s"),
    ("limit", "available"),
    lambda row, sight: (amount(row["debit_limit"], row, sight), amount(row["available_credit"], row, sight)),
)
# Both definitions of the average call duration, each with its formula and figure.
ACD_TITLE = Title(
    gettext_lazy(
        "Over answered calls (total duration ÷ answered calls): %(answered)s. "
        "Over all calls (total duration ÷ total calls): %(all)s"
    ),
    ("answered", "all"),
    _acd_means,
)
ASR_TITLE = Title(
    gettext_lazy("%(connected)s of %(attempts)s calls connected in the last 24 hours"),
    ("connected", "attempts"),
    _asr_parts,
)


class CustomerGrid(Grid):
    """Every customer this user may see, with live figures."""

    model = Listing
    slug = "customers"
    nouns = (gettext_lazy("customer"), gettext_lazy("customers"))
    permission = "customers.view_customer"
    default_sort = ("name",)
    default_filters = {"status": "in:active"}
    search = "search"
    form = "chosen-customers"
    styled = True

    # fmt: off
    name = LinkColumn(
        gettext_lazy("Name"), url="customers:detail", note="country", warnings=warnings_of, extra=FIELDS,
        live=True,
    )
    credit = MoneyColumn(
        gettext_lazy("Credit"), "balance", permission=SEES_MONEY, currency="currency_id",
        total=True, live=True, aliases=("balance",), title=CREDIT_TITLE,
        extra=("debit_limit", "available_credit"),
        bad=lambda row: row["balance"] < 0 or row["available_credit"] <= 0,
        help=gettext_lazy(
            "Balance in the customer's own currency. Sorting compares the numbers only: "
            "amounts of different currencies are not converted"
        ),
    )
    channels = UsageColumn(
        gettext_lazy("Channels"), limit="channels_limit", warn="channels_warn", bad="channels_bad",
        total=True, live=True, help=gettext_lazy("Live calls now, ringing ones included, of the limit"),
    )
    status = StatusColumn(
        gettext_lazy("Status"), "effective_status", labels=dict(Status.choices), live=True,
        annotations={"effective_status": effective_status_sql()}, filter=SetFilter(_choices()),
        change_url="customers:status", change_permission="customers.change_customer",
    )
    last_call = AgeColumn(
        gettext_lazy("Last call"), "last_call_at", live=True,
        help=gettext_lazy("Time since the last call began"),
    )
    asr = RatioColumn(
        gettext_lazy("ASR"), part="connected_24h", whole="attempts_24h", scale=100, unit="%", live=True,
        warn="asr_warn", bad="asr_bad", title=ASR_TITLE,
        help=gettext_lazy("Connected calls ÷ all calls × 100, last 24 hours"),
    )
    acd = DurationColumn(
        gettext_lazy("ACD"), "acd_ms", part="duration_ms_24h", whole="connected_24h",
        extra=("attempts_24h",), live=True, title=ACD_TITLE,
        help=gettext_lazy("Average call duration: total duration ÷ answered calls, last 24 hours"),
    )
    pdd = RatioColumn(
        gettext_lazy("PDD"), "pdd_ms", part="pdd_sum_ms_24h", whole="pdd_count_24h",
        scale=Decimal("0.001"), filter_scale=1000, unit="s", live=True, warn="pdd_warn_s", bad="pdd_high_s",
        high_is_bad=True,
        bad_title=gettext_lazy("High. A mean delay like this hints at a problem of the carrier."),
        help=gettext_lazy("Mean time from dialling to ringing, last 24 hours"),
    )
    cps = SparkColumn(
        gettext_lazy("CPS"), decimals=1, unit=gettext_lazy("24 h"), live=True, points="points_24h",
        annotations={"points_24h": Subquery(Sparkline.objects.filter(pk=OuterRef("pk")).values("points"))},
        help=gettext_lazy("New calls per second now; the line shows calls per hour over 24 hours"),
    )
    warnings = ConditionColumn(
        gettext_lazy("Warning"), filter=_warning_filter(*WARNINGS), aliases=("warning",)
    )

    # Not on screen: to filter and, all but the last three, to sort by.
    number = NumberColumn(gettext_lazy("ID"), "customer_id", hidden=True, aliases=("id",))
    country = TextColumn(gettext_lazy("Country"), filter=ValuesFilter(code=True), hidden=True)
    currency = TextColumn(
        gettext_lazy("Currency"), "currency_id", filter=ValuesFilter(code=True), hidden=True
    )
    portal = FlagColumn(gettext_lazy("Portal access"), "portal_access", hidden=True)
    created = AgeColumn(gettext_lazy("Created"), "created_at", hidden=True)
    debit_limit = MoneyColumn(
        gettext_lazy("Debit limit"), permission=SEES_MONEY, currency="currency_id", hidden=True
    )
    available = MoneyColumn(
        gettext_lazy("Available credit"), "available_credit", permission=SEES_MONEY, currency="currency_id",
        hidden=True,
    )
    charge = MoneyColumn(
        gettext_lazy("Charge today"), "charge_today", permission=SEES_MONEY, currency="currency_id",
        hidden=True, aliases=("spend",),
    )
    daily_limit = MoneyColumn(
        gettext_lazy("Daily spend limit"), "daily_spend_limit", permission=SEES_MONEY, currency="currency_id",
        hidden=True,
    )
    channels_limit = NumberColumn(gettext_lazy("Channels limit"), hidden=True)
    cps_limit = NumberColumn(gettext_lazy("CPS limit"), hidden=True)
    cps_peak = NumberColumn(gettext_lazy("CPS peak 24 h"), "cps_peak_24h", hidden=True)
    attempts = NumberColumn(gettext_lazy("Attempts 24 h"), "attempts_24h", hidden=True, aliases=("calls",))
    connected = NumberColumn(gettext_lazy("Connected 24 h"), "connected_24h", hidden=True)
    tags = ConditionColumn(gettext_lazy("Tag"), filter=ValuesFilter(many=True), aliases=("tag",))
    manager = ConditionColumn(
        gettext_lazy("Account manager"), "account_manager_id", permission=SEES_EVERYBODY,
        filter=ValuesFilter(names=Names(get_user_model(), NAME_OR_EMAIL)),
    )
    reseller = ConditionColumn(
        gettext_lazy("Reseller"), "reseller_id", permission=SEES_EVERYBODY,
        filter=ValuesFilter(names=Names(Reseller)),
    )
    # fmt: on

    def variant(self, column: Column) -> Column:
        """A setting picks the average duration of the ACD column; who sees no credit asks for none."""
        if column.name == "warnings" and not self.may(SEES_MONEY):
            return ROUTING_WARNINGS_ONLY
        if column.name == "acd" and self.surroundings.acd_definition == AcdDefinition.ALL:
            return ACD_OVER_ALL_CALLS
        return column

    @classmethod
    def glance(cls, user: User) -> Glance:
        around, rights = read_with_rights(user)
        return Glance(
            rights=rights,
            eyes=eyes_of(user, rights),
            look=(around.acd_definition, tuple(around.limits.items()), tuple(around.digits.items())),
            version=str(around.revision or ""),
            feed=feed_of(around, timezone.now()),
            known=around,
        )

    def version(self) -> str:
        """The sequence that every write to the listing draws from."""
        return str(self.surroundings.revision or "")

    def limits(self) -> Mapping[str, float]:
        return self.surroundings.limits

    def currency_digits(self, code: str) -> int:
        return self.surroundings.digits.get(code, 2)

    def feed(self) -> Feed:
        return feed_of(self.surroundings, self.now)

    def when_stale(self) -> str:
        status = self.state.filters.on("status")
        if status and DIALING in status.values:
            return _("The live feed does not answer, so nobody can be known to be dialing now.")
        return super().when_stale()

    @cached_property
    def surroundings(self) -> Surroundings:
        known = self.glanced.known if self.glanced else None
        return known if isinstance(known, Surroundings) else read_surroundings()


ACD_OVER_ALL_CALLS = DurationColumn(
    gettext_lazy("ACD"), "acd_all_ms", part="duration_ms_24h", whole="attempts_24h", extra=("connected_24h",),
    live=True, title=ACD_TITLE,
    help=gettext_lazy("Average call duration over all calls: total duration ÷ total calls, last 24 hours"),
)  # fmt: skip
ACD_OVER_ALL_CALLS.__set_name__(CustomerGrid, "acd")
ROUTING_WARNINGS_ONLY = ConditionColumn(
    gettext_lazy("Warning"), filter=_warning_filter("routing_warnings"), aliases=("warning",)
)
ROUTING_WARNINGS_ONLY.__set_name__(CustomerGrid, "warnings")
