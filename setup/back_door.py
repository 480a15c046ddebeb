"""How tables look at the back door (Django admin): what setup-like tables share, and what is only looked at.

It is for administrators who mend something that has no page. Nothing here is a way around a rule: rows are
validated as forms validate them, constraints hold, and the site sees to it that history names who did it.
"""

from decimal import InvalidOperation
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from import_export.admin import ImportExportModelAdmin
from import_export.fields import Field
from import_export.formats.base_formats import CSV, JSON
from import_export.forms import ExportForm
from import_export.resources import ModelResource


class CheckedRows(ModelResource):
    """Rows of a file: each is cleaned as a form would clean it; one that is wrong stops all."""

    class Meta:
        clean_model_instances = True
        use_transactions = True
        skip_unchanged = True
        report_skipped = True

    def import_field(self, field: Field, instance: Model, row: Any, *args: Any, **options: Any) -> None:
        """Says in words what is no number, where the library shows the name of an exception."""
        try:
            super().import_field(field, instance, row, *args, **options)
        except InvalidOperation:
            value = row[field.column_name]
            raise ValueError(_("“%(value)s” is no number.") % {"value": value}) from None


class ExchangedTable(ImportExportModelAdmin):
    """A table that may be filled from a file and saved to one."""

    resource_classes = [CheckedRows]
    formats = [CSV, JSON]
    # The form that lets one choose fields needs inline script, which our policy refuses.
    export_form_class = ExportForm

    # The package lets everybody who gets this far do both.
    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_resource_classes(self, request: HttpRequest) -> list[type[ModelResource]]:
        """CheckedRows for this very table."""
        key = [self.model._meta.pk.name]
        meta = type("Meta", (CheckedRows.Meta,), {"model": self.model, "import_id_fields": key})
        return [type(f"{self.model.__name__}Rows", (CheckedRows,), {"Meta": meta})]


class LookOnly(admin.ModelAdmin):
    """A table whose rows come about elsewhere: by services, switches or triggers."""

    show_full_result_count = False
    # Addresses without a scheme mean https, as they will for all of Django with its next version.
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
