"""What people keep of a grid: views under a name, and how each one left it."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

LONGEST_QUERY = 8_000  # characters


class Scope(models.TextChoices):
    """For whom a view is, within the circle of its owner."""

    ME = "me", _("Only me")
    ROLE = "role", _("Everybody with a role")
    EVERYONE = "everyone", _("Everybody")


class Family(models.TextChoices):
    """A part of a grid's state that a view may hold; what it does not hold it leaves as it is."""

    LAYOUT = "layout", _("Columns, groups and pivot")
    FILTERS = "filters", _("Filters")
    SORT = "sort", _("Order")


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Reads of views."""

    def visible_to(self, user: Any) -> Self:
        """Own ones, and those that people of the same circle share."""
        if not user.is_active:
            return self.none()
        circle = Q(circle=user.circle_id) if user.circle_id else Q(circle=None)
        shared = Q(scope=Scope.EVERYONE) | Q(scope=Scope.ROLE, role__in=user.groups.values("pk"))
        return self.filter(Q(owner=user) | (circle & shared & Q(owner__is_active=True)))


class SavedView(models.Model):
    """Some families of the state of a grid under a name.

    grid: its slug. families: of Family; query: what an address says of just those, canonical. locked: only
    its owner changes it. role: whose, if its scope is ROLE. is_default: where a bare address leads people of
    that role who have no choice or habit of their own. circle: among whom it can be shared, as its owner's
    `circle_id` was when it was made; people without one share among themselves.
    """

    grid = models.CharField(_("list"), max_length=40)
    name = models.CharField(_("name"), max_length=60)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.CASCADE, related_name="+"
    )
    scope = models.CharField(_("for whom"), max_length=8, choices=Scope, default=Scope.ME)
    role = models.ForeignKey(
        Group, verbose_name=_("role"), null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    locked = models.BooleanField(_("locked"), default=False)
    is_default = models.BooleanField(_("default of the role"), default=False)
    families = ArrayField(models.CharField(max_length=8, choices=Family), verbose_name=_("holds"))
    query = models.CharField(_("state"), max_length=LONGEST_QUERY, blank=True)
    circle = models.BigIntegerField(_("circle"), null=True, editable=False)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = (Lower("name"), "pk")
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        default_permissions = ()
        permissions = [("share_view", _("Can share views of lists"))]
        constraints = [
            models.UniqueConstraint("grid", "owner", Lower("name"), name="view_name_once"),
            models.CheckConstraint(
                condition=Q(scope=Scope.ROLE, role__isnull=False) | (~Q(scope=Scope.ROLE) & Q(role=None)),
                name="view_role_if_for_a_role",
                violation_error_message=_("Choose the role that it is for."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def may_change(self, user: Any) -> bool:
        """Its owner always; whoever may share views, unless it is somebody's own or locked."""
        if self.owner_id == user.pk:
            return True
        return not self.locked and self.scope != Scope.ME and user.has_perm("grids.share_view")


class Habit(models.Model):
    """How a person left a grid, and which view that person begins with. query: all families."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    grid = models.CharField(max_length=40)
    query = models.CharField(max_length=LONGEST_QUERY, blank=True)
    view = models.ForeignKey(SavedView, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("user", "grid", name="habit_once")]

    def __str__(self) -> str:
        return f"{self.grid} {self.user_id}"
