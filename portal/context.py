"""What every page of the portal shows."""

from django.http import HttpRequest


def brand(request: HttpRequest) -> dict[str, str]:
    """Context for templates on portal hosts: the domain's brand in place of ours, everywhere."""
    domain = getattr(request, "portal_domain", None)
    return {"brand": domain.brand, "site_brand": domain.brand} if domain else {}
