"""Which rows a person has ticked: by their keys, or all that match an address but some.

The ticks live in the tab where they are made and come whole with whatever is done with them, so that two
tabs do not disturb each other and nothing has to be kept. A form has these fields:

ids       keys as `data-id` writes them, with commas between them or several times
matching  instead of ids: the filters of an address (`Grid.matching_query`); all rows that match are meant …
but       … except these keys, with commas between them
told      how many the person saw were ticked, by which it is said that some are gone
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from grids import formats

if TYPE_CHECKING:
    from grids.grid import Grid

MOST_TICKED = 10_000


class Unclear(Exception):
    """What was sent does not say which rows are meant. Its text is a sentence for people."""


@dataclass(frozen=True)
class Selection:
    """What was ticked. matching: None if rows were ticked one by one. told: 0 if nobody said."""

    ids: tuple[str, ...] = ()
    matching: str | None = None
    but: tuple[str, ...] = ()
    told: int = 0

    @classmethod
    def read(cls, sent: QueryDict) -> Selection:
        told = sent.get("told", "")
        return cls(
            _keys(sent.getlist("ids")),
            sent.get("matching"),
            _keys(sent.getlist("but")),
            int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0,
        )

    def keys(self, grid_of: Callable[[QueryDict], Grid]) -> list[Any]:
        """Primary keys of the rows that are meant and that the user may see, each once.

        grid_of: the grid under an address. Raises Unclear where the address means nothing here, and for more
        than MOST_TICKED.
        """
        grid = grid_of(QueryDict(self.matching or ""))
        known = [
            grid.keys.read(grid.model, word) for word in (self.ids if self.matching is None else self.but)
        ]
        named = [key for key in known if key is not None]
        if self.matching is None:
            rows = grid.visible().filter(pk__in=named[: MOST_TICKED + 1])
        elif grid.state.notes or grid.state.faults:
            raise Unclear(_("The filters are not understood any more. Tick the rows again."))
        else:
            rows = grid.matching().exclude(pk__in=named)
        found = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST_TICKED + 1])
        if len(found) > MOST_TICKED or len(named) > MOST_TICKED:
            words = _("More than %(most)s rows are ticked. Narrow the list by a filter.")
            raise Unclear(words % {"most": formats.format_count(MOST_TICKED)})
        return found

    def missing(self, found: int) -> str:
        """In words how many of those that were ticked are not meant any more, "" for none of them."""
        told = self.told or (len(self.ids) if self.matching is None else 0)
        if told <= found:
            return ""
        gone = told - found
        words = ngettext(
            "%(gone)s of %(told)s is not there any more, or no longer matches.",
            "%(gone)s of %(told)s are not there any more, or no longer match.",
            gone,
        )
        return words % {"gone": formats.format_count(gone), "told": formats.format_count(told)}


def _keys(sent: list[str]) -> tuple[str, ...]:
    words = (word.strip() for text in sent for word in text.split(","))
    return tuple(dict.fromkeys(word for word in words if word))
