"""The list of all contacts, under /contacts/."""

from contacts import lists
from grids.urls import grid_paths

app_name = "people"

urlpatterns = grid_paths(lists.ContactGridView, "", "list")
