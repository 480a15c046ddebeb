"""Pages of the customers' own site. Everything shown belongs to `request.customer`."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal import statement


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The account at a glance."""
    return render(request, "portal/home.html", {"account": statement.of(request.customer)})  # type: ignore[attr-defined]
