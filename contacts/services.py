"""Every write to contacts: verbs, one transaction each, actor and reason in the history."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import acting
from contacts.models import Contact
from customers.models import Customer
from users import sessions
from users.models import Kind, User
from users.recovery import password_was_set

_VERIFIED = {"email": "email_verified_at", "mobile": "mobile_verified_at"}


def add_contact(customer_id: int, *, by: User | None, reason: str = "", **fields: Any) -> Contact:
    """A new contact. email_verified, mobile_verified: yes or no.

    Raises ValidationError naming each wrong field, also for an email that another customer's contact has, and
    Customer.DoesNotExist where the customer is gone.
    """
    with acting(by=by, reason=reason):
        customer = Customer.objects.existing().get(pk=customer_id)
        contact = Contact(customer=customer)
        _set(contact, fields)
        _judge(contact, by)
        contact.save(force_insert=True)
    return contact


def change_contact(contact_id: int, *, by: User | None, reason: str = "", **fields: Any) -> Contact:
    """Stores fields; a repeat does nothing. The sign-in follows name and email.

    An email or mobile that changes is not verified any more, unless it is said to be in the same act. Raises
    as `add_contact`, and Contact.DoesNotExist where the contact is gone.
    """
    with acting(by=by, reason=reason):
        contact = _locked(contact_id)
        before = {column.attname: getattr(contact, column.attname) for column in Contact._meta.fields}
        _set(contact, fields)
        changed = [
            column.name
            for column in Contact._meta.fields
            if before[column.attname] != getattr(contact, column.attname)
        ]
        if changed:
            _judge(contact, by)
            contact.save(update_fields=changed)
        if contact.user is not None and {"email", "name"}.intersection(changed):
            contact.user.email, contact.user.name = contact.email, contact.name
            _check(contact.user)
            contact.user.save(update_fields=["email", "name"])
    return contact


def delete_contact(contact_id: int, *, by: User | None, reason: str = "") -> None:
    """Removes a contact and ends its sign-in; for one that is gone nothing happens."""
    with acting(by=by, reason=reason):
        contact = Contact.objects.select_for_update(of=("self",)).filter(pk=contact_id).first()
        if contact is None:
            return
        take_sign_in(contact_id, by=by, reason=reason)
        contact.delete()


def give_sign_in(contact_id: int, password: str, *, by: User | None, reason: str = "") -> User:
    """Lets a contact sign in to the portal with its email and `password`; a repeat sets a new password, with
    which the old one and its sessions end.

    Raises ValidationError for a password that is too weak and for an email that another user already
    signs in with, and Contact.DoesNotExist where the contact is gone.
    """
    with acting(by=by, reason=reason):
        contact = _locked(contact_id)
        user = contact.user or _left_over(contact.email) or User(kind=Kind.CONTACT)
        is_new = user.pk is None
        user.email, user.name, user.is_active = contact.email, contact.name, True
        validate_password(password, user)
        user.set_password(password)
        _check(user)
        user.save()
        contact.user = user
        contact.save(update_fields=["user"])
        if not is_new:
            password_was_set(user, by=by.email if by else "Connex")
    return user


def take_sign_in(contact_id: int, *, by: User | None, reason: str = "") -> None:
    """Ends a contact's sign-in and its sessions; the user stays for the record. A repeat changes nothing."""
    with acting(by=by, reason=reason):
        contact = _locked(contact_id)
        if contact.user is not None and contact.user.is_active:
            contact.user.is_active = False
            contact.user.save(update_fields=["is_active"])
            sessions.end_all(contact.user, detail="sign-in taken")


def _locked(contact_id: int) -> Contact:
    return Contact.objects.select_for_update(of=("self",)).select_related("user").get(pk=contact_id)


def _left_over(email: str) -> User | None:
    """The user of a contact that was deleted: the same person comes back under the same name."""
    return User.objects.filter(
        email__iexact=email, kind=Kind.CONTACT, is_active=False, contact=None
    ).first()  # fmt: skip


def _set(contact: Contact, fields: dict[str, Any]) -> None:
    """Writes fields into the row; of verifications only whether there is one is decided here."""
    said = {name: fields.pop(f"{name}_verified", None) for name in _VERIFIED}
    old = {name: getattr(contact, name) for name in _VERIFIED}
    for name, value in fields.items():
        setattr(contact, name, value)
    for name, column in _VERIFIED.items():
        if column in fields:
            continue
        was = getattr(contact, column) is not None
        is_other = old[name].lower() != getattr(contact, name).lower()
        if said[name] is False or (is_other and was):
            setattr(contact, column, None)
        elif said[name] and not was:
            setattr(contact, column, timezone.now())


def _judge(contact: Contact, by: User | None) -> None:
    # Two people may give the same address to two customers in the same moment.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('contacts.email'), hashtext(lower(%s)))",
                       [contact.email])  # fmt: skip
    contact.full_clean()
    if contact.mobile_verified_at and not contact.mobile:
        raise ValidationError({"mobile": _("There is no mobile that could be verified.")})
    _refuse_taken_email(contact, by)


def _refuse_taken_email(contact: Contact, by: User | None) -> None:
    """The address is what people sign in with, so that nobody else may have it."""
    others = Contact.objects.filter(email__iexact=contact.email, customer__deleted_at=None)
    others = others.exclude(customer_id=contact.customer_id)
    other = others.select_related("customer").first()
    if other is None:
        return
    visible = Customer.objects if by is None else Customer.objects.visible_to(by)
    may_know = visible.filter(pk=other.customer_id).exists() and (
        by is None or by.has_perm("contacts.view_contact")
    )
    if may_know:
        words = _("%(email)s is an address of %(contact)s at %(customer)s. Use another one.")
        told = {"email": contact.email, "contact": other.name, "customer": other.customer.name}
        raise ValidationError({"email": words % told})
    raise ValidationError(
        {"email": _("%(email)s is in use already. Use another one.") % {"email": contact.email}}
    )


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
