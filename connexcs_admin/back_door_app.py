"""Tells Django which admin site is ours. A module of its own, for it is read before any model is."""

from django.contrib.admin.apps import AdminConfig


class BackDoorConfig(AdminConfig):
    default_site = "connexcs_admin.back_door.BackDoor"
