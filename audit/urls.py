"""The list of acts, under /audit/."""

from audit import lists
from grids.urls import grid_paths

app_name = "audit"

urlpatterns = grid_paths(lists.ActGridView, "", "list")
