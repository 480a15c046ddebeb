"""Every write to contacts: verbs, one transaction each, actor and reason in the history."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from audit import acting
from contacts.models import Contact
from users.models import Kind, User


def give_sign_in(contact_id: int, password: str, *, by: User | None, reason: str = "") -> User:
    """Lets a contact sign in to the portal with its email and `password`; a repeat sets a new password.

    Raises ValidationError for a password that is too weak and for an email that another user already
    signs in with, and Contact.DoesNotExist where the contact is gone.
    """
    with acting(by=by, reason=reason):
        contact = Contact.objects.select_for_update(of=("self",)).select_related("user").get(pk=contact_id)
        user = contact.user or User(kind=Kind.CONTACT)
        user.email, user.name, user.is_active = contact.email, contact.name, True
        validate_password(password, user)
        user.set_password(password)
        _check(user)
        user.save()
        contact.user = user
        contact.save(update_fields=["user"])
    return user


def take_sign_in(contact_id: int, *, by: User | None, reason: str = "") -> None:
    """Ends a contact's sign-in and its sessions; the user stays for the record. A repeat changes nothing."""
    with acting(by=by, reason=reason):
        contact = Contact.objects.select_for_update(of=("self",)).select_related("user").get(pk=contact_id)
        if contact.user is not None and contact.user.is_active:
            contact.user.is_active = False
            contact.user.save(update_fields=["is_active"])


def _check(user: User) -> None:
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        if "email" in error.error_dict or "__all__" in error.error_dict:
            raise ValidationError(
                _("Somebody else already signs in with %(email)s. Give this contact another email first."),
                params={"email": user.email},
            ) from error
        raise
