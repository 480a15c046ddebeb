"""The customers grid: one line per column over `Listing`, the one narrow row per customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import FeedState, Listing, Sparkline, Status
from customers.statuses import effective_status_sql
from customers.warnings import FIELDS, amount, warnings_of
from grids import formats
from grids.columns import (
    AgeColumn,
    Column,
    DurationColumn,
    LinkColumn,
    MoneyColumn,
    RatioColumn,
    Row,
    Sight,
    SparkColumn,
    StatusColumn,
    UsageColumn,
)
from grids.filters import Choice, SetFilter
from grids.grid import Feed, Grid
from setup.models import AcdDefinition, Currency, Installation

DIALING = "dialing"


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


def credit_title(row: Row, sight: Sight) -> str:
    """Debit limit and what may still be spent, both in the customer's currency."""
    return _("Debit limit %(limit)s. Available %(available)s") % {
        "limit": amount(row["debit_limit"], row, sight),
        "available": amount(row["available_credit"], row, sight),
    }


def acd_title(row: Row, sight: Sight) -> str:
    """Both definitions of the average call duration, each with its formula and figure."""

    def mean(count: int) -> str:
        return formats.format_duration_ms(Decimal(row["duration_ms_24h"]) / count if count else None)

    return _(
        "Over answered calls (total duration ÷ answered calls): %(answered)s. "
        "Over all calls (total duration ÷ total calls): %(all)s"
    ) % {"answered": mean(row["connected_24h"]), "all": mean(row["attempts_24h"])}


def asr_title(row: Row, sight: Sight) -> str:
    return _("%(connected)s of %(attempts)s calls connected in the last 24 hours") % {
        "connected": formats.format_count(row["connected_24h"]),
        "attempts": formats.format_count(row["attempts_24h"]),
    }


class CustomerGrid(Grid):
    """Every customer this user may see, with live figures."""

    model = Listing
    slug = "customers"
    nouns = (gettext_lazy("customer"), gettext_lazy("customers"))
    permission = "customers.view_customer"
    default_sort = ("name",)
    default_filters = {"status": "in:active"}
    search = "search"

    name = LinkColumn(
        gettext_lazy("Name"),
        url="customers:detail",
        note="country",
        warnings=warnings_of,
        extra=FIELDS,
        live=True,
    )
    credit = MoneyColumn(
        gettext_lazy("Credit"),
        "balance",
        permission="customers.view_credit",
        currency="currency_id",
        total=True,
        live=True,
        title=credit_title,
        bad=lambda row: row["balance"] < 0 or row["available_credit"] <= 0,
        extra=("debit_limit", "available_credit"),
        help=gettext_lazy("Balance in the customer's own currency"),
    )
    channels = UsageColumn(
        gettext_lazy("Channels"),
        limit="channels_limit",
        warn="channels_warn",
        bad="channels_bad",
        total=True,
        live=True,
        help=gettext_lazy("Live calls now, ringing ones included, of the limit"),
    )
    status = StatusColumn(
        gettext_lazy("Status"),
        "effective_status",
        labels=dict(Status.choices),
        annotations={"effective_status": effective_status_sql()},
        change_url="customers:status",
        change_permission="customers.change_customer",
        filter=SetFilter(_choices()),
        live=True,
    )
    last_call = AgeColumn(
        gettext_lazy("Last call"),
        "last_call_at",
        live=True,
        help=gettext_lazy("Time since the last call began"),
    )
    asr = RatioColumn(
        gettext_lazy("ASR"),
        part="connected_24h",
        whole="attempts_24h",
        scale=100,
        unit="%",
        live=True,
        warn="asr_warn",
        bad="asr_bad",
        title=asr_title,
        help=gettext_lazy("Connected calls ÷ all calls × 100, last 24 hours"),
    )
    acd = DurationColumn(
        gettext_lazy("ACD"),
        "acd_ms",
        part="duration_ms_24h",
        whole="connected_24h",
        extra=("attempts_24h",),
        live=True,
        title=acd_title,
        help=gettext_lazy("Average call duration: total duration ÷ answered calls, last 24 hours"),
    )
    pdd = RatioColumn(
        gettext_lazy("PDD"),
        "pdd_ms",
        part="pdd_sum_ms_24h",
        whole="pdd_count_24h",
        scale=Decimal("0.001"),
        unit="s",
        live=True,
        warn="pdd_warn_s",
        bad="pdd_high_s",
        high_is_bad=True,
        bad_title=gettext_lazy("High. A mean delay like this hints at a problem of the carrier."),
        help=gettext_lazy("Mean time from dialling to ringing, last 24 hours"),
    )
    cps = SparkColumn(
        gettext_lazy("CPS"), decimals=1, unit=gettext_lazy("24 h"), live=True, points="points_24h",
        annotations={
            "points_24h": Subquery(Sparkline.objects.filter(pk=OuterRef("pk")).values("points")),
        },
        help=gettext_lazy("New calls per second now; the line shows calls per hour over 24 hours"),
    )  # fmt: skip

    def variant(self, column: Column) -> Column:
        """A setting picks which of the two average durations the ACD column is."""
        if column.name == "acd" and self.surroundings.acd_definition == AcdDefinition.ALL:
            return ACD_OVER_ALL_CALLS
        return column

    def limits(self) -> Mapping[str, float]:
        return self.surroundings.limits

    def currency_digits(self, code: str) -> int:
        return self.surroundings.digits.get(code, 2)

    def feed(self) -> Feed:
        """Stale when the pulse stands still, or no switch has spoken, for longer than the setting allows."""
        moments = (self.surroundings.ticked_at, self.surroundings.heard_at)
        known = [moment for moment in moments if moment is not None]
        patience = timedelta(seconds=settings.FEED_STALE_SECONDS)
        stale = len(known) < len(moments) or any(self.now - moment > patience for moment in known)
        return Feed(stale=stale, since=min(known, default=None))

    @cached_property
    def surroundings(self) -> Surroundings:
        return read_surroundings()


ACD_OVER_ALL_CALLS = DurationColumn(
    gettext_lazy("ACD"), "acd_all_ms", part="duration_ms_24h", whole="attempts_24h", extra=("connected_24h",),
    live=True, title=acd_title,
    help=gettext_lazy("Average call duration over all calls: total duration ÷ total calls, last 24 hours"),
)  # fmt: skip
ACD_OVER_ALL_CALLS.__set_name__(CustomerGrid, "acd")


@dataclass(frozen=True)
class Surroundings:
    """What the grid shows that belongs to no customer: settings, currencies, how fresh the figures are.

    limits: percent for ASR and channels, seconds for PDD. digits: minor digits by currency code.
    """

    limits: Mapping[str, float]
    acd_definition: str
    digits: Mapping[str, int]
    ticked_at: datetime | None
    heard_at: datetime | None


def read_surroundings() -> Surroundings:
    """All of it in one query: three small tables, read by every page and every poll."""
    percents = ("asr_warn", "asr_bad", "channels_warn", "channels_bad")
    names = (*percents, "pdd_warn_ms", "pdd_high_ms", "acd_definition")
    settings_row = Installation.objects.filter(pk=1)
    feed_row = FeedState.objects.filter(pk=1)
    rows = list(
        Currency.objects.order_by().values(
            "code",
            "digits",
            **{f"set_{name}": Subquery(settings_row.values(name)) for name in names},
            ticked_at=Subquery(feed_row.values("ticked_at")),
            heard_at=Subquery(feed_row.values("heard_at")),
        )
    )
    first: dict[str, Any] = rows[0] if rows else {}
    defaults = Installation()
    chosen: dict[str, Any] = {}
    for name in names:
        stored = first.get(f"set_{name}")
        chosen[name] = getattr(defaults, name) if stored is None else stored
    limits = {name: chosen[name] for name in percents}
    limits |= {"pdd_warn_s": chosen["pdd_warn_ms"] / 1000, "pdd_high_s": chosen["pdd_high_ms"] / 1000}
    return Surroundings(
        limits=limits,
        acd_definition=chosen["acd_definition"],
        digits={row["code"]: row["digits"] for row in rows},
        ticked_at=first.get("ticked_at"),
        heard_at=first.get("heard_at"),
    )
