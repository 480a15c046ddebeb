from django.contrib import admin

from calls.models import Switch
from setup.back_door import LookOnly


@admin.register(Switch)
class SwitchAdmin(LookOnly):
    """Records, dialogs and figures are not here: there are millions, and nobody may change one."""

    list_display = ("name", "heard_at", "enabled")
    exclude = ("token_hash",)
