from django.contrib import admin

from contacts.models import Contact
from setup.back_door import LookOnly


@admin.register(Contact)
class ContactAdmin(LookOnly):
    list_display = ("name", "email", "type", "customer")
    list_select_related = ("customer",)
    search_fields = ("name", "email")
