"""Views of a grid: which there are for a person, where they lead, and every write to them.

A view replaces the families it holds and leaves the others of an address alone: a layout never drops filters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from grids.models import LONGEST_QUERY, Family, Habit, SavedView, Scope

if TYPE_CHECKING:
    from grids.grid import Grid
    from grids.state import GridState


MOST_VIEWS = 100  # of one person and grid
MOST_TABS = 200


def pairs_of(state: GridState, families: Iterable[str]) -> list[tuple[str, str]]:
    """What an address says of those families, in their order."""
    chosen = set(families)
    pairs: list[tuple[str, str]] = []
    if Family.LAYOUT in chosen:
        pairs += state.layout.pairs()
    if Family.FILTERS in chosen:
        pairs += state.filters.pairs()
    if Family.SORT in chosen:
        pairs.append(("s", ",".join(key.text for key in state.sort)))
    return pairs


def written(pairs: Iterable[tuple[str, str]]) -> str:
    return urlencode(list(pairs), safe=":,")


def query_with(state: GridState, view: SavedView) -> str:
    """The address of `state` with the families of a view in place of its own, on the first page."""
    others = [family for family in Family.values if family not in view.families]
    held = parse_qsl(view.query, keep_blank_values=True)
    kept = pairs_of(state, others)
    pairs = [*held, *kept] if Family.LAYOUT in view.families else [*kept, *held]
    if not any(key == "s" for key, _value in pairs):
        pairs.append(("s", ""))
    return written([*pairs, ("v", str(view.pk))])


@dataclass
class Shelf:
    """The views that one person has of one grid, and the one chosen in the address."""

    grid: Grid

    @cached_property
    def views(self) -> list[SavedView]:
        """One query."""
        rows = SavedView.objects.visible_to(self.grid.user).filter(grid=self.grid.slug)
        return list(rows.select_related("owner", "role")[:MOST_TABS])

    @cached_property
    def chosen(self) -> SavedView | None:
        wanted = self.grid.state.place.view
        return next((view for view in self.views if str(view.pk) == wanted), None) if wanted else None

    @property
    def is_lost(self) -> bool:
        """Whether the address names a view that is not there, or not for this person."""
        return bool(self.grid.state.place.view) and self.chosen is None

    @property
    def is_dirty(self) -> bool:
        """Whether the state says other things than the chosen view of the families that it holds."""
        if self.chosen is None:
            return False
        return written(pairs_of(self.grid.state, self.chosen.families)) != self.chosen.query

    @property
    def tabs(self) -> list[dict[str, Any]]:
        """For the template: name, address, whether it is chosen, a word about whose it is."""
        path, state, user = self.grid.path, self.grid.state, self.grid.user
        return [
            {
                "name": view.name,
                "url": f"{path}?{query_with(state, view)}",
                "on": view == self.chosen,
                "whose": "" if view.owner_id == user.pk else _("of %(owner)s") % {"owner": view.owner},
            }
            for view in self.views
        ]

    @property
    def revert_url(self) -> str:
        """The chosen view as it was saved."""
        assert self.chosen is not None
        return f"{self.grid.path}?{query_with(self.grid.state, self.chosen)}"


# --- Where a bare address leads


def first_query(user: Any, slug: str, declared: str, plain: GridState) -> str:
    """My default view, else how I left the grid, else the default of my role, else the declared one."""
    habit = Habit.objects.filter(user=user, grid=slug).select_related("view", "view__owner").first()
    views = SavedView.objects.visible_to(user).filter(grid=slug)
    if habit and habit.view_id and (view := views.filter(pk=habit.view_id).first()):
        return query_with(plain, view)
    if habit and habit.query:
        return habit.query
    role = views.filter(is_default=True, scope=Scope.ROLE, role__in=user.groups.values("pk")).first()
    return query_with(plain, role) if role else declared


def remember(user: Any, slug: str, state: GridState) -> None:
    """Keeps how somebody left a grid. Writes only what differs; a state too long to keep is not kept."""
    query = written(pairs_of(state, Family.values))
    if len(query) > LONGEST_QUERY:
        return
    kept = Habit.objects.filter(user=user, grid=slug)
    before = kept.values_list("query", flat=True).first()
    if before is None:
        Habit.objects.bulk_create([Habit(user=user, grid=slug, query=query)], ignore_conflicts=True)
    elif before != query:
        kept.update(query=query)


# --- Writes


def save(grid: Grid, *, name: str, families: Iterable[str], **fields: Any) -> SavedView:
    """The state under a name; a view of that name and owner is overwritten.

    fields: scope, role, locked, is_default. Raises ValidationError with what is wrong.
    """
    user, chosen = grid.user, [family for family in Family.values if family in set(families)]
    if not chosen:
        raise ValidationError({"families": _("Choose at least one part to save.")})
    query = written(pairs_of(grid.state, chosen))
    scope = fields.get("scope", Scope.ME)
    if scope != Scope.ME and not user.has_perm("grids.share_view"):
        raise ValidationError({"scope": _("You may save views for yourself only.")})
    fields["role"] = fields.get("role") if scope == Scope.ROLE else None
    fields["is_default"] = bool(fields.get("is_default")) and scope == Scope.ROLE
    try:
        with transaction.atomic():
            own = SavedView.objects.filter(grid=grid.slug, owner=user)
            view = own.select_for_update().filter(name__iexact=name).first()
            if view is None:
                if own.count() >= MOST_VIEWS:
                    raise ValidationError(
                        _("You have %(most)s views of this list already. Delete one first.")
                        % {"most": MOST_VIEWS}
                    )
                view = SavedView(grid=grid.slug, owner=user)
            view.circle = user.circle_id
            view.name, view.families, view.query = name, chosen, query
            for field, value in fields.items():
                setattr(view, field, value)
            view.full_clean()
            view.save()
            _only_default(view)
    except IntegrityError:  # saved twice at the same moment
        return SavedView.objects.get(grid=grid.slug, owner=user, name__iexact=name)
    return view


def overwrite(grid: Grid, view: SavedView) -> None:
    """Makes the state what the view holds, of the families it has."""
    SavedView.objects.filter(pk=view.pk).update(query=written(pairs_of(grid.state, view.families)))


def _only_default(view: SavedView) -> None:
    """A role has one default of a grid in a circle: the last one that was made so."""
    if view.is_default:
        others = SavedView.objects.filter(grid=view.grid, role=view.role, is_default=True).exclude(pk=view.pk)
        others.filter(circle=view.circle).update(is_default=False)


def begins(user: Any, slug: str) -> int | None:
    """Id of the view that this person begins with."""
    return Habit.objects.filter(user=user, grid=slug).values_list("view_id", flat=True).first()


def begin_with(user: Any, slug: str, view: SavedView | None) -> None:
    """The view that a bare address leads this person to; None: as the person left the grid."""
    Habit.objects.update_or_create(user=user, grid=slug, defaults={"view": view})
