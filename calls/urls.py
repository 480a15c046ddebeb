"""Doors for switches."""

from django.urls import path

from calls import views

app_name = "calls"

urlpatterns = [
    path("cdrs", views.receive_cdrs, name="receive_cdrs"),
    path("dialogs", views.receive_dialogs, name="receive_dialogs"),
]
