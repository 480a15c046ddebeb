"""Who may sign in: one table for staff and for customers' contacts."""

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Group, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from setup.history import tracked
from setup.models import Reseller


class Kind(models.TextChoices):
    """Which site a user belongs to. Each host accepts only its own kind."""

    STAFF = "staff", _("staff")
    CONTACT = "contact", _("contact")


class UserQuerySet(models.QuerySet["User"]):
    """Reads of users."""

    def visible_to(self, user: "User") -> "UserQuerySet":
        """All of them for staff of the operator, the own ones for a reseller's user."""
        if not user.is_active or not user.has_perm("users.view_user"):
            return self.none()
        return self.filter(reseller_id=user.reseller_id) if user.reseller_id else self

    def search(self, text: str, user: "User") -> "UserQuerySet":
        """Those in whose email or name each word of `text` is found."""
        rows = self
        for word in text.replace("\x00", "").split()[:10]:
            rows = rows.filter(models.Q(email__icontains=word) | models.Q(name__icontains=word))
        return rows


class UserManager(BaseUserManager["User"]):
    """Creates users by email; addresses compare without case."""

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, user: "User") -> UserQuerySet:
        """Those `user` may see in lists."""
        return self.get_queryset().visible_to(user)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """A user with an unusable password unless one is given. Raises ValidationError on bad fields."""
        user = self.model(email=email.strip(), **fields)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, kind=Kind.STAFF, is_superuser=True, **fields)


@tracked(exclude=["password", "last_login"])
class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. Rights come from groups only; a user without a group may do nothing.

    `reseller` narrows a staff user to that reseller's customers.
    """

    email = models.EmailField(_("email"), max_length=254)
    name = models.CharField(_("name"), max_length=128, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.STAFF)
    reseller = models.ForeignKey(
        Reseller,
        verbose_name=_("reseller"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="users",
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        ordering = ("email",)
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                violation_error_message=_("A user with this email already exists."),
            ),
            models.CheckConstraint(
                condition=models.Q(kind=Kind.STAFF) | models.Q(reseller=None, is_superuser=False),
                name="contact_user_has_no_staff_powers",
                violation_error_message=_("A contact can be neither an administrator nor a reseller's user."),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def circle_id(self) -> int | None:
        """Whose people this user is among: a reseller's, or the operator's (None). They share views."""
        return self.reseller_id

    @property
    def is_staff_kind(self) -> bool:
        return self.kind == Kind.STAFF


@tracked()
class Membership(User.groups.through):  # type: ignore[name-defined]  # Django makes this class
    """Who is in which group, seen so that history keeps it: giving a role is giving rights."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")


@tracked()
class GroupRight(Group.permissions.through):  # type: ignore[name-defined]
    """Which group holds which right, seen so that history keeps it."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("right of a group")
        verbose_name_plural = _("rights of groups")


class OfferedRight(models.Model):
    """A right that the group of a role was given once, when the role gained it.

    With it, rights that are new in users/roles.py reach existing groups, and those that an operator took away
    stay away. right: "app.codename".
    """

    role = models.CharField(max_length=150)
    right = models.CharField(max_length=200)

    class Meta:
        default_permissions = ()
        verbose_name = _("offered right")
        verbose_name_plural = _("offered rights")
        constraints = [models.UniqueConstraint(fields=["role", "right"], name="right_offered_once")]

    def __str__(self) -> str:
        return f"{self.role}: {self.right}"
