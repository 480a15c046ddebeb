from django.contrib import admin

from messaging.models import Mail
from setup.back_door import LookOnly


@admin.register(Mail)
class MailAdmin(LookOnly):
    list_display = ("created_at", "purpose", "to", "state", "attempts", "error")
    list_filter = ("state", "purpose")
    search_fields = ("to",)
