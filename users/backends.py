"""Sign-in by email and password, each kind of user on its own kind of host."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from users.models import Kind, User


class SiteBackend(AuthenticationBackend):
    """allauth's backend, which finds only users of the site that is asked, and gives contacts no rights."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        """The user, or None for a wrong password, an unknown email or a user of the other site alike.

        In all three cases one password was hashed, so that the time taken tells nothing.
        """
        user = super().authenticate(request, **credentials)
        if request is None:
            return user
        # allauth keeps a user whose password is right but who is not active, to say so; on the other
        # site even that would tell that the user exists.
        closed = self.unstash_authenticated_user()
        if closed is not None and _belongs(closed, request):
            self._stash_user(closed)
        return user if user is not None and _belongs(user, request) else None

    def get_user(self, user_id: Any) -> User | None:
        """The user of a session, with the reseller, whose name the frame of every page shows."""
        user = User.objects.select_related("reseller").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def _get_permissions(self, user_obj: Any, obj: Any, from_name: str) -> set[str]:
        """Rights are for staff, and come from groups: neither a group given to a contact by mistake nor a
        right given to one person opens anything. (The second also saves each page a query.)"""
        if getattr(user_obj, "kind", None) != Kind.STAFF or from_name == "user":
            return set()
        return super()._get_permissions(user_obj, obj, from_name)


def _belongs(user: Any, request: HttpRequest) -> bool:
    return bool(user.kind == request.site_kind)  # type: ignore[attr-defined]
