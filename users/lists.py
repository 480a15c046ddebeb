"""Door of the list of users."""

from __future__ import annotations

from grids.views import GridView
from users.grids import UserGrid


class UserGridView(GridView):
    """Everybody who may sign in."""

    grid_class = UserGrid
    url_name = "users:list"
    template = "users/grid.html"
    fragment = "users/_grid.html"
