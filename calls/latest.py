"""Lists of call records: what is looked up, which page of it, and the rows as one user may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls import outcomes
from calls.callkeys import CallKey, NoKey
from calls.models import Cdr, Switch
from calls.querysets import CdrQuerySet
from calls.sight import CallSight
from carriers.models import Carrier
from customers.models import Customer
from grids import formats

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

PER_PAGE = 50
MOST_DAYS = 31  # a month: each day is a partition to read
# A look-up by part of a number reads whole partitions; past this it is ended, and the page says so.
PATIENCE_MS = 8_000
_TIME = "%Y-%m-%dT%H:%M"


class LookUpForm(forms.Form):
    """What to look for and when. Times are of the user's zone; seconds are whole minutes."""

    q = forms.CharField(required=False, max_length=255, label=gettext_lazy("Number, Call-ID or IP"))
    begin = forms.DateTimeField(required=False, label=gettext_lazy("From"))
    end = forms.DateTimeField(required=False, label=gettext_lazy("Until"))

    def __init__(self, data: QueryDict, zone: ZoneInfo, now: datetime) -> None:
        """Reads `q`, `from` and `until`; what is left out is today, in `zone`, up to now."""
        self.zone, self.now = zone, now
        values = {"q": data.get("q", ""), "begin": data.get("from", ""), "end": data.get("until", "")}
        super().__init__(values)
        for name in ("begin", "end"):
            moment = self.fields[name]
            assert isinstance(moment, forms.DateTimeField)
            moment.input_formats = [_TIME, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]
            moment.error_messages["invalid"] = _("This is no time. Write it like 2026-11-25T10:00.")

    def clean_q(self) -> str:
        return " ".join(self.cleaned_data["q"].replace("\x00", "").split())

    def clean(self) -> dict[str, Any]:
        """Fills the span in and refuses one that is empty or too long."""
        found = super().clean() or {}
        if self.errors:
            return found
        begin, end = self._moment("begin"), self._moment("end")
        today = self.now.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        if begin is None:
            begin = min(today, end - timedelta(days=1)) if end else today
        if end is None:
            end = max(begin + timedelta(days=1), min(self.now, begin + timedelta(days=MOST_DAYS)))
        if begin >= end:
            raise ValidationError(_("The span ends before it begins. Choose a later end."))
        if end - begin > timedelta(days=MOST_DAYS, hours=1):  # an hour for the month in which clocks change
            raise ValidationError(
                _("The span is %(days)s days long; at most %(most)s are looked through at once.")
                % {"days": -(-(end - begin) // timedelta(days=1)), "most": MOST_DAYS}
            )
        found["begin"], found["end"] = begin.astimezone(UTC), end.astimezone(UTC)
        return found

    def written(self, name: str) -> str:
        """The moment as a field of the page takes it; what was typed where that is none."""
        moment = self.cleaned_data.get(name) if self.is_valid() and self.data[name] else None
        return f"{moment.astimezone(self.zone):{_TIME}}" if moment else self.data[name]

    @property
    def written_begin(self) -> str:
        return self.written("begin")

    @property
    def written_end(self) -> str:
        return self.written("end")

    def month_begin(self) -> str:
        """Where the longest span up to now begins, at a midnight of the user's, as a field takes it."""
        first = self.now.astimezone(self.zone).date() - timedelta(days=MOST_DAYS - 1)
        return f"{first:%Y-%m-%d}T00:00"

    def _moment(self, name: str) -> datetime | None:
        moment = self.cleaned_data.get(name)
        try:
            # Django reads it in its own zone, UTC; what was typed is of the user's.
            return moment and moment.replace(tzinfo=self.zone).astimezone(UTC).astimezone(self.zone)
        except OverflowError:
            raise ValidationError(_("That time lies beyond all calendars. Choose another one.")) from None


@dataclass(frozen=True)
class Shown:
    """One attempt as a list shows it. `charge` is in `currency`, exactly as it was charged; those of one list
    have as many decimals, so that they stand in line."""

    cdr: Cdr
    sight: CallSight
    names: Names

    @property
    def word(self) -> str:
        return CallKey.of(self.cdr).word

    @property
    def result(self) -> str:
        return outcomes.sip_words(self.cdr.sip_code)

    @property
    def tone(self) -> str:
        return outcomes.tone(self.cdr.sip_code, self.cdr.connected)

    @property
    def customer(self) -> str:
        return self.names.customers.get(self.cdr.customer_id, "")

    @property
    def carrier(self) -> str:
        return self.names.carriers.get(self.cdr.carrier_id or 0, "")

    @property
    def switch(self) -> str:
        return self.names.switches.get(self.cdr.switch_id, "")

    @property
    def currency(self) -> str:
        return self.names.currencies.get(self.cdr.customer_id, ("", 2))[0]

    @property
    def charge(self) -> str:
        """`—` where nobody has priced it."""
        return formats.format_money(self.cdr.customer_charge, self.names.charge_digits)


def exact(amount: Decimal | None, digits: int) -> str:
    """An amount of a call, which is often less than a cent: its currency's decimals, and more where it has
    them, up to eight."""
    return formats.format_money(amount, max(digits, _decimals_in(amount)))


def _decimals_in(amount: Decimal | None) -> int:
    """How many decimals it takes to write an amount out, at most eight."""
    return min(8, max(0, -int(amount.normalize().as_tuple().exponent))) if amount else 0


@dataclass(frozen=True)
class Names:
    """What the numbers in some rows stand for. currencies: customer -> code and its decimals.

    charge_digits: decimals that write out every charge of these rows.
    """

    customers: Mapping[int, str] = field(default_factory=dict)
    carriers: Mapping[int, str] = field(default_factory=dict)
    switches: Mapping[int, str] = field(default_factory=dict)
    currencies: Mapping[int, tuple[str, int]] = field(default_factory=dict)
    charge_digits: int = 2

    @classmethod
    def of(cls, rows: list[Any], sight: CallSight) -> Names:
        """At most three small queries; a user learns no name he may not."""
        wanted = {row.customer_id for row in rows}
        found = list(
            Customer.objects.filter(pk__in=wanted).values_list(
                "pk", "name", "currency_id", "currency__digits"
            )
        )
        carriers = {row.carrier_id for row in rows if row.carrier_id} if sight.carriers else set()
        switches = {row.switch_id for row in rows} if sight.switches else set()
        return cls(
            customers={pk: name for pk, name, _code, _digits in found},
            currencies={pk: (code, digits) for pk, _name, code, digits in found},
            carriers=dict(Carrier.objects.filter(pk__in=carriers).values_list("pk", "name"))
            if carriers
            else {},
            switches=dict(Switch.objects.filter(pk__in=switches).values_list("pk", "name"))
            if switches
            else {},
            charge_digits=max(
                [digits for _pk, _name, _code, digits in found]
                + [_decimals_in(getattr(row, "customer_charge", None)) for row in rows],
                default=2,
            ),
        )


class TooSlow(Exception):
    """Looking through that many calls was given up."""


@dataclass
class Latest:
    """One page of the calls that a form asks for, newest first; never a count of them all.

    calls: those that may be seen at all. before, after: words of CallKey; the page begins beyond it.
    """

    calls: CdrQuerySet
    form: LookUpForm
    sight: CallSight
    before: str = ""
    after: str = ""

    @cached_property
    def _found(self) -> tuple[list[Cdr], bool, bool]:
        """The rows, whether there are newer ones, whether there are older ones."""
        if not self.form.is_valid():
            return [], False, False
        asked = self.form.cleaned_data
        rows = self.calls.between(asked["begin"], asked["end"])
        if not self.sight.carriers:
            rows = rows.as_customers_see()
        if asked["q"]:
            rows = rows.look_up(asked["q"], switches=self.sight.switches)
        newer, key = self._place()
        if key is None:
            found = list(rows.newest_first()[: PER_PAGE + 1])
            return found[:PER_PAGE], False, len(found) > PER_PAGE
        if newer:
            found = list(rows.newer_than(key).oldest_first()[: PER_PAGE + 1])
            return found[:PER_PAGE][::-1], len(found) > PER_PAGE, True
        found = list(rows.older_than(key).newest_first()[: PER_PAGE + 1])
        return found[:PER_PAGE], True, len(found) > PER_PAGE

    def _place(self) -> tuple[bool, CallKey | None]:
        """Which way, and from where; a word that is none is the newest page."""
        for newer, word in ((True, self.after), (False, self.before)):
            try:
                if word:
                    return newer, CallKey.read(word)
            except NoKey:
                pass
        return False, None

    @cached_property
    def rows(self) -> list[Shown]:
        """Raises TooSlow."""
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = %s", [PATIENCE_MS])
                found, _newer, _older = self._found
                cursor.execute("SET LOCAL statement_timeout = DEFAULT")
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", "") != "57014":  # query_canceled
                raise
            raise TooSlow from None
        names = Names.of(found, self.sight)
        return [Shown(cdr, self.sight, names) for cdr in found]

    @property
    def newer_than(self) -> str:
        """Where the newer page begins; empty on the newest."""
        return self.rows[0].word if self.rows and self._found[1] else ""

    @property
    def older_than(self) -> str:
        return self.rows[-1].word if self.rows and self._found[2] else ""
