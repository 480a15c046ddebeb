"""The menu of the staff site, and what the frame around every page shows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Item:
    """One entry: label, URL name, sprite icon, and the permission without which it is not shown."""

    label: "StrOrPromise"
    url_name: str
    icon: str
    permission: str | None = None


MENU = (
    Item(_("Home"), "home", "home"),
    Item(_("Customers"), "customers:list", "users", "customers.view_customer"),
    Item(_("Calls"), "pages:calls", "phone", "calls.view_cdr"),
)


def frame(request: HttpRequest) -> dict[str, object]:
    """Context for base.html: `navigation`, a list of label, url, icon and whether it is the current page."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or getattr(request, "site_kind", "staff") != "staff":
        return {"navigation": []}
    entries = []
    for item in MENU:
        if item.permission and not user.has_perm(item.permission):
            continue
        try:
            url = reverse(item.url_name, urlconf="connexcs_admin.urls")
        except NoReverseMatch:
            continue
        current = request.path == url if url == "/" else request.path.startswith(url)
        entries.append({"label": item.label, "url": url, "icon": item.icon, "current": current})
    return {"navigation": entries}
