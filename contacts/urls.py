"""Doors of the contacts room, under /customers/<id>/."""

from django.urls import path

from contacts import people, views

app_name = "contacts"

urlpatterns = [
    path("contacts/", views.customer_contacts, name="panel"),
    path("contacts/new/", people.contact_new, name="new"),
    path("contacts/<int:pk>/", people.contact_edit, name="edit"),
    path("contacts/<int:pk>/delete/", people.contact_delete, name="delete"),
    path("contacts/<int:pk>/password/", people.contact_password, name="password"),
    path("contacts/<int:pk>/link/", people.contact_link, name="link"),
    path("contacts/<int:pk>/close/", people.contact_close, name="close"),
]
