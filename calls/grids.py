"""Grids of this room: call records, and calls that are up."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls import outcomes
from calls.callkeys import CallKey, NoKey
from calls.models import Cdr, Dialog, DialogState, Direction, Switch
from carriers.models import Carrier
from customers.models import Customer
from customers.surroundings import Surroundings, feed_of, read_surroundings
from grids.columns import (
    ChoiceColumn,
    CodeColumn,
    FlagColumn,
    LastingColumn,
    LengthColumn,
    MomentColumn,
    MoneyColumn,
    NameColumn,
    NumberColumn,
    Row,
    SecondsColumn,
    Sight,
    TextColumn,
)
from grids.filters import Names, ValuesFilter
from grids.grid import Feed, Grid
from grids.markup import attribute, text
from grids.rowkeys import RowKeys
from grids.span import Span
from routing.models import IngressRoute

SEES_CARRIERS, SEES_SWITCHES = "carriers.view_carrier", "calls.view_switch"
SEES_MONEY = "customers.view_credit"
SEES_COSTS = (SEES_CARRIERS, SEES_MONEY)
MOST_DAYS = 31  # a month: each day is a partition to read
PATIENCE_MS = 8_000
CURRENCY = Subquery(Customer.objects.filter(pk=OuterRef("customer_id")).order_by().values("currency_id"))


class OfCalls(Grid):
    """What lists of calls have in common: `scope` may name the one customer whose calls are listed."""

    def offers(self, name: str) -> bool:
        return name != "customer" or "customer_id" not in self.scope

    def may(self, right: str) -> bool:
        """Who carries calls, and on which machines, is the operator's business, whatever a role says."""
        if self.user.reseller_id and right in (SEES_CARRIERS, SEES_SWITCHES):
            return False
        return super().may(right)

    def scoped(self, rows: Any) -> Any:
        return rows.filter(customer_id=self.scope["customer_id"]) if "customer_id" in self.scope else rows

    @cached_property
    def surroundings(self) -> Surroundings:
        return read_surroundings()

    def currency_digits(self, code: str) -> int:
        return self.surroundings.digits.get(code, 2)


class CallKeys(RowKeys):
    """A record is called in addresses by the word that its own page has."""

    def word(self, pk: Any) -> str:
        customer_id, started_at, switch_id, callid, attempt = pk
        return CallKey(customer_id, started_at, switch_id, attempt, callid).word

    def read(self, model: Any, word: str) -> Any:
        try:
            key = CallKey.read(word)
        except NoKey:
            return None
        return key.customer_id, key.started_at, key.switch_id, key.callid, key.attempt


class ResultColumn(NumberColumn):
    """The final answer of SIP: its code, coloured, and what it means."""

    numeric = False
    kind = ""
    functions = ("count", "distinct")
    sums_by_itself = False
    width = 190

    def usual_filter(self) -> ValuesFilter:
        return ValuesFilter(whole=True, large=True)

    def html(self, row: Row, sight: Sight) -> str:
        code = row[self.source]
        tone = attribute("class", f"tag {outcomes.tone(code, row['connected'])}".strip())
        over = "" if row["is_last"] else f' <span class="muted">· {text(_("failed over"))}</span>'
        return f"<span{tone}>{code}</span> {text(outcomes.sip_words(code))}{over}"


class CdrGrid(OfCalls):
    """Call records of all customers that this user may see, or of the one in `scope`.

    Without a right to see carriers each call is one row; with it, each attempt is.
    """

    model = Cdr
    slug = "cdrs"
    nouns = (gettext_lazy("record"), gettext_lazy("records"))
    permission = "calls.view_cdr"
    default_sort = ("-start",)
    default_filters = {"start": "on:today"}
    search = "search"
    counted = False
    keys = CallKeys()
    span = Span("start", MOST_DAYS)
    patience_ms = PATIENCE_MS

    # fmt: off
    start = MomentColumn(
        gettext_lazy("Start"), "started_at", url="pages:call", aliases=("started", "time"),
        help=gettext_lazy("When the attempt began, to the second"),
    )
    customer = NameColumn(
        gettext_lazy("Customer"), "customer_id", names=Names(Customer), url="tabs:records",
        url_permission="customers.view_customer", large=True,
    )
    cli = CodeColumn(gettext_lazy("CLI"), help=gettext_lazy("The caller's number as it was sent on"))
    destination = CodeColumn(gettext_lazy("Destination"), aliases=("number",))
    country = TextColumn(
        gettext_lazy("Country"), "destination_country", filter=ValuesFilter(code=True, large=True), width=90
    )
    result = ResultColumn(
        gettext_lazy("Result"), "sip_code", extra=("connected", "is_last"), aliases=("sip", "code")
    )
    duration = LengthColumn(gettext_lazy("Duration"), "duration_ms")
    pdd = SecondsColumn(
        gettext_lazy("PDD"), "pdd_ms", unit="s",
        help=gettext_lazy("From dialling to ringing, for the customer"),
    )
    charge = MoneyColumn(
        gettext_lazy("Charge"), "customer_charge", permission=SEES_MONEY, currency="charge_currency",
        decimals=4, annotations={"charge_currency": CURRENCY},
    )
    carrier = NameColumn(
        gettext_lazy("Carrier"), "carrier_id", names=Names(Carrier), permission=SEES_CARRIERS, large=True
    )
    switch = NameColumn(
        gettext_lazy("Switch"), "switch_id", names=Names(Switch), permission=SEES_SWITCHES, large=True
    )
    callid = CodeColumn(gettext_lazy("Call-ID"))

    connected = FlagColumn(gettext_lazy("Connected"), hidden=True)
    direction = ChoiceColumn(gettext_lazy("Direction"), labels=dict(Direction.choices), hidden=True)
    attempt = NumberColumn(gettext_lazy("Attempt"), permission=SEES_CARRIERS, hidden=True)
    last = FlagColumn(gettext_lazy("Last attempt"), "is_last", permission=SEES_CARRIERS, hidden=True)
    cli_received = CodeColumn(gettext_lazy("CLI received"), hidden=True)
    destination_received = CodeColumn(gettext_lazy("Destination received"), hidden=True)
    prefix = CodeColumn(gettext_lazy("Tech prefix"), "tech_prefix", hidden=True)
    source_ip = CodeColumn(gettext_lazy("Source IP"), hidden=True)
    switch_ip = CodeColumn(gettext_lazy("Switch IP"), permission=SEES_SWITCHES, hidden=True)
    auth_user = CodeColumn(gettext_lazy("SIP user"), hidden=True)
    route = NameColumn(
        gettext_lazy("Route"), "ingress_route_id", names=Names(IngressRoute), large=True, hidden=True,
        permission="routing.view_ingressroute",
    )
    ring = SecondsColumn(gettext_lazy("Ringing"), "ring_ms", unit="s", hidden=True)
    pdd_out = SecondsColumn(
        gettext_lazy("PDD of the carrier"), "pdd_out_ms", unit="s", permission=SEES_CARRIERS, hidden=True
    )
    reason = TextColumn(gettext_lazy("SIP reason"), "sip_reason", hidden=True)
    q850 = NumberColumn(gettext_lazy("Q.850 cause"), hidden=True)
    released_by = TextColumn(gettext_lazy("Released by"), filter=ValuesFilter(large=True), hidden=True)
    release_reason = TextColumn(gettext_lazy("Release reason"), hidden=True)
    codec = TextColumn(gettext_lazy("Codec"), filter=ValuesFilter(large=True), hidden=True)
    billed = LengthColumn(
        gettext_lazy("Billed duration"), "customer_billed_ms", permission=SEES_MONEY, hidden=True
    )
    cost = MoneyColumn(
        gettext_lazy("Cost"), "carrier_charge", permission=SEES_COSTS, currency="carrier_currency",
        decimals=4, hidden=True,
    )
    carrier_billed = LengthColumn(
        gettext_lazy("Billed by the carrier"), "carrier_billed_ms", permission=SEES_COSTS, hidden=True
    )
    reseller_charge = MoneyColumn(
        gettext_lazy("Reseller's charge"), permission=SEES_MONEY, currency="reseller_currency", decimals=4,
        hidden=True,
    )
    # fmt: on

    def visible(self) -> QuerySet[Cdr]:
        rows = Cdr.objects.visible_to(self.user)
        return self.scoped(rows if self.may(SEES_CARRIERS) else rows.as_customers_see())


class StateColumn(ChoiceColumn):
    """Where a call stands, as a word on a tint."""

    TONES = {DialogState.CONNECTED.value: " good", DialogState.RINGING.value: " info"}

    def html(self, row: Row, sight: Sight) -> str:
        return f'<span class="tag{self.TONES.get(row[self.source], "")}">{super().html(row, sight)}</span>'


class BeganColumn(MomentColumn):
    """When a call began, or that it was before, where its switch did not say."""

    def html(self, row: Row, sight: Sight) -> str:
        shown = super().html(row, sight)
        if row["start_told"]:
            return shown
        why = text(_("The switch did not say when it began; it is known to us since then"))
        return f'{shown} <span class="muted" title="{why}">{text(_("or before"))}</span>'


class DialogGrid(OfCalls):
    """Calls that are up now, ringing ones included, of all customers or of the one in `scope`."""

    model = Dialog
    slug = "dialogs"
    nouns = (gettext_lazy("live call"), gettext_lazy("live calls"))
    permission = "calls.view_dialog"
    default_sort = ("-start",)
    search = "search"

    # fmt: off
    state = StateColumn(
        gettext_lazy("State"), live=True, width=110,
        labels={key: label for key, label in DialogState.choices if key != DialogState.ENDED},
    )
    customer = NameColumn(
        gettext_lazy("Customer"), "customer_id", names=Names(Customer), url="tabs:live",
        url_permission="customers.view_customer",
    )
    cli = CodeColumn(gettext_lazy("CLI"), live=True)
    destination = CodeColumn(gettext_lazy("Destination"), live=True, aliases=("number",))
    start = BeganColumn(gettext_lazy("Start"), "started_at", extra=("start_told",))
    duration = LastingColumn(
        gettext_lazy("Duration"), "since", live=True,
        annotations={"since": Coalesce("answered_at", "started_at")},
        help=gettext_lazy("Since the answer; while it rings, since the start"),
    )
    carrier = NameColumn(
        gettext_lazy("Carrier"), "carrier_id", names=Names(Carrier), permission=SEES_CARRIERS, live=True
    )
    switch = NameColumn(gettext_lazy("Switch"), "switch_id", names=Names(Switch), permission=SEES_SWITCHES)
    codec = TextColumn(gettext_lazy("Codec"), filter=ValuesFilter(), live=True, width=90)
    callid = CodeColumn(gettext_lazy("Call-ID"), width=220)
    route = NameColumn(
        gettext_lazy("Route"), "ingress_route_id", names=Names(IngressRoute), hidden=True,
        permission="routing.view_ingressroute",
    )
    answered = MomentColumn(gettext_lazy("Answered"), "answered_at", hidden=True)
    # fmt: on

    def visible(self) -> QuerySet[Dialog]:
        return self.scoped(Dialog.objects.visible_to(self.user).live(self.now))

    def feed(self) -> Feed:
        return feed_of(self.surroundings, self.now)

    def when_stale(self) -> str:
        return _("The live feed does not answer, so calls may have begun or ended unheard.")
