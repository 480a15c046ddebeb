"""Door of the list of acts."""

from __future__ import annotations

from audit.grids import ActGrid
from grids.views import GridView


class ActGridView(GridView):
    """What was done that changed no row."""

    grid_class = ActGrid
    url_name = "audit:list"
    template = "audit/grid.html"
    fragment = "audit/_grid.html"
