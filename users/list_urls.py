"""The list of users, under /users/."""

from grids.urls import grid_paths
from users import lists

app_name = "users"

urlpatterns = grid_paths(lists.UserGridView, "", "list")
