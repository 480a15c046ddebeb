"""Tabs of a customer's page, under /customers/<customer_id>/."""

from django.urls import path

from calls import pages

app_name = "tabs"

urlpatterns = [
    path("calls/", pages.customer_calls, name="calls"),
    path("dialogs/", pages.customer_live_calls, name="live"),
]
