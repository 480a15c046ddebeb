"""What needs a person, over all customers somebody may see: worst first, grouped by what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, CharField, Count, F, Field, Func, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from customers.models import Listing, Status
from customers.rights import SEES_MONEY

if TYPE_CHECKING:
    from users.models import User

NAMES = 3  # customers named per group
ENOUGH_CALLS = 20  # below this an ASR says nothing


@dataclass(frozen=True)
class Named:
    pk: int
    name: str


@dataclass(frozen=True)
class Group:
    """Customers with one thing wrong.

    query: address of a list of exactly these. With `sorted_by`, a figure's name, no filter can pick them
    out: the list then holds others too and begins with these.
    """

    key: str
    tone: str
    icon: str
    title: str
    effect: str
    count: int
    first: tuple[Named, ...]
    query: str
    sorted_by: str

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.first)


@dataclass(frozen=True)
class _Kind:
    """titles: by number of customers. where and order: which customers, and which to name first."""

    tone: str
    icon: str
    titles: Any
    effect: Any
    where: Q
    order: tuple[str, ...]
    query: str
    sorted_by: Any = ""


def _kinds(limits: Mapping[str, float]) -> dict[str, _Kind]:
    """Worst first. Only customers that should be able to call: others refuse calls on purpose."""
    active = Q(effective_status=Status.ACTIVE)
    return {
        "credit": _Kind(
            "bad",
            "ban",
            ngettext_lazy(
                "%(n)d customer cannot call: credit used up",
                "%(n)d customers cannot call: credit used up",
                "n",
            ),
            gettext_lazy("The balance has reached the debit limit."),
            active & Q(billing_warnings__contains=["credit_exhausted"]),
            ("available_credit", "name"),
            "f.status=in:active&f.warnings=in:credit_exhausted&s=credit",
        ),
        "authentication": _Kind(
            "bad",
            "ban",
            ngettext_lazy(
                "%(n)d customer has no authentication", "%(n)d customers have no authentication", "n"
            ),
            gettext_lazy("Nobody can place a call from there."),
            active & Q(routing_warnings__contains=["no_authentication"]),
            ("name",),
            "f.status=in:active&f.warnings=in:no_authentication",
        ),
        "routing": _Kind(
            "bad",
            "ban",
            ngettext_lazy("%(n)d customer has no route", "%(n)d customers have no route", "n"),
            gettext_lazy("Their calls are refused."),
            active & Q(routing_warnings__contains=["no_routing"]),
            ("name",),
            "f.status=in:active&f.warnings=in:no_routing",
        ),
        "asr": _Kind(
            "bad",
            "warn",
            ngettext_lazy("%(n)d customer has a very low ASR", "%(n)d customers have a very low ASR", "n"),
            _("Below %(limit)g %% in the last 24 hours.") % {"limit": limits["asr_bad"]},
            active & Q(asr__lt=limits["asr_bad"], attempts_24h__gte=ENOUGH_CALLS),
            ("asr", "name"),
            "f.status=in:active&s=asr",
            gettext_lazy("ASR"),
        ),
        "channels": _Kind(
            "warn",
            "warn",
            ngettext_lazy(
                "%(n)d customer is near its channels limit",
                "%(n)d customers are near their channels limit",
                "n",
            ),
            _("%(limit)g %% of the limit or more; calls above it are refused.")
            % {"limit": limits["channels_warn"]},
            Q(channels_limit__gt=0, channels__gte=F("channels_limit") * limits["channels_warn"] / 100),
            ("-channels", "name"),
            "f.status=in:dialing&s=-channels",
            gettext_lazy("channels"),
        ),
        "penalty": _Kind(
            "warn",
            "warn",
            ngettext_lazy("%(n)d customer is in penalty", "%(n)d customers are in penalty", "n"),
            gettext_lazy("All services are blocked."),
            Q(effective_status=Status.PENALTY),
            ("name",),
            "f.status=in:penalty",
        ),
        "approval": _Kind(
            "muted",
            "user",
            ngettext_lazy("%(n)d customer waits for approval", "%(n)d customers wait for approval", "n"),
            gettext_lazy("Calls are blocked until then."),
            Q(effective_status=Status.PENDING_APPROVAL),
            ("created_at",),
            "f.status=in:pending_approval",
        ),
    }  # fmt: skip


def needs_attention(user: User, limits: Mapping[str, float]) -> list[Group]:
    """Groups with at least one customer that `user` may see. One query, however many customers.

    limits: `asr_bad` and `channels_warn` in percent, as customers.surroundings.read_surroundings gives them.
    """
    rows = Listing.objects.visible_to(user).with_effective_status()
    kinds = _kinds(limits)
    if not user.has_perm(SEES_MONEY):
        del kinds["credit"]
    found = rows.aggregate(**_count_and_first(kinds))
    return [
        Group(
            key=key,
            tone=kind.tone,
            icon=kind.icon,
            title=str(kind.titles % {"n": found[f"{key}_count"]}),
            effect=str(kind.effect),
            count=found[f"{key}_count"],
            first=tuple(map(Named, found[f"{key}_ids"], found[f"{key}_names"])),
            query=kind.query,
            sorted_by=str(kind.sorted_by),
        )
        for key, kind in kinds.items()
        if found[f"{key}_count"]
    ]


def _count_and_first(kinds: Mapping[str, _Kind]) -> dict[str, Any]:
    """How many there are of each kind, and which ones to name: all in one scan of the listing."""
    figures: dict[str, Any] = {}
    for key, kind in kinds.items():
        figures[f"{key}_count"] = Count("pk", filter=kind.where)
        order = (*kind.order, "pk")
        figures[f"{key}_ids"] = _First(ArrayAgg("pk", filter=kind.where, order_by=order), BigIntegerField())
        figures[f"{key}_names"] = _First(ArrayAgg("name", filter=kind.where, order_by=order), CharField())
    return figures


class _First(Func):
    """The first elements of an array, cut off in the database."""

    template = f"(%(expressions)s)[1:{NAMES}]"

    def __init__(self, array: ArrayAgg, element: Field) -> None:
        super().__init__(array, output_field=ArrayField(element))
