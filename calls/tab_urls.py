"""Tabs of a customer's page, under /customers/<customer_id>/."""

from django.urls import path

from calls import lists, pages

app_name = "tabs"

urlpatterns = [
    path("calls/", pages.customer_calls, name="calls"),
    path("cdr/", lists.CustomerCdrView.as_view(), name="records"),
    path("cdr/live/", lists.CustomerCdrView.as_view(polled=True), name="records_live"),
    path("cdr/suggest/", lists.CustomerCdrView.as_view(part="suggest"), name="records_suggest"),
    path("cdr/values/", lists.CustomerCdrView.as_view(part="values"), name="records_values"),
    path("dialogs/", pages.customer_live_calls, name="live"),
]
