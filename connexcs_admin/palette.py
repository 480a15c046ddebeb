"""The palette: customers, what can be done with one, where else a word is found, pages; from all rooms.

What somebody types is read, never trusted: at most 200 characters and ten words, bound by the ORM, escaped by
the templates. Rows come from `visible_to`, so a foreign one is not found, and nothing tells that it exists.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from calls import palette as calls
from connexcs_admin.navigation import COMMANDS, MENU, Item
from contacts import palette as contacts
from customers import palette as customers
from customers.palette import NUMBERS, PEOPLE, Entry, Match, Verb, Wanted
from grids.views import wants_fragment
from routing import palette as routing
from users.requests import SignedInRequest

if TYPE_CHECKING:
    from users.models import User

ROOMS = (customers.PALETTE, contacts.PALETTE, routing.PALETTE, calls.PALETTE)
COMMANDS_ONLY = ">"
TEXT_MAX, WORDS_MAX = 200, 10
VERBS, ELSEWHERE, PAGES, RECENT = 5, 6, 6, 5


@dataclass(frozen=True)
class Ask:
    """What was typed. only: one of the first characters that narrow the search, or "". words: lower case."""

    text: str
    only: str
    words: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Ask:
        text = " ".join(text.replace("\x00", "")[:TEXT_MAX].split())
        only = text[:1] if text[:1] in (COMMANDS_ONLY, PEOPLE, NUMBERS) else ""
        return cls(text, only, tuple(text[len(only) :].lower().split()[:WORDS_MAX]))


@dataclass(frozen=True)
class Place:
    """Where the palette was opened: the customer of the page or of the one ticked row; how many are ticked.

    recent: what was opened from here before, as the browser kept it: keys of entries.
    """

    customer_id: int | None
    ticked: int
    recent: tuple[str, ...]

    @classmethod
    def read(cls, request: SignedInRequest) -> Place:
        ticked = [int(found) for found in re.findall(r"\d{1,18}", request.GET.get("ticked", "")[:20_000])]
        recent = re.findall(r"c\d{1,18}\b|p[\w:]{1,80}", request.GET.get("recent", "")[:1000])[:RECENT]
        one = ticked[0] if len(ticked) == 1 else None
        return cls(one or _customer_of(request.headers.get("HX-Current-URL", "")), len(ticked), tuple(recent))


@dataclass(frozen=True)
class Group:
    """Results of one kind under one head."""

    title: str
    entries: Sequence[Entry]


@require_safe
@never_cache
@vary_on_headers("HX-Request")
def find(request: SignedInRequest) -> HttpResponse:
    """What was found: the inside of the palette for htmx, else a page of its own."""
    ask, place = Ask.read(request.GET.get("q", "")), Place.read(request)
    found = groups(request.user, ask, place)
    context = {
        "ask": ask,
        "groups": found,
        "count": sum(len(group.entries) for group in found),
        "verb": "" if found else _verb_alone(request.user, ask),
    }
    template = "palette/_found.html" if wants_fragment(request) else "palette/page.html"
    return render(request, template, context)


def _verb_alone(user: User, ask: Ask) -> str:
    """The verb that was typed and nothing after it: it waits for a name."""
    named = _named(_verbs(user, ask), ask) if len(ask.words) == 1 else []
    return str(named[0].label) if named else ""


def groups(user: User, ask: Ask, place: Place) -> list[Group]:
    """All groups that have something to show. The number of queries depends on the words alone."""
    verbs = _verbs(user, ask)
    named = _named(verbs, ask)
    found, by_verb = _customers(user, ask, bool(named))
    known = _known(user, ask, place)
    here = known.get(place.customer_id or 0)
    of_here = not ask.words or (len(ask.words) == 1 and bool(named))  # nothing typed, or a verb alone
    subject = here if here and of_here else found[0] if found else None
    first = [
        Group(_("Customers"), [match.entry for match in found if ask.only != COMMANDS_ONLY]),
        _doing(subject, verbs, named, ask),
    ]
    shown = [
        *(reversed(first) if by_verb else first),
        Group(
            ngettext("With %(n)d selected row", "With %(n)d selected rows", place.ticked)
            % {"n": place.ticked},
            _with_selection(ask, place),
        ),
        Group(_("Recently opened"), _recent(user, ask, place, known)),
        Group(_("Also found in"), _elsewhere(user, ask)),
        Group(_("Go to"), _pages(user, ask)),
    ]
    return [group for group in shown if group.entries]


def _verbs(user: User, ask: Ask) -> list[Verb]:
    """What this user may do with a customer."""
    if ask.only not in ("", COMMANDS_ONLY):
        return []
    return [verb for room in ROOMS for verb in room.verbs if all(map(user.has_perm, verb.permissions))]


def _named(verbs: Sequence[Verb], ask: Ask) -> list[Verb]:
    """Those that the first word calls, by their full word before others."""
    if not ask.words:
        return []
    calls = [(verb.is_called(ask.words[0]), verb) for verb in verbs]
    return [verb for how, verb in sorted(calls, key=lambda call: -call[0]) if how]


def _customers(user: User, ask: Ask, verb_named: bool) -> tuple[list[Match], bool]:
    """By all words; if those find nobody and the first names a verb, by the others: “block acme”.

    Whether it was the latter: then it is the verb that was asked for.
    """
    if ask.only == PEOPLE or not ask.words:
        return [], False
    words = (NUMBERS + ask.words[0], *ask.words[1:]) if ask.only == NUMBERS else ask.words
    found = customers.find_customers(user, words)
    if found or not verb_named or len(words) == 1:
        return found, False
    return customers.find_customers(user, words[1:]), True


def _known(user: User, ask: Ask, place: Place) -> dict[int, Match]:
    """The customer of the page and those opened before, as far as this user may see them today."""
    ids = [place.customer_id] if place.customer_id else []
    if not ask.words:
        ids += [int(key[1:]) for key in place.recent if key.startswith("c")]
    return customers.customers_by_id(user, ids)


def _doing(subject: Match | None, verbs: Sequence[Verb], named: Sequence[Verb], ask: Ask) -> Group:
    """What may be done with one customer: what was named first, the usual after it."""
    if subject is None:
        return Group("", [])
    usual = [verb for verb in verbs if (verb.usual or ask.only == COMMANDS_ONLY) and verb not in named]
    limit = len(verbs) if ask.only == COMMANDS_ONLY else max(VERBS, len(named))
    entries = [verb.entry(subject.pk) for verb in [*named, *usual][:limit]]
    return Group(_("Do something with %(customer)s") % {"customer": subject.name}, entries)


def _with_selection(ask: Ask, place: Place) -> list[Entry]:
    """What the list itself offers for its ticked rows: taking the ticks away."""
    entry = Entry(_("Clear the selection"), "x", act="clear-selection")
    wanted = not ask.words or _has_words(entry.label, ask.words)
    return [entry] if place.ticked and wanted and ask.only in ("", COMMANDS_ONLY) else []


def _elsewhere(user: User, ask: Ask) -> list[Entry]:
    """Rows of other rooms. Each says what it is and whose."""
    if ask.only == COMMANDS_ONLY or not ask.words:
        return []
    wanted = Wanted(user, ask.words)
    entries = [
        entry
        for room in ROOMS
        for source in room.sources
        if ask.only in ("", source.kind) and all(map(user.has_perm, source.permissions))
        for entry in source.find(wanted)
    ]
    return entries if ask.only else entries[:ELSEWHERE]


def _pages(user: User, ask: Ask) -> list[Entry]:
    """Pages of the menu, and commands once something is typed, as far as this user may open them."""
    if ask.only in (PEOPLE, NUMBERS):
        return []
    items = (*MENU, *COMMANDS) if ask.words or ask.only else MENU
    found = [(item, url) for item in items if (url := item.url_for(user)) and _names(item, ask.words)]
    return [_page(item, url) for item, url in found[: None if ask.only else PAGES]]


def _page(item: Item, url: str) -> Entry:
    return Entry(str(item.label), item.icon, url, key=f"p{item.url_name}", posts=item.posts)


def _names(item: Item, words: Sequence[str]) -> bool:
    return _has_words(f"{item.label} {item.words}", words)


def _has_words(text: str, words: Sequence[str]) -> bool:
    """Whether each of `words` begins a word of `text`."""
    parts = text.lower().split()
    return all(any(part.startswith(word) for part in parts) for word in words)


def _recent(user: User, ask: Ask, place: Place, known: dict[int, Match]) -> list[Entry]:
    """What was opened before and may be opened today, last first. Only while nothing is typed."""
    if ask.words or ask.only:
        return []
    items = {f"p{item.url_name}": item for item in COMMANDS if not item.posts}  # the menu stands below anyway
    entries = []
    for key in dict.fromkeys(place.recent):
        if key.startswith("c") and (match := known.get(int(key[1:]))):
            entries.append(match.entry)
        elif (item := items.get(key)) and (url := item.url_for(user)):
            entries.append(_page(item, url))
    return entries


def _customer_of(address: str) -> int | None:
    """The customer whose page that is, by its URL alone; whether it may be seen is asked later."""
    try:
        match = resolve(urlsplit(address).path, "connexcs_admin.urls")
        reverse(match.view_name, "connexcs_admin.urls", kwargs=match.kwargs)
    except (Resolver404, NoReverseMatch, ValueError):
        return None
    own = match.kwargs.get("pk") if match.namespace == "customers" else None
    found = match.kwargs.get("customer_id", own)
    return found if isinstance(found, int) and found < 10**18 else None
