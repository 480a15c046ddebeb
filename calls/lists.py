"""Doors of this room's grids, over all customers and as tabs of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from calls.grids import CdrGrid, DialogGrid
from customers.card import open_card
from customers.models import Customer
from grids.grid import Grid
from grids.layout import UTC_ZONE
from grids.views import GridView


class CdrView(GridView):
    """Call records of every customer the user may see."""

    grid_class = CdrGrid
    url_name = "pages:records"
    template = "calls/records.html"
    fragment = "calls/_records.html"

    def context(self, grid: Grid) -> dict[str, Any]:
        return when(grid)


class CustomerCdrView(CdrView):
    """Call records of one customer: a tab of its page."""

    url_name = "tabs:records"
    template = "calls/customer_records.html"

    def check(self, may: Callable[[str], bool]) -> None:
        """Also raises Http404 for a customer that the user may not see."""
        super().check(may)
        must_see(self.request.user, self.kwargs["customer_id"])

    def context(self, grid: Grid) -> dict[str, Any]:
        return when(grid) | open_card(grid.user, grid.scope["customer_id"], "cdr")


class DialogView(GridView):
    """Calls that are up, of every customer the user may see."""

    grid_class = DialogGrid
    url_name = "pages:live"
    template = "calls/dialogs.html"
    fragment = "calls/_dialogs.html"


class CustomerDialogView(DialogView):
    """Calls of one customer that are up: a tab of its page."""

    url_name = "tabs:live"
    template = "calls/customer_dialogs.html"

    def check(self, may: Callable[[str], bool]) -> None:
        """Also raises Http404 for a customer that the user may not see."""
        super().check(may)
        must_see(self.request.user, self.kwargs["customer_id"])

    def context(self, grid: Grid) -> dict[str, Any]:
        return open_card(grid.user, grid.scope["customer_id"], "dialogs")


def must_see(user: Any, customer_id: int) -> None:
    """Raises Http404 for a customer that `user` may not see."""
    get_object_or_404(Customer.objects.visible_to(user).only("pk"), pk=customer_id)


def when(grid: Grid) -> dict[str, Any]:
    """The time that a list is about, and the ways to other times, for its bar.

    begin, end: first and last day as a date field takes them. presets: (words, URL, whether it is shown).
    """
    assert grid.span is not None
    assert grid.ends is not None
    column = grid.span.column
    zone, ends, state = grid.view.zone, grid.ends, grid.state
    now = [one.text for one in state.filters.all_on(column)]
    first_of_month = grid.now.astimezone(zone).date().replace(day=1)
    presets = (
        (_("Today"), "on:today"),
        (_("Yesterday"), "on:yesterday"),
        (_("Last 24 hours"), "prev:24h"),
        (_("Last 7 days"), "prev:7d"),
        (_("This month"), f"from:{first_of_month:%Y-%m-%d}"),
        (_("Last month"), _last_month(first_of_month)),
    )
    kind = grid.filterable[column].filter
    assert kind is not None
    label = str(grid.filterable[column].label)
    last = (ends.end - timedelta(microseconds=1)).astimezone(zone)
    return {
        "zone": zone,
        "ends": ends,
        "last_moment": ends.end,
        "begin": f"{ends.begin.astimezone(zone):%Y-%m-%d}",
        "end": f"{max(last, ends.begin.astimezone(zone)):%Y-%m-%d}",
        "most_days": grid.span.days,
        "presets": [
            {
                "words": words,
                "url": grid.url_of(
                    state.changed(
                        filters=state.filters.having(
                            (kind.condition(column, label, raw),), (), grid.filterable
                        )
                    )
                ),
                "on": now == [raw],
            }
            for words, raw in presets
        ],
        "time_column": column,
        "other_pairs": [
            (key, value) for key, value in state.from_start().pairs() if key not in (f"f.{column}", "z")
        ],
        "zones": zones_of(grid),
    }


def _last_month(first_of_month: Any) -> str:
    last = first_of_month - timedelta(days=1)
    return f"between:{last.replace(day=1):%Y-%m-%d},{last:%Y-%m-%d}"


def zones_of(grid: Grid) -> list[dict[str, Any]]:
    """In which times a list can be shown: the viewer's own and UTC; none where these are the same."""
    own = str(grid.zone())
    if own == "UTC":
        return []
    layout = grid.state.layout
    return [
        {
            "words": words,
            "url": grid.url_of(grid.state.changed(layout=layout.changed(zone=key))),
            "on": layout.zone == key,
        }
        for words, key in ((own, ""), ("UTC", UTC_ZONE))
    ]
