"""The door of a grid: whole page, htmx fragment, or the small answer of the live poll."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, urlsplit

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views import View

from grids import columnspanel, live, panel, pivoted, rows, savedviews, viewsdoor
from grids.export.files import TYPES, NoExport, make
from grids.facets import Facet, facets
from grids.grid import Grid
from grids.patience import TooSlow, patience
from grids.pivot import lacks_currency
from grids.shared import Glance, shared
from grids.signals import exported
from grids.state import COLUMNS_PANEL, FILTERS_PANEL, LONGEST_TEXT, Filters
from grids.suggest import suggestions

MOST_FAULTS = 3  # of a text, said at once
NEVER_MS = 2**31 - 1  # what a browser can wait at most, 24 days
TOTALS_AGE_S = 4  # how old counts and sums may be in a poll; rows themselves are always read anew


def wants_fragment(request: Any) -> bool:
    """True if htmx asked for part of a page; boosts and history restores want all of it."""
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request


def faults(grid: Grid) -> list[dict[str, Any]]:
    """Faults of the text box: the text around each faulty word, the word, and what would be right."""
    box = grid.state.box
    return [
        {"before": box[: fault.start], "word": box[fault.start : fault.end], "after": box[fault.end :],
         "sentence": fault.sentence, "start": str(fault.start), "end": str(fault.end)}
        for fault in grid.state.faults[:MOST_FAULTS]
    ]  # fmt: skip


def not_understood(grid: Grid) -> str:
    """What of the address means nothing here; "" for none. No file shall hold other rows than were meant."""
    notes = [f"{note.key}={note.value[:100]}: {note.sentence}" for note in grid.state.notes]
    notes += [f"{fault['word']}: {fault['sentence']}" for fault in faults(grid)]
    return "\n".join(notes)


def lost_view(grid: Grid) -> list[dict[str, Any]]:
    """A chip that says that the view of the address is not there for this person, as all chips are."""
    if not grid.shelf.is_lost:
        return []
    sentence = _("This view was deleted, or is not shared with you.")
    url = grid.url_of(grid.state.changed(view=""))
    return [{"text": f"v={grid.state.place.view}", "title": sentence, "url": url, "bad": True}]


def one_currency(grid: Grid) -> str:
    """Where a pivot of amounts of several currencies leads: to the same one of the commonest currency."""
    name = lacks_currency(grid) if grid.state.layout.is_pivot else ""
    entries = facets(grid, {name: ""})[name].entries if name else ()
    return grid.choice_url(name, entries[0].key) if entries and entries[0].count else ""


class GridView(View):
    """One grid at six URLs: its page (`as_view()`), its poll (`as_view(polled=True)`), what its text box
    suggests (`as_view(part="suggest")`), the values of one set filter (`as_view(part="values")`), files of
    what it shows (`as_view(part="export")`) and its saved views (`as_view(part="views")`).

    url_name, poll_name, suggest_name, values_name, export_name and views_name are the names of those URLs;
    all but the first are what `grids.urls.grid_paths` calls them, unless given. template includes fragment.
    """

    grid_class: ClassVar[type[Grid]]
    url_name: ClassVar[str]
    poll_name: ClassVar[str]
    suggest_name: ClassVar[str]
    values_name: ClassVar[str]
    export_name: ClassVar[str]
    views_name: ClassVar[str]
    template: ClassVar[str]
    fragment: ClassVar[str]
    polled = False
    part = ""
    http_method_names = ["get", "head", "post", "options"]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        named = {"poll_name": "live", "suggest_name": "suggest", "values_name": "values"}
        named |= {"export_name": "export", "views_name": "views"}
        for attribute, suffix in named.items():
            if attribute not in vars(cls) and "url_name" in vars(cls):
                setattr(cls, attribute, f"{cls.url_name}_{suffix}")

    def get(self, request: HttpRequest, **_scope: Any) -> Any:
        if self.polled:
            response = self.poll(request)
        else:
            self.check(request.user.has_perm)
            parts = {
                "views": self.views,
                "suggest": self.suggest,
                "values": self.values,
                "export": self.export,
                "": self.page,
            }
            response = parts[self.part](request)
        patch_vary_headers(response, ["HX-Request"])
        add_never_cache_headers(response)
        return response

    def post(self, request: HttpRequest, **_scope: Any) -> HttpResponse:
        """Saved views are the one thing of a grid that is written."""
        if self.part != "views":
            return HttpResponseNotAllowed(["GET", "HEAD", "OPTIONS"])
        self.check(request.user.has_perm)
        return self.views(request)

    def views(self, request: HttpRequest) -> HttpResponse:
        return viewsdoor.door(request, self.grid(request))

    def check(self, may: Callable[[str], bool]) -> None:
        """Raises PermissionDenied for who may not open the grid."""
        if self.grid_class.permission and not may(self.grid_class.permission):
            raise PermissionDenied

    def grid(
        self, request: HttpRequest, params: QueryDict | None = None, glance: Glance | None = None
    ) -> Grid:
        asked = request.GET if params is None else params
        path = self.reverse(self.url_name)
        return self.grid_class(user=request.user, params=asked, path=path, glance=glance, scope=self.kwargs)

    def reverse(self, name: str) -> str:
        """The URL of that name in the place where this one is, such as on one customer's page."""
        return reverse(name, kwargs=self.kwargs)

    def page(self, request: HttpRequest) -> HttpResponse:
        """The grid; a bare URL leads to where this person begins, so that every state has an address.

        Any other address means what it says: `?q=nova` searches rows of every status.
        """
        if not request.GET:
            return HttpResponseRedirect(f"{request.path}?{self.first_query(request)}")
        form = panel.read_form(self.asked(request))
        grid = self.grid(request, form.params)
        part = wants_fragment(request)
        if not part and columnspanel.is_sent(request.GET):
            return HttpResponseRedirect(grid.url)
        if not part and (grid.state.rewritten or (form.sent and not grid.state.notes)):
            return HttpResponseRedirect(grid.url)  # words or the form have become conditions
        try:
            with patience(grid.patience_ms):
                if where := one_currency(grid):
                    return HttpResponseRedirect(where)
                context = self.shown(grid, form)
        except TooSlow:
            grid = self.grid(request, form.params)
            grid.gave_up = True
            context = self.shown(grid, form)
        response = render(request, self.fragment if part else self.template, context)
        if part:
            self.follow(request, response, grid)
        if part or _came_from_here(request):
            self.remember(request, grid)
        return response

    def first_query(self, request: Any) -> str:
        """Where this person begins."""
        declared = self.grid_class.default_query()
        plain = self.grid(request, QueryDict(declared)).state
        return savedviews.first_query(request.user, self.grid_class.slug, declared, plain)

    def remember(self, request: Any, grid: Grid) -> None:
        """How the list is left; not of an address that was not understood, nor of words being typed."""
        if not grid.state.notes and not grid.state.faults and not grid.gave_up:
            savedviews.remember(request.user, grid.slug, grid.state)

    def shown(self, grid: Grid, form: panel.Form) -> dict[str, Any]:
        """Everything that the template reads."""
        return {"grid": grid, **self.drawn(grid, form), **self.context(grid)}

    def asked(self, request: HttpRequest) -> QueryDict:
        """The query string, or what the columns panel makes of it."""
        if not columnspanel.is_sent(request.GET):
            return request.GET
        return columnspanel.commanded(self.grid(request, columnspanel.plain(request.GET)), request.GET)

    def drawn(self, grid: Grid, form: panel.Form) -> dict[str, Any]:
        """What the fragment's template shows, drawn before it: templates do no arithmetic."""
        return {
            **self.table(grid),
            "totals_bar": grid.totals_bar,
            "menus": rows.menus(grid),
            "feed": grid.feed(),
            "when_stale": grid.when_stale(),
            "poll_url": f"{self.reverse(self.poll_name)}?{grid.state.changed(page=grid.page, view='').query}",
            "poll_s": settings.GRID_POLL_SECONDS,  # templates would write 3,000 for 3000, hence the strings
            "poll_ms": str(settings.GRID_POLL_SECONDS * 1000 if not grid.gave_up else NEVER_MS),
            "revision": live.revision(grid),
            "caption": rows.caption(grid),
            "chips": [one for one in rows.chips(grid) if not (one["bad"] and one.get("column") in form.cards)]
            + lost_view(grid),
            "panel": panel.panel_of(grid, form),
            "columns_panel": columnspanel.panel_of(grid),
            "shelf": grid.shelf,
            "may_overwrite": grid.shelf.chosen is not None and grid.shelf.chosen.may_change(grid.user),
            "views_url": f"{self.reverse(self.views_name)}?{grid.state.query}",
            "default_url": f"{grid.path}?{grid.default_query()}",
            "export_url": f"{self.reverse(self.export_name)}?{grid.state.query}&format=",
            "columns_url": grid.url_of(grid.state.changed(panel=COLUMNS_PANEL)),
            "widths": rows.widths(grid),
            "panel_url": grid.url_of(grid.state.changed(panel=FILTERS_PANEL)),
            "filter_count": len(grid.state.filters.columns()),
            "box": grid.state.box or grid.state.filters.q,
            "faults": faults(grid),
            "most_text": str(LONGEST_TEXT),
            "suggest_url": self.reverse(self.suggest_name),
            "values_url": self.reverse(self.values_name),
            "kept": [pair for pair in parse_qsl(grid.state.from_start().query, True) if pair[0] != "q"],
            "ways_out": rows.ways_out(grid),
            "all_url": grid.url_of(grid.state.changed(filters=Filters())),
            "rowcount": str(grid.totals.rows + 1 if grid.counted else -1),
            "last": self.last(grid),
            "from": grid.first + 1 if grid.totals.rows else 0,
            "previous_url": grid.previous_url,
            "next_url": grid.next_url,
        }

    def table(self, grid: Grid) -> dict[str, Any]:
        """The list, its groups, or the pivot made of it."""
        if grid.state.layout.is_pivot:
            return {"pivot": pivoted.table(grid), "pivot_bar": pivoted.bar(grid)}
        return {"head": rows.head(grid), "body": rows.body(grid)}

    def last(self, grid: Grid) -> int:
        """Position of the last row of the page, from 1."""
        if not grid.counted:
            return grid.first + grid.totals.rows
        return min(grid.first + grid.state.place.per_page, grid.totals.rows)

    def context(self, grid: Grid) -> dict[str, Any]:
        """What the room's own template shows beside the grid."""
        return {}

    def follow(self, request: Any, response: HttpResponse, grid: Grid) -> None:
        """The canonical address after a search or a form, in the history of the browser.

        Typing on replaces the address of a search, so that Back leads out of it. A text with faults has no
        address: it waits in its box to be put right.
        """
        if grid.state.faults or (
            not request.GET.get("apply") and request.htmx.trigger != f"{grid.slug}-search"
        ):
            return
        before = urlsplit(request.htmx.current_url or "")
        if f"{before.path}?{before.query}" == grid.url:
            return
        typing_on = request.htmx.trigger == f"{grid.slug}-search" and "q" in parse_qs(before.query)
        replaces = typing_on and not grid.state.rewritten
        response.headers["HX-Replace-Url" if replaces else "HX-Push-Url"] = grid.url

    def suggest(self, request: HttpRequest) -> HttpResponse:
        """What may be written where the caret stands (`at`, in characters of `q`)."""
        params = request.GET.copy()
        raw = params.pop("at", ["0"])[-1]
        at = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 6 else 0
        text = params.get("q", "")[:LONGEST_TEXT].replace("\x00", " ")
        grid = self.grid(request, params)
        grid.totals_age_s = TOTALS_AGE_S
        try:
            with patience(grid.patience_ms):
                found = suggestions(grid, text, at)
        except TooSlow:
            found = []
        return render(request, "grids/_suggestions.html", {"grid": grid, "found": found})

    def values(self, request: HttpRequest) -> HttpResponse:
        """The values of the set filter on `column`, under the form and the search of its card."""
        params = request.GET.copy()
        name = params.pop("column", [""])[-1]
        form = panel.read_form(params)
        grid = self.grid(request, form.params)
        grid.totals_age_s = TOTALS_AGE_S
        column = grid.filterable.get(name)
        if column is None or column.filter is None or column.filter.kind != "set":
            return HttpResponseBadRequest(_("There is no filter of this name."))
        try:
            with patience(grid.patience_ms):
                facet = facets(grid, {name: form.sought.get(name, "")})[name]
        except TooSlow:
            facet = Facet()
        card = panel.picked_card(grid, name, facet)
        return render(request, "grids/_values.html", {"grid": grid, "card": card})

    def export(self, request: HttpRequest) -> Any:
        """The file in the `format` asked for. What cannot be one leads back to the list, with the reason."""
        params = request.GET.copy()
        kind = params.pop("format", [""])[-1]
        if kind not in TYPES:
            return HttpResponseBadRequest(_("Name a format: %(known)s.") % {"known": ", ".join(TYPES)})
        grid = self.grid(request, params)
        if problem := not_understood(grid):
            return HttpResponseBadRequest(problem, content_type="text/plain; charset=utf-8")
        try:
            made = make(grid, kind)
        except NoExport as reason:
            messages.error(request, str(reason))
            return HttpResponseRedirect(grid.url)
        exported.send(type(grid), user=request.user, name=made.name, rows=made.rows, query=grid.state.query)
        return StreamingHttpResponse(
            made.chunks,
            headers={
                "Content-Type": made.content_type,
                "Content-Disposition": f'attachment; filename="{made.name}"',
                "Content-Length": str(made.size),
            },
        )

    def poll(self, request: HttpRequest) -> HttpResponse:
        """JSON of what changed, or 204. Rights are asked of the database each time."""
        glance = self.grid_class.glance(request.user)
        if glance is None:
            self.check(request.user.has_perm)
            grid = self._polled(request, None)
        else:
            self.check(glance.rights.__contains__)
            # Everything that an answer is made from, besides the rows: whoever shares it sees the same.
            key = (
                self.grid_class,
                glance.rights,
                glance.eyes,
                glance.look,
                get_language(),
                getattr(request.user, "time_zone", ""),  # days are cut where each person lives
                tuple(self.kwargs.items()),
                _state_of(request),
            )
            grid = shared.get(key, glance.version, lambda: self._polled(request, glance))
        since = request.headers.get("X-Since") or request.GET.get("since", "")
        feed = glance.feed if glance else None
        try:
            with patience(grid.patience_ms):
                ids = live.read_ids(grid, request.GET.get("ids", ""))
                found = live.answer(grid, ids, since, user=request.user, feed=feed)
        except TooSlow:
            return HttpResponse(status=204)  # what is shown stays; asking again at once would help nobody
        if found is None:
            return HttpResponse(status=204)
        body = json.dumps(found, separators=(",", ":"), ensure_ascii=False)
        return HttpResponse(body, content_type="application/json")

    def _polled(self, request: HttpRequest, glance: Glance | None) -> Grid:
        grid = self.grid(request, glance=glance)
        grid.totals_age_s = TOTALS_AGE_S
        return grid


def _came_from_here(request: HttpRequest) -> bool:
    """Whether a link on this very list was followed; a link from a mail is only looked at."""
    before = urlsplit(request.headers.get("Referer", ""))
    return before.netloc == request.get_host() and before.path == request.path


def _state_of(request: HttpRequest) -> str:
    """The address without what each screen sends of its own."""
    query = request.META.get("QUERY_STRING", "")
    return "&".join(part for part in query.split("&") if not part.startswith(("ids=", "since=")))
