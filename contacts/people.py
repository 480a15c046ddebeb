"""Doors through which one contact is made, changed and removed, and gets a password."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from contacts import links, services
from contacts.forms import ContactForm, PasswordForm, Reasoned
from contacts.models import Contact
from customers import merging
from customers.card import open_card
from customers.models import Customer
from users.requests import SignedInRequest

FORM = ["GET", "HEAD", "POST"]
CONFLICT, WRONG = 409, 422


@never_cache
@require_http_methods(FORM)
@permission_required("contacts.add_contact", raise_exception=True)
def contact_new(request: SignedInRequest, customer_id: int) -> HttpResponse:
    """A person more at this customer."""
    customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=customer_id)
    form = ContactForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            with transaction.atomic():
                reason = form.cleaned_data["reason"]
                contact = services.add_contact(customer.pk, by=request.user, reason=reason, **form.values)
                if form.cleaned_data.get("mail_link"):
                    _mail_link(request, contact.pk, reason)
        except links.NoMail as error:
            form.add_error("mail_link", str(error))
        except ValidationError as error:
            _refuse(form, error)
        except Customer.DoesNotExist:
            raise Http404 from None
        else:
            messages.success(request, _("%(name)s was added.") % {"name": contact})
            return redirect("customers:detail", customer.pk)
    return _page(request, customer_id, "contacts/form.html", form)


@never_cache
@require_http_methods(FORM)
@permission_required("contacts.change_contact", raise_exception=True)
def contact_edit(request: SignedInRequest, customer_id: int, pk: int) -> HttpResponse:
    """The same form, filled; what others changed meanwhile is kept, what both changed is asked about."""
    if request.method != "POST":
        contact = _read(request, customer_id, pk)
        form = ContactForm(instance=contact)
        return _page(request, customer_id, "contacts/form.html", form, contact=contact,
                     opened=merging.seal(form))  # fmt: skip
    with transaction.atomic():
        contact = _read(request, customer_id, pk, locked=True)
        stored = ContactForm(instance=contact)
        opened = merging.unseal(request.POST.get("opened", ""))
        merged = merging.merge(stored, request.POST, opened, request.POST.get("theirs", ""))
        # Why, and that a note is none, is said with every save anew.
        collisions = [one for one in merged.collisions if one.name not in ("reason", "as_it_is")]
        form = ContactForm(merged.data, instance=contact)
        more: dict[str, Any] = {"contact": contact, "opened": merging.seal(stored), "collisions": collisions}
        if collisions or "theirs" in request.POST:
            form.is_valid()
            return _page(request, customer_id, "contacts/form.html", form, status=CONFLICT, **more)
        if form.is_valid():
            try:
                with transaction.atomic():
                    services.change_contact(
                        pk, by=request.user, reason=form.cleaned_data["reason"], **form.values
                    )
            except ValidationError as error:
                _refuse(form, error)
            else:
                messages.success(request, _("%(name)s was saved.") % {"name": form.cleaned_data["name"]})
                return redirect("customers:detail", customer_id)
    return _page(request, customer_id, "contacts/form.html", form, **more)


@never_cache
@require_http_methods(FORM)
@permission_required("contacts.delete_contact", raise_exception=True)
def contact_delete(request: SignedInRequest, customer_id: int, pk: int) -> HttpResponse:
    """Says what deleting would do, and does it."""
    contact = _read(request, customer_id, pk)
    form = Reasoned(request.POST if request.method == "POST" else None)
    if form.is_valid():
        services.delete_contact(pk, by=request.user, reason=form.cleaned_data["reason"])
        messages.success(request, _("%(name)s was deleted.") % {"name": contact})
        return redirect("customers:detail", customer_id)
    return _page(request, customer_id, "contacts/delete.html", form, contact=contact)


@never_cache
@require_http_methods(FORM)
@permission_required("contacts.change_contact", raise_exception=True)
def contact_password(request: SignedInRequest, customer_id: int, pk: int) -> HttpResponse:
    """A password by hand. The one before it, and sessions that it opened, end."""
    contact = _read(request, customer_id, pk)
    form = PasswordForm(request.POST if request.method == "POST" else None, contact=contact)
    if form.is_valid():
        try:
            services.give_sign_in(
                pk, form.cleaned_data["password"], by=request.user, reason=form.cleaned_data["reason"]
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("%(name)s signs in with the new password.") % {"name": contact})
            return redirect("customers:detail", customer_id)
    mail = contact.mails.first()  # a relation of messaging, which stands above
    return _page(
        request, customer_id, "contacts/password.html", form,
        contact=contact, mail=mail, can_mail=links.can_mail(), hours=links.HOURS,
    )  # fmt: skip


@never_cache
@require_http_methods(FORM)
@permission_required("contacts.change_contact", raise_exception=True)
def contact_close(request: SignedInRequest, customer_id: int, pk: int) -> HttpResponse:
    """Ends the sign-in; the contact stays."""
    contact = _read(request, customer_id, pk)
    if request.method == "POST":
        services.take_sign_in(pk, by=request.user, reason=request.POST.get("reason", "")[:200])
        messages.success(request, _("%(name)s can no longer sign in.") % {"name": contact})
        return redirect("customers:detail", customer_id)
    return redirect("contacts:password", customer_id, pk)


@never_cache
@require_http_methods(FORM)
@permission_required("contacts.change_contact", raise_exception=True)
def contact_link(request: SignedInRequest, customer_id: int, pk: int) -> HttpResponse:
    """Mails a link with which the contact sets a password itself."""
    contact = _read(request, customer_id, pk)
    if request.method == "POST":
        try:
            _mail_link(request, pk, request.POST.get("reason", "")[:200])
        except links.NoMail as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("A link is on its way to %(email)s.") % {"email": contact.email})
    return redirect("contacts:password", customer_id, pk)


def _mail_link(request: SignedInRequest, pk: int, reason: str) -> None:
    _host, port = split_domain_port(request.get_host())
    links.want(pk, by=request.user, scheme=request.scheme or "https", port=port, reason=reason)


def _read(request: SignedInRequest, customer_id: int, pk: int, *, locked: bool = False) -> Contact:
    """Raises Http404 for a contact that is not this customer's, or that the user may not see."""
    rows = Contact.objects.visible_to(request.user).select_related("user")
    rows = rows.select_for_update(no_key=True, of=("self",)) if locked else rows
    return get_object_or_404(rows, pk=pk, customer_id=customer_id)


def _refuse(form: ContactForm, error: ValidationError) -> None:
    """Puts what the service refused at its field; what belongs to none stands above the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error.messages)
        return
    for name, errors in error.error_dict.items():
        at = name if name in form.fields else None
        # The one constraint of a contact is about its email.
        form.add_error("email" if name == "__all__" else at, errors)


def _page(
    request: SignedInRequest, customer_id: int, template: str, form: Any, *, status: int = 0, **more: Any
) -> HttpResponse:
    context = open_card(request.user, customer_id, "main") | {"form": form} | more
    return render(request, template, context, status=status or (WRONG if form.is_bound else 200))
