"""Doors for switches. Paths without a version are those of version 1, for good."""

from django.urls import path

from calls import views

app_name = "calls"

urlpatterns = [
    path("cdrs", views.receive_cdrs, name="receive_cdrs"),
    path("dialogs", views.receive_dialogs, name="receive_dialogs"),
    path("v1/cdrs", views.receive_cdrs, name="receive_cdrs_v1"),
    path("v1/dialogs", views.receive_dialogs, name="receive_dialogs_v1"),
    path("v1/freeswitch", views.receive_freeswitch, name="receive_freeswitch"),
    path("v1/asterisk", views.receive_asterisk, name="receive_asterisk"),
    path("v1/kamailio", views.receive_kamailio, name="receive_kamailio"),
]
