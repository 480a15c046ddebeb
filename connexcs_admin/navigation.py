"""The menu of the staff site, and what the frame around every page shows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from connexcs_admin.back_door import may_enter
from connexcs_admin.help.pages import slug_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from users.models import User


@dataclass(frozen=True)
class Item:
    """One entry: label, URL name, sprite icon, and the permission without which it is not shown.

    words: what people call it beside its label. posts: it changes something, so it is no link.
    no_reseller: it is about all customers, so that a reseller's user has no use of it, whatever the rights.
    """

    label: "StrOrPromise"
    url_name: str
    icon: str
    permission: str | None = None
    words: "StrOrPromise" = ""
    posts: bool = False
    no_reseller: bool = False

    def url_for(self, user: "User") -> str:
        """Its address; empty where this user may not open it, or the door is not there."""
        if self.permission and not user.has_perm(self.permission):
            return ""
        if self.no_reseller and user.reseller_id:
            return ""
        try:
            return reverse(self.url_name, urlconf="connexcs_admin.urls")
        except NoReverseMatch:
            return ""


MENU = (
    Item(_("Home"), "home", "home"),
    Item(_("Customers"), "customers:list", "users", "customers.view_customer"),
    Item(_("Calls"), "pages:calls", "phone", "calls.view_cdr"),
    Item(_("Contacts"), "people:list", "card", "contacts.view_contact"),
)

# What the palette offers beside the menu.
COMMANDS = (
    Item(_("New customer"), "customers:new", "plus", "customers.add_customer", words=_("add create")),
    Item(_("Bulk changes"), "customers:bulk", "edit", "customers.change_customer", words=_("undo many")),
    Item(
        _("Delayed changes"),
        "customers:delayed",
        "clock",
        "customers.change_customer",
        words=_("delay log scheduled later"),
    ),
    Item(
        _("Deleted customers"),
        "customers:deleted",
        "trash",
        "customers.delete_customer",
        words=_("restore undelete bring back"),
    ),
    Item(_("Live calls"), "pages:live", "wave", "calls.view_dialog", words=_("dialogs channels")),
    Item(
        _("Quarantine"),
        "pages:quarantine",
        "ban",
        "calls.view_quarantinedrecord",
        words=_("calls refused records cdr replay"),
        no_reseller=True,
    ),
    Item(_("Call records"), "pages:records", "list", "calls.view_cdr", words=_("cdr")),
    Item(_("Audit"), "audit:list", "hist", "audit.view_act", words=_("log acts sign-ins history")),
    Item(_("Users"), "users:list", "user", "users.view_user", words=_("staff people roles sign-in")),
    Item(_("Security"), "account_security", "lock", words=_("account passkeys app recovery codes sessions")),
    Item(_("Help"), "help", "help", words=_("manual documentation guide")),
    Item(_("Change password"), "account_change_password", "key", words=_("account")),
    Item(_("Sign out"), "account_logout", "logout", words=_("log logout leave"), posts=True),
)


def _free_letter(label: str, taken: set[str]) -> str:
    """The first letter of a label that is not taken; empty where all are."""
    return next((letter for letter in label.lower() if letter.isalpha() and letter not in taken), "")


def frame(request: HttpRequest) -> dict[str, object]:
    """Context for base.html: `navigation`, a list of label, url, icon, key, and whether it is the page shown.

    key: the letter that opens it after "g"; each has its own. help_url: the manual's page of this screen.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or getattr(request, "site_kind", "staff") != "staff":
        return {"navigation": []}
    admin_url = reverse("admin:index", urlconf="connexcs_admin.urls") if may_enter(user) else ""
    entries: list[dict[str, object]] = []
    for item in MENU:
        if not (url := item.url_for(user)):
            continue
        current = request.path == url if url == "/" else request.path.startswith(url)
        key = _free_letter(str(item.label), {str(entry["key"]) for entry in entries})
        entries.append({"label": item.label, "url": url, "icon": item.icon, "current": current, "key": key})
    slug = slug_of(request.resolver_match.view_name) if request.resolver_match else ""
    help_url = reverse("help", args=[slug] if slug else [], urlconf="connexcs_admin.urls")
    return {"navigation": entries, "admin_url": admin_url, "help_url": help_url}
