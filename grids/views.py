"""The door of a grid: whole page, htmx fragment, or the small answer of the live poll."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, urlsplit

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.translation import get_language
from django.views import View

from grids import live, rows
from grids.grid import Grid
from grids.shared import Glance, shared
from grids.state import Filters

TOTALS_AGE_S = 4  # how old counts and sums may be in a poll; rows themselves are always read anew


def wants_fragment(request: Any) -> bool:
    """True if htmx asked for part of a page; boosts and history restores want all of it."""
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request


class GridView(View):
    """One grid at two URLs: its page (`as_view()`) and its poll (`as_view(polled=True)`).

    url_name and poll_name are the names of those URLs. template includes fragment.
    """

    grid_class: ClassVar[type[Grid]]
    url_name: ClassVar[str]
    poll_name: ClassVar[str]
    template: ClassVar[str]
    fragment: ClassVar[str]
    polled = False
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.polled:
            response = self.poll(request)
        else:
            self.check(request.user.has_perm)
            response = self.page(request)
        patch_vary_headers(response, ["HX-Request"])
        add_never_cache_headers(response)
        return response

    def check(self, may: Callable[[str], bool]) -> None:
        """Raises PermissionDenied for who may not open the grid."""
        if self.grid_class.permission and not may(self.grid_class.permission):
            raise PermissionDenied

    def grid(self, request: HttpRequest, glance: Glance | None = None) -> Grid:
        path = reverse(self.url_name)
        return self.grid_class(user=request.user, params=request.GET, path=path, glance=glance)

    def page(self, request: HttpRequest) -> HttpResponse:
        """The grid; a bare URL leads to the default filters, so that every state has an address.

        Any other address means what it says: `?q=nova` searches rows of every status.
        """
        if not request.GET:
            return HttpResponseRedirect(f"{request.path}?{self.grid_class.default_query()}")
        grid = self.grid(request)
        context = {"grid": grid, **self.drawn(grid), **self.context(grid)}
        part = wants_fragment(request)
        response = render(request, self.fragment if part else self.template, context)
        if part:
            self.remember_search(request, response, grid)
        return response

    def drawn(self, grid: Grid) -> dict[str, Any]:
        """What the fragment's template shows, drawn before it: templates do no arithmetic."""
        return {
            "head": rows.head(grid),
            "body": rows.body(grid),
            "totals_bar": grid.totals_bar,
            "menus": rows.menus(grid),
            "feed": grid.feed(),
            "when_stale": grid.when_stale(),
            "poll_url": f"{reverse(self.poll_name)}?{grid.state.changed(page=grid.page).query}",
            "poll_s": settings.GRID_POLL_SECONDS,  # templates would write 3,000 for 3000, hence the strings
            "poll_ms": str(settings.GRID_POLL_SECONDS * 1000),
            "revision": live.revision(grid),
            "caption": rows.caption(grid),
            "chips": rows.chips(grid),
            "kept": [pair for pair in parse_qsl(grid.state.changed(page=1).query, True) if pair[0] != "q"],
            "ways_out": rows.ways_out(grid),
            "all_url": grid.url_of(grid.state.changed(filters=Filters())),
            "rowcount": str(grid.totals.rows + 1),
            "last": min(grid.first + grid.state.place.per_page, grid.totals.rows),
            "from": grid.first + 1 if grid.totals.rows else 0,
            "previous_url": grid.page_url(grid.page - 1),
            "next_url": grid.page_url(grid.page + 1),
        }

    def context(self, grid: Grid) -> dict[str, Any]:
        """What the room's own template shows beside the grid."""
        return {}

    def remember_search(self, request: Any, response: HttpResponse, grid: Grid) -> None:
        """After a search, the canonical address; typing on replaces it, so Back leads out of the search."""
        if request.htmx.trigger != f"{grid.slug}-search":
            return
        before = parse_qs(urlsplit(request.htmx.current_url or "").query)
        response.headers["HX-Replace-Url" if "q" in before else "HX-Push-Url"] = grid.url

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
                _state_of(request),
            )
            grid = shared.get(key, glance.version, lambda: self._polled(request, glance))
        ids = live.read_ids(grid, request.GET.get("ids", ""))
        since = request.headers.get("X-Since") or request.GET.get("since", "")
        feed = glance.feed if glance else None
        found = live.answer(grid, ids, since, user=request.user, feed=feed)
        if found is None:
            return HttpResponse(status=204)
        body = json.dumps(found, separators=(",", ":"), ensure_ascii=False)
        return HttpResponse(body, content_type="application/json")

    def _polled(self, request: HttpRequest, glance: Glance | None) -> Grid:
        grid = self.grid(request, glance)
        grid.totals_age_s = TOTALS_AGE_S
        return grid


def _state_of(request: HttpRequest) -> str:
    """The address without what each screen sends of its own."""
    query = request.META.get("QUERY_STRING", "")
    return "&".join(part for part in query.split("&") if not part.startswith(("ids=", "since=")))
