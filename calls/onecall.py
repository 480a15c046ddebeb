"""One call on a page: every field that this user may see, and how its figures were counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls import outcomes
from calls.latest import Names, Shown, exact
from calls.models import Cdr, CdrBatch
from calls.querysets import CdrQuerySet
from calls.rollups import window_start
from calls.sight import CallSight
from customers.models import Customer
from grids import formats
from routing.models import IngressRoute
from setup.models import AcdDefinition, Currency, Installation, Reseller

# Attempts of one call begin within this of each other: far longer than any phone rings.
SAME_CALL = timedelta(hours=1)
MOST_ATTEMPTS = 20

_ANSWERED = gettext_lazy("over answered calls")
_ALL = gettext_lazy("over all calls")


@dataclass(frozen=True)
class Fact:
    """A line of the page. value: text; title: what pointing at it tells; mono: digits to compare."""

    label: str
    value: Any
    title: str = ""
    mono: bool = False
    url: str = ""


def seconds(ms: int | None) -> str:
    """`5.120 s`: to the millisecond, since this page is where people look for them."""
    return formats.NO_VALUE if ms is None else f"{formats.format_decimal(Decimal(ms) / 1000, 3)} s"


def talk(ms: int | None) -> str:
    """`1:01` and, in the title of the same fact, the exact length."""
    return formats.format_duration_ms(ms)


@dataclass
class OneCall:
    """The attempt `cdr` as `sight` lets it be seen at `now`. others: the rows a list of it would start at."""

    cdr: Cdr
    visible: CdrQuerySet
    sight: CallSight
    now: datetime

    @cached_property
    def attempts(self) -> list[Shown]:
        """All attempts of the same call, first to last; this one among them."""
        cdr = self.cdr
        rows = self.visible.between(cdr.started_at - SAME_CALL, cdr.started_at + SAME_CALL).filter(
            customer_id=cdr.customer_id, callid=cdr.callid
        )
        if not self.sight.carriers:
            rows = rows.as_customers_see()
        found = list(rows.order_by("started_at", "attempt", "switch_id")[:MOST_ATTEMPTS])
        names = Names.of(found, self.sight)
        return [Shown(one, self.sight, names) for one in found]

    @cached_property
    def shown(self) -> Shown:
        return next(one for one in self.attempts if one.cdr.pk == self.cdr.pk)

    @cached_property
    def customer(self) -> Customer:
        return Customer.objects.select_related("currency").get(pk=self.cdr.customer_id)

    # -- groups of facts --------------------------------------------------------------------------

    @property
    def course(self) -> list[Fact]:
        cdr = self.cdr
        q850 = "" if cdr.q850 is None else f"{cdr.q850} {outcomes.q850_words(cdr.q850)}".strip()
        return _known(
            Fact(_("Result"), f"{cdr.sip_code} {self.shown.result}"),
            Fact(_("Reason given"), cdr.sip_reason),
            Fact(_("Cause (Q.850)"), q850),
            Fact(_("Ended by"), cdr.released_by),
            Fact(_("Reason of the end"), cdr.release_reason),
            Fact(_("Duration"), talk(cdr.duration_ms), title=seconds(cdr.duration_ms)),
            Fact(_("Post-dial delay"), seconds(cdr.pdd_ms)),
            Fact(_("Post-dial delay at the carrier"), seconds(cdr.pdd_out_ms))
            if self.sight.carriers
            else None,
            Fact(_("Ringing"), seconds(cdr.ring_ms)),
            Fact(_("Codec"), cdr.codec),
        )

    @property
    def numbers(self) -> list[Fact]:
        cdr = self.cdr
        return _known(
            Fact(_("Direction"), cdr.get_direction_display()),
            Fact(_("CLI"), cdr.cli, mono=True),
            Fact(_("CLI as it came in"), cdr.cli_received, mono=True),
            Fact(_("Destination"), cdr.destination, mono=True),
            Fact(_("Destination as it came in"), cdr.destination_received, mono=True),
            Fact(_("Tech prefix"), cdr.tech_prefix, mono=True),
            Fact(_("Country"), cdr.destination_country),
        )

    @property
    def path(self) -> list[Fact]:
        """Where it came from and went: switch, batch and carrier only for who may know them."""
        cdr, sight = self.cdr, self.sight
        facts = [
            Fact(_("Call-ID"), cdr.callid, mono=True),
            Fact(_("Attempt"), str(cdr.attempt)) if sight.carriers else None,
            Fact(_("From address"), cdr.source_ip, mono=True),
            Fact(_("SIP user"), cdr.auth_user, mono=True),
            Fact(_("Ingress route"), self._route()) if sight.routes else None,
        ]
        if sight.carriers:
            facts.append(Fact(_("Carrier"), self.shown.carrier or _numbered(cdr.carrier_id)))
        if sight.switches:
            facts += [
                Fact(_("Switch"), self.shown.switch or _numbered(cdr.switch_id)),
                Fact(_("Switch address"), cdr.switch_ip, mono=True),
                Fact(_("Batch"), self._batch()),
            ]
        return _known(*facts)

    @property
    def money(self) -> list[Fact]:
        """Sums and the lengths they were made from; costs and the reseller's share for who may see them."""
        cdr, sight = self.cdr, self.sight
        if not sight.money:
            return []
        facts = [
            Fact(_("Charge"), self._amount(cdr.customer_charge, self.customer.currency_id)),
            Fact(_("Billed duration"), talk(cdr.customer_billed_ms), title=seconds(cdr.customer_billed_ms)),
            Fact(_("Ledger entry"), self._ledger()) if sight.ledger else None,
        ]
        if cdr.reseller_id and sight.reseller_id in (None, cdr.reseller_id):
            facts += [
                Fact(_("Reseller"), Reseller.objects.filter(pk=cdr.reseller_id).first()),
                Fact(_("Reseller's charge"), self._amount(cdr.reseller_charge, cdr.reseller_currency)),
            ]
        if sight.costs:
            facts += [
                Fact(_("Cost"), self._amount(cdr.carrier_charge, cdr.carrier_currency)),
                Fact(
                    _("Duration billed by the carrier"),
                    talk(cdr.carrier_billed_ms),
                    title=seconds(cdr.carrier_billed_ms),
                ),
            ]
        return _known(*facts)

    @property
    def noted(self) -> list[tuple[str, Any]]:
        """What the switch sent besides, as it sent it; it may name carriers and their rates."""
        if not self.sight.carriers:
            return []
        kinds = [
            (_("Rating"), self.cdr.rating if self.sight.costs else None),
            (_("Other fields"), self.cdr.meta),
        ]
        return [(label, value) for label, value in kinds if value]

    @property
    def counted(self) -> list[Fact]:
        """How this attempt went into the figures of its customer, in words."""
        cdr = self.cdr
        start = cdr.started_at.astimezone(UTC)
        asr_part = _("1 attempt, 1 connected") if cdr.connected else _("1 attempt, none connected")
        in_window = start >= window_start(self.now)
        facts = [
            Fact(_("Minute"), f"{start:%Y-%m-%d %H:%M} UTC"),
            Fact(_("Hour and day"), f"{start:%H}:00, {start:%Y-%m-%d} UTC"),
            Fact(
                _("Window of 24 hours"),
                _("within it now") if in_window else _("left it; it stays in the figures of its day"),
            ),
        ]
        if not cdr.is_last:
            return [*facts, Fact(_("Attempts"), _("not counted for the customer: it failed over to another"))]
        return [
            *facts,
            Fact(_("ASR"), asr_part),
            Fact(_("ACD"), self._acd()),
            Fact(
                _("PDD"),
                _("not counted: no first reply is known")
                if cdr.pdd_ms is None
                else _("%(ms)s ms added, 1 attempt with a delay") % {"ms": formats.format_count(cdr.pdd_ms)},
            ),
            *([Fact(_("Spent that day"), self._spent())] if self.sight.money else []),
        ]

    # -- pieces -----------------------------------------------------------------------------------

    def _acd(self) -> str:
        definition = Installation.objects.values_list("acd_definition", flat=True).filter(pk=1).first()
        column = _ALL if definition == AcdDefinition.ALL else _ANSWERED
        if not self.cdr.connected:
            return _("nothing added to the duration; the ACD column is %(which)s") % {"which": column}
        return _("%(ms)s ms added to the duration; the ACD column is %(which)s") % {
            "ms": formats.format_count(self.cdr.duration_ms), "which": column,
        }  # fmt: skip

    def _spent(self) -> str:
        if self.cdr.customer_charge is None:
            return _("nothing: nobody has priced it")
        return self._amount(self.cdr.customer_charge, self.customer.currency_id)

    def _amount(self, amount: Decimal | None, code: str) -> str:
        """`0.0204 EUR`; `not priced` where there is none, which is not 0."""
        if amount is None:
            return _("not priced")
        digits = Currency.objects.filter(code=code).values_list("digits", flat=True).first()
        return f"{exact(amount, 2 if digits is None else digits)} {code}".strip()

    def _route(self) -> str:
        pk = self.cdr.ingress_route_id
        if pk is None:
            return ""
        name = IngressRoute.objects.filter(pk=pk, customer_id=self.cdr.customer_id).values_list(
            "name", flat=True
        )
        return name.first() or _numbered(pk)

    def _batch(self) -> str:
        batch = CdrBatch.objects.filter(pk=self.cdr.batch_id).first()
        if batch is None:
            return _numbered(self.cdr.batch_id)
        taken = batch.received_at.astimezone(self.sight.zone)
        return _("%(number)s, taken in %(time)s") % {
            "number": batch.pk,
            "time": f"{taken:%Y-%m-%d %H:%M:%S %Z}",
        }

    def _ledger(self) -> str:
        """The one entry of its batch, found by the words that billing posts it under.

        The room of money owns the relation; a path to it is no import.
        """
        entries = getattr(self.customer, "account", None)
        entry = (
            entries and entries.entries.filter(kind="calls", reference=f"batch {self.cdr.batch_id}").first()
        )
        if not entry:
            return (
                _("none: nothing was charged in its batch")
                if not self.cdr.customer_charge
                else formats.NO_VALUE
            )
        sum_of_all = self._amount(entry.amount, self.customer.currency_id)
        return _("%(number)s: %(amount)s for all calls of the batch") % {
            "number": entry.pk, "amount": sum_of_all,
        }  # fmt: skip


def _numbered(pk: int | None) -> str:
    """What is known of something that is gone or has no name."""
    return "" if pk is None else _("number %(pk)s") % {"pk": pk}


def _known(*facts: Fact | None) -> list[Fact]:
    """Those that say anything."""
    return [fact for fact in facts if fact is not None and fact.value not in (None, "")]
