from django.contrib import admin

from audit.models import Act
from setup.back_door import LookOnly


@admin.register(Act)
class ActAdmin(LookOnly):
    list_display = ("at", "kind", "email", "ip", "detail")
    list_filter = ("kind",)
    search_fields = ("email", "ip", "detail")
