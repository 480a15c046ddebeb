"""Pages of the customers' own site. Everything shown belongs to `request.customer`."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal import statement
from portal.requests import PortalRequest


@require_safe
def home(request: PortalRequest) -> HttpResponse:
    """The account at a glance."""
    return render(request, "portal/home.html", {"account": statement.of(request.customer)})
