from django.contrib import admin

from billing.models import Account
from setup.back_door import LookOnly


@admin.register(Account)
class AccountAdmin(LookOnly):
    """Balances change by ledger entries only, which are added and never changed."""

    list_select_related = ("customer",)
    search_fields = ("customer__name",)
