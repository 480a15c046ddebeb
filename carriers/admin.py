from django.contrib import admin

from carriers.models import Carrier
from setup.back_door import ExchangedTable


@admin.register(Carrier)
class CarrierAdmin(ExchangedTable):
    list_display = ("name", "currency", "channels_limit", "cps_limit", "enabled")
    list_filter = ("enabled", "currency")
    search_fields = ("name",)
