from django.contrib import admin

from routing.models import IngressRoute, IpAuth, SipUser
from setup.back_door import LookOnly


@admin.register(IpAuth)
class IpAuthAdmin(LookOnly):
    list_display = ("host", "customer", "enabled")
    list_select_related = ("customer",)
    search_fields = ("host",)


@admin.register(SipUser)
class SipUserAdmin(LookOnly):
    list_display = ("username", "realm", "customer", "enabled")
    list_select_related = ("customer",)
    search_fields = ("username", "realm")
    exclude = ("ha1",)  # as good as the password in its realm


@admin.register(IngressRoute)
class IngressRouteAdmin(LookOnly):
    list_display = ("name", "customer", "enabled")
    list_select_related = ("customer",)
    search_fields = ("name",)
