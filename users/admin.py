"""People at the back door: making staff, roles, passwords, and helping who lost a device."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import QuerySet
from django.forms import CharField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from users import sessions
from users.models import Kind, User
from users.recovery import password_was_set, reset_second_factor


class ReasonForm(ActionForm):
    """Beside the choice of an action: why."""

    reason = CharField(label=_lazy("Reason"), required=False, max_length=100)


class NewStaffForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Staff are made here. Contacts get their sign-in on the contact's page and are shown only."""

    add_form = NewStaffForm
    action_form = ReasonForm
    actions = ("reset_second_factors",)
    ordering = ("email",)
    list_display = ("email", "name", "kind", "reseller", "is_active", "is_superuser", "last_login")
    list_filter = ("kind", "is_active", "is_superuser", "groups")
    list_select_related = ("reseller",)
    search_fields = ("email", "name")
    filter_horizontal = ("groups",)
    readonly_fields = ("kind", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "time_zone")}),
        (
            _lazy("What the person may do"),
            {"fields": ("kind", "groups", "reseller", "is_active", "is_superuser")},
        ),
        (_lazy("Times"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("email", "name", "usable_password", "password1", "password2")},
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Nobody takes the own rights away by a slip, and only administrators make administrators."""
        fields = tuple(self.readonly_fields)
        if not request.user.is_superuser:
            fields += ("is_superuser",)
        if obj is not None and obj.pk == request.user.pk:
            fields += ("is_active", "is_superuser", "groups", "reseller")
        return fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser's password is not set by somebody who may do less; contacts are kept on their page."""
        return super().has_change_permission(request, obj) and (
            obj is None or (obj.kind == Kind.STAFF and (request.user.is_superuser or not obj.is_superuser))
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People are deactivated: what they did goes on naming them."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            sessions.end_all(obj, detail="deactivated")

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """The own password is changed where the present one is asked for."""
        user = self.get_object(request, unquote(id))
        if user == request.user:
            return redirect("account_change_password")
        response = super().user_change_password(request, id, form_url)
        if user is not None and request.method == "POST" and response.status_code == 302:
            password_was_set(user, by=request.user.email)  # type: ignore[union-attr]
        return response

    @admin.action(description=_lazy("Reset the second factor (give a reason)"), permissions=["change"])
    def reset_second_factors(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        reason = request.POST.get("reason", "").strip()
        if not reason:
            messages.error(
                request, _("Nothing was reset. Say beside the action how you know that it is they who ask.")
            )
            return
        people = [
            user for user in chosen if self.has_change_permission(request, user) or user.kind == Kind.CONTACT
        ]
        for user in people:
            reset_second_factor(user, by=request.user.email, reason=reason)  # type: ignore[union-attr]
        words = ngettext(
            "%(n)d person signs in by password alone until a new factor is set up.",
            "%(n)d people sign in by password alone until new factors are set up.",
            len(people),
        )
        messages.success(request, words % {"n": len(people)})
