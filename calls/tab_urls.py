"""Tabs of a customer's page, under /customers/<customer_id>/."""

from django.urls import path

from calls import lists, pages
from grids.urls import grid_paths

app_name = "tabs"

urlpatterns = [
    path("calls/", pages.customer_calls, name="calls"),
    *grid_paths(lists.CustomerCdrView, "cdr/", "records"),
    *grid_paths(lists.CustomerDialogView, "dialogs/", "live"),
]
