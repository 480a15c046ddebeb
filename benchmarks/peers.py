"""Pages to compare the customers grid with: nothing at all, and the same rows as Django people list them.

Each peer gets the easier job: plain values without warnings, sparklines, tooltips, links to change a status
or totals of money, and (tables2) a page without our frame. The condition and the order are ours, so that
all of them show the same customers.
"""

from typing import Any

import django_filters
import django_tables2
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from customers.grids import status_is
from customers.models import Listing, Status

ROWS = 50
COLUMNS = (
    "name", "balance", "currency_id", "channels", "channels_limit", "status", "last_call_at", "asr", "acd_ms",
    "pdd_ms", "cps",
)  # fmt: skip
BY_ASR = F("asr").desc(nulls_last=True)


def empty(request: HttpRequest) -> HttpResponse:
    """What every signed-in request costs: middleware, session, user."""
    return HttpResponse("ok")


class StatusFilter(admin.SimpleListFilter):
    """The status that holds now, as on the grid: a penalty that is over counts no more."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in Status.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Listing]) -> QuerySet[Listing]:
        chosen = self.value()
        return queryset.filter(status_is(chosen)) if chosen else queryset


class Site(admin.AdminSite):
    """Django's admin for the benchmark's user; our users carry no `is_staff`."""

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated


class ListingAdmin(admin.ModelAdmin):
    list_display = COLUMNS
    list_filter = (StatusFilter,)
    search_fields = ("name",)
    list_per_page = ROWS
    ordering = (BY_ASR, "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Listing]:
        rows = Listing.objects.visible_to(request.user)
        return rows.order_by(*self.get_ordering(request))


site = Site(name="benchmark")  # beside the product's own admin
site.register(Listing, ListingAdmin)


class ListingTable(django_tables2.Table):
    name = django_tables2.Column(linkify=("customers:detail", {"pk": django_tables2.A("pk")}))

    class Meta:
        model = Listing
        fields = COLUMNS
        template_name = "django_tables2/table.html"


class ListingFilters(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=Status.choices, method="by_status")
    name = django_filters.CharFilter(lookup_expr="icontains")

    class Meta:
        model = Listing
        fields = ("status", "name")

    def by_status(self, rows: QuerySet[Listing], name: str, value: str) -> QuerySet[Listing]:
        return rows.filter(status_is(value))


def tables2_page(request: HttpRequest) -> HttpResponse:
    """django-tables2 and django-filter as their documentation puts them together."""
    rows = Listing.objects.visible_to(request.user).order_by(BY_ASR, "pk")
    filters = ListingFilters(request.GET, queryset=rows)
    table = ListingTable(filters.qs)
    django_tables2.RequestConfig(request, paginate={"per_page": ROWS}).configure(table)
    return render(request, "benchmarks/tables2.html", {"table": table, "filters": filters})
