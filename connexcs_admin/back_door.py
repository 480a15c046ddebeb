"""Django admin: the developers' and administrators' back door, behind the same sign-in as everything else."""

import time
from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from allauth.account.internal.flows.logout import logout
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _lazy

from audit import acting
from users.confirm import ask_to_confirm
from users.models import Kind

ENTRY_LASTS_S = 30 * 60
ENTERED_AT = "back_door.entered_at"
OTHERS = {"account", "mfa", "usersessions"}  # allauth's tables: theirs are the pages of Security


def may_enter(user: Any) -> bool:
    """Superusers, and staff who may change what roles may do: they could give themselves the rest anyway.
    Never somebody who works for a reseller, since tables here show everybody's rows."""
    return bool(
        user.is_authenticated
        and user.is_active
        and user.kind == Kind.STAFF
        and user.reseller_id is None
        and (user.is_superuser or user.has_perm("auth.change_group"))
    )


class BackDoor(AdminSite):
    """Entering asks again who it is, unless that was a moment ago; half an hour later it asks once more.
    Everything that is written here carries who did it in its history."""

    site_title = site_header = _lazy("Connex administration")
    index_title = _lazy("Tables")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models = model_or_iterable if isinstance(model_or_iterable, (list, tuple)) else [model_or_iterable]
        super().register([one for one in models if one._meta.app_label not in OTHERS], admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return may_enter(request.user)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return inner(request, *args, **kwargs)
            if not self.has_permission(request):
                raise PermissionDenied
            if asked := _ask_at_entry(request):
                return asked
            if request.method in ("GET", "HEAD", "OPTIONS"):
                return inner(request, *args, **kwargs)
            with acting(by=request.user, reason="in Django admin"):
                return inner(request, *args, **kwargs)

        return update_wrapper(guarded, inner)

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """No form of its own: ours knows second factors and how to slow guessing."""
        wanted = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
        return redirect(f"{reverse('account_login')}?{urlencode({REDIRECT_FIELD_NAME: wanted})}")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        if request.method != "POST":
            return redirect("account_logout")
        logout(request)
        return redirect("account_login")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # type: ignore[override]
        return redirect("account_change_password")


def _ask_at_entry(request: HttpRequest) -> HttpResponse | None:
    if time.time() - request.session.get(ENTERED_AT, 0) < ENTRY_LASTS_S:
        return None
    asked = ask_to_confirm(request)
    if asked is None:
        request.session[ENTERED_AT] = time.time()
    return asked
