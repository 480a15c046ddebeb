"""What the palette can find and do: the words in which rooms declare it, and this room's own part.

The palette itself stands at the top and asks the `PALETTE` of each room; no room knows of it. A result says
what it is and whose, leads to a door that exists, and is shown only to those for whom that door opens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import BigIntegerRangeField
from django.contrib.postgres.fields.ranges import RangeBoundary
from django.db.models import F, Func, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.models import Listing, NumberBlock, SearchTerm, Status
from customers.querysets import ListingQuerySet
from grids import formats

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from users.models import User

PEOPLE, NUMBERS = "@", "#"  # the first character that asks for nothing else
EACH = 3  # results of one source
CUSTOMERS = 5
CANDIDATES = 50  # customers whose rows are looked at for one source
WORD_MIN = 3  # shorter words have no trigrams
SEES_CREDIT = "customers.view_credit"
_BIGINT_DIGITS = 18


@dataclass(frozen=True)
class Entry:
    """One line of the palette.

    note: what it is and whose, or what it will do. status: stored value and label, shown as a pill.
    key: by what the browser remembers that it was opened, and nothing else. act: what a script does instead
    of opening `url`. posts: it changes something, so a link would be wrong.
    """

    label: str
    icon: str
    url: str = ""
    note: str = ""
    status: tuple[str, str] | None = None
    key: str = ""
    act: str = ""
    posts: bool = False


@dataclass(frozen=True)
class Verb:
    """Something to do with one customer, at a door that takes its id.

    permissions: all that the door and what is done there want. words: what people call it, beside its
    label. asks: the door asks before anything is done. usual: offered without being named.
    """

    label: StrOrPromise
    icon: str
    url_name: str
    permissions: tuple[str, ...]
    words: StrOrPromise = ""
    anchor: str = ""
    asks: bool = False
    usual: bool = True

    def entry(self, customer_id: int) -> Entry:
        note = _("asks first") if self.asks else ""
        return Entry(
            str(self.label), self.icon, reverse(self.url_name, args=[customer_id]) + self.anchor, note
        )

    def is_called(self, word: str) -> int:
        """2 if `word`, in lower case, is one of its words, 1 if it begins one, else 0.

        One letter says too little.
        """
        called = f"{self.label} {self.words}".lower().split()
        if len(word) < 2 or not any(name.startswith(word) for name in called):
            return 0
        return 2 if word in called else 1


@dataclass(frozen=True)
class Wanted:
    """Who looks for which words, in lower case, in other rooms' rows."""

    user: User
    words: Sequence[str]
    _known: dict[str, list[int]] = field(default_factory=dict)

    def customers(self, source: str) -> list[int]:
        """Ids of customers that the user may see, of whose `source` every long word is part.

        At most CANDIDATES, in one query however often it is asked: whoever gets so many has to type on.
        Empty where no word is long enough.
        """
        long = [word for word in self.words if len(word) >= WORD_MIN]
        if source not in self._known:
            visible = Listing.objects.visible_to(self.user).values("pk")
            terms = SearchTerm.objects.filter(source=source, customer_id__in=visible)
            for word in long:
                terms = terms.filter(words__contains=word)
            found = terms.values_list("customer_id", flat=True)[:CANDIDATES] if long else []
            self._known[source] = list(found)
        return self._known[source]


@dataclass(frozen=True)
class Source:
    """Rows in which something can be found. kind: PEOPLE or NUMBERS. find: at most EACH, best first."""

    kind: str
    permissions: tuple[str, ...]
    find: Callable[[Wanted], list[Entry]]


@dataclass(frozen=True)
class Palette:
    """What one room contributes."""

    verbs: tuple[Verb, ...] = ()
    sources: tuple[Source, ...] = ()


def whole(word: str) -> int | None:
    """A word as an id or an internal number; None for anything else, and for what no column can hold."""
    return int(word) if word.isascii() and word.isdigit() and len(word) <= _BIGINT_DIGITS else None


# --- Customers


@dataclass(frozen=True)
class Match:
    """A customer that was found, and its line."""

    pk: int
    name: str
    entry: Entry


def find_customers(user: User, words: Sequence[str]) -> list[Match]:
    """At most CUSTOMERS that `user` may see, by whatever of them may be searched: two or three queries.

    Whose name or number it is comes first, then whose name begins so, then who has it in a name or tag of
    its own; only if those are too few, who has it in what other rooms know. words: in lower case.
    """
    phrase = " ".join(words)
    if not phrase:
        return []
    number = whole(phrase.removeprefix(NUMBERS))
    listed = Listing.objects.visible_to(user)
    own = SearchTerm.objects.filter(source="customers", customer_id__in=listed.values("pk"))
    begins = (
        Q(words__startswith=phrase) if number is None else Q(words__startswith=phrase) | Q(customer=number)
    )
    # one or two letters have trigrams only where a word begins
    contains = Q(*(Q(words__contains=word if len(word) >= WORD_MIN else f" {word}") for word in words))
    found: list[dict[str, Any]] = []
    for terms in (own.filter(begins), own.filter(contains)):
        # by the words, which begin with the name: an order by name would tempt the planner to walk all names
        first = terms.order_by("words").values("customer_id")[:CUSTOMERS]
        found += _drawn(listed.filter(pk__in=first))
    if len({row["pk"] for row in found}) < CUSTOMERS:
        found += _drawn(listed.search(phrase, user))

    def rank(row: dict[str, Any]) -> int:
        name = row["name"].lower()
        if name == phrase or row["pk"] == number:
            return 0
        return 1 if name.startswith(phrase) else 2

    rows = {row["pk"]: row for row in sorted(found, key=rank)}
    return [_match(row, user) for row in list(rows.values())[:CUSTOMERS]]


def customers_by_id(user: User, ids: Sequence[int]) -> dict[int, Match]:
    """Those of `ids` that `user` may see, in one query."""
    if not ids:
        return {}
    found = _drawn(Listing.objects.visible_to(user).filter(pk__in=ids), len(ids))
    return {row["pk"]: _match(row, user) for row in found}


def _drawn(rows: ListingQuerySet, limit: int = CUSTOMERS) -> list[dict[str, Any]]:
    columns = ("pk", "name", "effective_status", "balance", "currency_id", "digits")
    drawn = rows.annotate(digits=F("customer__currency__digits")).with_effective_status()
    return list(drawn.order_by("name", "pk").values(*columns)[:limit])


def _match(row: dict[str, Any], user: User) -> Match:
    credit = ""
    if user.has_perm(SEES_CREDIT):
        credit = f"{formats.format_money(row['balance'], row['digits'])} {row['currency_id']}"
    status = Status(row["effective_status"])
    entry = Entry(
        label=row["name"],
        icon="user",
        url=reverse("customers:detail", args=[row["pk"]]),
        note=credit,
        status=(status.value, str(status.label)),
        key=f"c{row['pk']}",
    )
    return Match(row["pk"], row["name"], entry)


# --- What else this room has


def find_number_blocks(wanted: Wanted) -> list[Entry]:
    """Whose internal number it is. One number belongs to one block, which its exclusion index finds."""
    number = whole(wanted.words[0]) if len(wanted.words) == 1 else None
    if number is None:
        return []
    block = Func(
        "first",
        "last",
        RangeBoundary(inclusive_upper=True),
        function="int8range",
        output_field=BigIntegerRangeField(),
    )
    visible = Listing.objects.visible_to(wanted.user).values("pk")
    rows: Any = NumberBlock.objects.filter(customer_id__in=visible).alias(block=block)
    return [
        Entry(
            label=str(number),
            icon="hash",
            url=reverse("customers:detail", args=[row.customer_id]),
            note=_("internal number of %(customer)s") % {"customer": row.customer.name},
            key=f"c{row.customer_id}",
        )
        for row in rows.filter(block__contains=number).select_related("customer")[:EACH]
    ]


PALETTE = Palette(
    verbs=(
        Verb(
            gettext_lazy("Change status…"),
            "ban",
            "customers:status",
            ("customers.change_customer",),
            words=gettext_lazy("set block unblock suspend activate penalty"),
            asks=True,
        ),
    ),
    sources=(Source(NUMBERS, ("customers.view_numberblock",), find_number_blocks),),
)
