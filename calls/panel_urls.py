"""Doors for people, under /calls/; those for switches are in urls.py."""

from django.urls import path

from calls import panels

app_name = "panels"

urlpatterns = [
    path("customers/<int:customer_id>/summary/", panels.customer_summary, name="summary"),
]
