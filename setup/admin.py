from django.contrib import admin
from django.http import HttpRequest

from setup.back_door import ExchangedTable
from setup.models import Currency, Installation, InvoiceTemplate, PortalDomain, Reseller


@admin.register(Currency)
class CurrencyAdmin(ExchangedTable):
    list_display = ("code", "name", "digits", "enabled")
    search_fields = ("code", "name")


@admin.register(Reseller)
class ResellerAdmin(ExchangedTable):
    list_display = ("name", "email", "created_at")
    search_fields = ("name", "email")


@admin.register(PortalDomain)
class PortalDomainAdmin(ExchangedTable):
    list_display = ("host", "brand", "sip_realm", "enabled")
    search_fields = ("host", "brand")


@admin.register(InvoiceTemplate)
class InvoiceTemplateAdmin(ExchangedTable):
    search_fields = ("name",)


@admin.register(Installation)
class InstallationAdmin(admin.ModelAdmin):
    """One row: it is changed, never added to."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
