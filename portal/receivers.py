"""What the portal answers when users asks whether somebody may come in."""

from django.dispatch import receiver
from django.http import HttpRequest

from portal import access
from users.models import Kind, User
from users.signals import signing_in


@receiver(signing_in, dispatch_uid="portal.may_sign_in")
def may_sign_in(request: HttpRequest, user: User, **_: object) -> str | None:
    """The objection to a contact, None for staff and for those who are welcome."""
    if user.kind != Kind.CONTACT:
        return None
    return access.ask(user, request).objection or None
