"""Door of the list of all contacts."""

from __future__ import annotations

from contacts.grids import ContactGrid
from grids.views import GridView


class ContactGridView(GridView):
    """People at every customer the user may see."""

    grid_class = ContactGrid
    url_name = "people:list"
    template = "contacts/grid.html"
    fragment = "contacts/_grid.html"
