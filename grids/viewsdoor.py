"""The page of a grid's saved views: save what the address shows, and keep the list of them in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from grids import savedviews
from grids.models import Family, SavedView

if TYPE_CHECKING:
    from grids.grid import Grid


ACTS = ("overwrite", "delete", "begin", "forget")


class SaveViewForm(forms.ModelForm):
    """A name, for whom, and which parts of the state."""

    families = forms.MultipleChoiceField(
        label=gettext_lazy("Holds"),
        choices=Family.choices,
        initial=Family.values,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("What a view does not hold stays as it is when the view is chosen."),
    )
    mine = forms.BooleanField(label=gettext_lazy("Begin with it"), required=False)

    class Meta:
        model = SavedView
        fields = ("name", "families", "scope", "role", "locked", "is_default")
        labels = {"is_default": gettext_lazy("People with the role begin with it")}
        help_texts = {"locked": gettext_lazy("Nobody but you can change it.")}

    def __init__(self, *args: Any, user: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        fields: dict[str, Any] = self.fields
        if not user.has_perm("grids.share_view"):
            for name in ("scope", "role", "locked", "is_default"):
                del fields[name]
        else:
            fields["role"].empty_label = "—"

    def _post_clean(self) -> None:
        """Judged by `savedviews.save`, which knows the grid and the owner."""


def door(request: HttpRequest, grid: Grid) -> HttpResponse:
    """GET: the page. POST: `do` is save, overwrite, delete, begin or forget; the last four name a `view`."""
    if request.method == "POST" and request.POST.get("do") != "save":
        return _done(request, grid, _act(request, grid))
    chosen = grid.shelf.chosen
    initial = {"name": chosen.name, "families": chosen.families} if chosen else {}
    form = SaveViewForm(request.POST or None, user=grid.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        begins = fields.pop("mine")
        try:
            view = savedviews.save(grid, **fields)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            if begins:
                savedviews.begin_with(grid.user, grid.slug, view)
            messages.success(request, _("The view “%(name)s” was saved.") % {"name": view})
            return HttpResponseRedirect(f"{grid.path}?{savedviews.query_with(grid.state, view)}")
    views = [{"view": view, "may": view.may_change(grid.user)} for view in grid.shelf.views]
    context = {"grid": grid, "form": form, "views": views, "begins": savedviews.begins(grid.user, grid.slug)}
    return render(request, "grids/views.html", context, status=422 if form.is_bound else 200)


def _act(request: HttpRequest, grid: Grid) -> SavedView | None:
    """What one button does to one view; the view that is chosen then."""
    what, word = request.POST.get("do", ""), request.POST.get("view", "")
    if what not in ACTS:
        raise BadRequest(_("Say what to do with the view: %(acts)s.") % {"acts": ", ".join(ACTS)})
    if what == "forget":
        savedviews.begin_with(grid.user, grid.slug, None)
        return grid.shelf.chosen
    view = next((one for one in grid.shelf.views if str(one.pk) == word), None)
    if view is None:
        raise Http404(_("There is no such view."))
    if what == "begin":
        savedviews.begin_with(grid.user, grid.slug, view)
        return grid.shelf.chosen
    if not view.may_change(grid.user):
        raise PermissionDenied
    if what == "overwrite":
        savedviews.overwrite(grid, view)
        messages.success(request, _("The view “%(name)s” was saved.") % {"name": view})
        return view
    pk = view.pk
    view.delete()
    messages.success(request, _("The view “%(name)s” was deleted.") % {"name": view})
    return None if str(pk) == grid.state.place.view else grid.shelf.chosen


def _done(request: Any, grid: Grid, view: SavedView | None) -> HttpResponse:
    """Back to the list; htmx is told to go there as a whole."""
    state = grid.state.changed(view=str(view.pk) if view else "")
    where = grid.url_of(state)
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": where})
    return HttpResponseRedirect(where)
