"""Doors of the contacts room, under /customers/<id>/."""

from django.urls import path

from contacts import views

app_name = "contacts"

urlpatterns = [
    path("contacts/", views.customer_contacts, name="panel"),
]
