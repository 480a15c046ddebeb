"""Sign-in by email and password, each kind of user on its own kind of host."""

from allauth.account.auth_backends import AuthenticationBackend


class SiteBackend(AuthenticationBackend):
    """allauth's backend, which finds only users of the site that is asked."""

    def user_can_authenticate(self, user) -> bool:
        return super().user_can_authenticate(user)

    def authenticate(self, request, **credentials):
        """The user, or None for a wrong password, an unknown email or a user of the other site alike."""
        user = super().authenticate(request, **credentials)
        if user is None or (request is not None and user.kind != request.site_kind):
            return None
        return user
