from django.contrib import admin

from customers.models import Customer
from setup.back_door import LookOnly


@admin.register(Customer)
class CustomerAdmin(LookOnly):
    """Changes go by the pages and services, which keep listings, numbers and penalties in step."""

    list_display = ("id", "name", "status", "currency", "reseller")
    list_filter = ("status", "currency")
    list_select_related = ("currency", "reseller")
    search_fields = ("name", "id")
