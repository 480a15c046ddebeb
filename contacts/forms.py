"""The forms of one contact."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.links import can_mail
from contacts.models import Contact
from contacts.rules import looks_like_a_password, networks, phone_number
from customers.fields import NameField
from setup.reasons import Reasoned
from users.models import User

SWITCH = {"class": "sw", "role": "switch"}
NO_PASSWORDS = gettext_lazy("Write no password into notes.")


class PhoneField(forms.CharField):
    """A number as people write it; E.164 comes out."""

    widget = forms.TextInput({"inputmode": "tel", "placeholder": "+49 30 123456", "autocomplete": "off"})

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=40, required=False, **options)

    def clean(self, value: Any) -> str:
        return phone_number(super().clean(value))


class NetworksField(forms.CharField):
    """Addresses and networks, one a line."""

    def __init__(self, **options: Any) -> None:
        attrs = {"rows": 2, "class": "mono", "spellcheck": "false"}
        super().__init__(max_length=5_000, required=False, widget=forms.Textarea(attrs), **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        return networks(super().clean(value))


class ContactForm(Reasoned, forms.ModelForm):
    """A contact as staff sees it."""

    name = NameField(label=gettext_lazy("Name"), max_length=128)
    email = forms.EmailField(
        label=gettext_lazy("Email"),
        max_length=254,
        help_text=gettext_lazy("Also the name to sign in to the portal with."),
    )
    phone = PhoneField(label=gettext_lazy("Phone"))
    mobile = PhoneField(label=gettext_lazy("Mobile"), help_text=gettext_lazy("Receives SMS."))
    email_verified = forms.BooleanField(
        label=gettext_lazy("Email verified"), required=False, widget=forms.CheckboxInput(SWITCH)
    )
    mobile_verified = forms.BooleanField(
        label=gettext_lazy("Mobile verified"), required=False, widget=forms.CheckboxInput(SWITCH)
    )
    ip_whitelist = NetworksField(
        label=gettext_lazy("Sign-in only from"),
        help_text=gettext_lazy("IP addresses or networks, one a line. Empty: from anywhere."),
    )
    mail_link = forms.BooleanField(
        label=gettext_lazy("Mail a link to set a password"),
        required=False,
        help_text=gettext_lazy("It works once, within 24 hours. Without it this person cannot sign in yet."),
    )
    as_it_is = forms.BooleanField(
        label=gettext_lazy("The note tells no password; save it as it is."), required=False
    )

    class Meta:
        model = Contact
        fields = ("name", "email", "type", "phone", "mobile", "notes_public", "notes_private")
        labels = {
            "type": gettext_lazy("Contact type"),
            "notes_public": gettext_lazy("Public notes"),
            "notes_private": gettext_lazy("Private notes"),
        }
        help_texts = {
            "notes_public": gettext_lazy("The contact reads them in the portal."),
            "notes_private": gettext_lazy("Only staff reads them."),
        }
        widgets = {name: forms.Textarea({"rows": 3}) for name in ("notes_public", "notes_private")}

    def __init__(self, data: Any = None, *, instance: Contact | None = None, **more: Any) -> None:
        kept = {}
        if instance:
            kept = {
                "email_verified": instance.email_verified_at is not None,
                "mobile_verified": instance.mobile_verified_at is not None,
                "ip_whitelist": instance.ip_whitelist,
            }
        super().__init__(data, instance=instance, initial={**kept, **more.pop("initial", {})}, **more)
        if instance or not can_mail():
            del self.fields["mail_link"]
        else:
            self.fields["mail_link"].initial = True
        for name in ("notes_public", "notes_private"):
            self.fields[name].max_length = 5_000  # type: ignore[attr-defined]
        self.asks = False  # whether a note looks like a password and somebody should say that it is none

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        for name in ("notes_public", "notes_private"):
            note = data.get(name, "")
            if "\x00" in note or len(note) > 5_000:
                self.add_error(name, _("At most 5000 characters, none of them NUL."))
            elif looks_like_a_password(note) and not data.get("as_it_is"):
                self.asks = True
                self.add_error(
                    name,
                    _("This looks like a password, which must not stand in a note. Take it out, or say below"
                      " that it is none."),
                )  # fmt: skip
        return data

    def _post_clean(self) -> None:
        """The service judges the row under lock; a form that writes into the instance would hide changes."""

    @property
    def values(self) -> dict[str, Any]:
        """The clean values, `email_verified` and `mobile_verified` as yes or no."""
        others = {"reason", "as_it_is", "mail_link"}
        return {name: value for name, value in self.cleaned_data.items() if name not in others}


class PasswordForm(Reasoned):
    """A password typed by hand, twice."""

    password = forms.CharField(
        label=gettext_lazy("New password"),
        strip=False,
        max_length=64,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=gettext_lazy("New password, again"),
        strip=False,
        max_length=64,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, data: Any = None, *, contact: Contact) -> None:
        super().__init__(data)
        self.contact = contact

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self.contact.email, name=self.contact.name))
        return password

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        if "password" in data and "again" in data and data["password"] != data["again"]:
            self.add_error("again", ValidationError(_("The two are not the same. Type them again.")))
        return data
