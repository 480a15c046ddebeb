"""The small forms that add an IP entry, a SIP user and a route. They check shape; services save."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from routing import passwords
from routing.addresses import canonical_host
from routing.models import IngressRoute, IpAuth, Protocol, SipUser

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_PREFIX_LINE = re.compile(r"^[0-9#*+]+$")
LONGEST_DIAL_STRING = 128  # characters, as the column has it
MOST_DIAL_STRINGS = 500
LIMIT_HINT = gettext_lazy("Empty or 0: unlimited.")
DEFAULT_PORT, TLS_PORT = 5060, 5061
HIGHEST_PORT = 65535
MOST = 2_147_483_647  # what the columns of limits and durations hold
SHOWN = 40  # characters of a refused value that are said back
TLS = (Protocol.TLS, Protocol.TLS_SRTP)


class NumberField(forms.IntegerField):
    """A whole number; whatever is wrong with it, one sentence names what was typed and what to type instead.

    refusal: that sentence, with %(value)s for what was typed.
    """

    # Number fields of browsers swallow what they cannot read; this one only brings up digits.
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})

    def __init__(self, *, refusal: StrOrPromise, **options: Any) -> None:
        super().__init__(**options)
        self.refusal = refusal

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except ValidationError:
            if value in self.empty_values:
                raise  # nothing was typed that could be said back
            typed = str(value).strip()
            shown = typed if len(typed) <= SHOWN else f"{typed[:SHOWN]}…"
            raise ValidationError(self.refusal, code="invalid", params={"value": shown}) from None


class _EntryForm(forms.ModelForm):
    """Limits, which every kind of entry has, and what the service refuses."""

    refusal_field = ""  # where a refusal shows that belongs to no field of its own
    channels_limit = NumberField(
        label=gettext_lazy("Channels"),
        required=False,
        min_value=0,
        max_value=MOST,
        help_text=LIMIT_HINT,
        refusal=gettext_lazy(
            "%(value)s is not a number of channels; use 0 to 2147483647, or leave it empty for no limit."
        ),
    )
    cps_limit = NumberField(
        label=gettext_lazy("Flow speed (CPS)"),
        required=False,
        min_value=0,
        max_value=MOST,
        help_text=LIMIT_HINT,
        refusal=gettext_lazy(
            "%(value)s is not a number of calls per second; use 0 to 2147483647, or leave it empty for no"
            " limit."
        ),
    )

    def refuse(self, error: ValidationError) -> None:
        """Puts what a service refused at the fields concerned."""
        if not hasattr(error, "error_dict"):
            self.add_error(self.refusal_field, error)
            return
        for name, errors in error.error_dict.items():
            known = name != NON_FIELD_ERRORS and name in self.fields
            self.add_error(name if known else self.refusal_field, errors)


class IpAuthForm(_EntryForm):
    """An address or network that calls come from or go to."""

    refusal_field = "host"
    host = forms.CharField(
        label=gettext_lazy("IP, network or host name"),
        max_length=300,
        help_text=gettext_lazy("Such as 203.0.113.7, 203.0.113.0/24, 2001:db8::1 or sip.example.com."),
        error_messages={"required": gettext_lazy("Required")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    port = NumberField(
        label=gettext_lazy("Port"),
        required=False,
        min_value=1,
        max_value=HIGHEST_PORT,
        help_text=gettext_lazy("Empty: 5060, and 5061 for TLS."),
        refusal=gettext_lazy("%(value)s is not a port; use 1 to 65535, or leave it empty."),
    )

    class Meta:
        model = IpAuth
        fields = (
            "host", "port", "protocol", "channels_limit", "cps_limit", "tech_prefix",
            "may_send", "may_receive", "cli_authentication",
        )  # fmt: skip
        help_texts = {
            "tech_prefix": gettext_lazy("Digits, #, + and *. Keeps customers apart that share an address."),
            "cli_authentication": gettext_lazy(
                "Tells customers on one address apart by the caller's number."
            ),
        }

    def clean_host(self) -> str:
        """The canonical form; whether it is an address is needed by the rule about directions."""
        host, self.is_network = canonical_host(self.cleaned_data["host"])
        return host

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("port") and "port" not in self.errors:
            cleaned["port"] = TLS_PORT if cleaned.get("protocol") in TLS else DEFAULT_PORT
        if cleaned.get("may_send") and not getattr(self, "is_network", True):
            self.add_error(
                "may_send",
                _(
                    "A host name can only be an address that calls are sent to. Untick this, or give the"
                    " address in digits."
                ),
            )
        if not cleaned.get("may_send") and not cleaned.get("may_receive"):
            self.add_error("may_send", _("Tick at least one direction."))
        return cleaned


class SipUserForm(_EntryForm):
    """A phone or exchange that signs in with a password."""

    refusal_field = "username"
    username = forms.CharField(
        label=gettext_lazy("Username"),
        max_length=64,
        error_messages={"required": gettext_lazy("Required")},
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9][A-Za-z0-9._+-]*$",
                gettext_lazy("Use letters, digits, dots, hyphens, plus and underscores, without spaces."),
            )
        ],
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        required=False,
        strip=False,
        help_text=gettext_lazy(
            "Empty: one is generated. Else at least 8 characters with upper and lower case, a digit and a"
            " symbol."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = SipUser
        fields = ("username", "protocol", "channels_limit", "cps_limit")

    field_order = ("username", "password", "protocol", "channels_limit", "cps_limit")

    def clean_password(self) -> str:
        """What was typed, or a generated one."""
        typed = self.cleaned_data["password"]
        if not typed:
            return passwords.generated()
        passwords.check(typed)
        return typed


class RouteForm(_EntryForm):
    """An ingress route."""

    refusal_field = "name"
    dial_strings = forms.CharField(
        label=gettext_lazy("Dial strings"),
        required=False,
        help_text=gettext_lazy(
            "One prefix or regular expression per line, such as 4930 or ^49(15|16|17). Empty: all."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
    )

    max_duration_s = NumberField(
        label=gettext_lazy("Max. duration (s)"),
        min_value=1,
        max_value=MOST,
        initial=IngressRoute._meta.get_field("max_duration_s").default,
        help_text=gettext_lazy("A call is cut at this age."),
        error_messages={"required": gettext_lazy("Type after how many seconds a call is cut, such as 3600.")},
        refusal=gettext_lazy("%(value)s is not a duration; use 1 to 2147483647 seconds, such as 3600."),
    )

    class Meta:
        model = IngressRoute
        fields = (
            "name", "tech_prefix", "dial_strings", "channels_limit", "cps_limit", "max_duration_s", "enabled",
        )  # fmt: skip
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "off"})}
        error_messages = {"name": {"required": gettext_lazy("Required")}}
        help_texts = {
            "tech_prefix": gettext_lazy("Digits, #, + and *. The longest that fits wins; it is cut off."),
        }

    def clean_dial_strings(self) -> list[str]:
        """One valid prefix or expression per line; empty lines and repeats fall away."""
        lines = [line.strip() for line in self.cleaned_data["dial_strings"].splitlines()]
        wrong = [
            problem
            for number, line in enumerate(lines, start=1)
            if (problem := _dial_string_problem(number, line))
        ]
        found = list(dict.fromkeys(filter(None, lines)))
        if len(found) > MOST_DIAL_STRINGS:
            wrong.append(
                _("%(n)d lines are too many: a route takes at most %(most)d.")
                % {"n": len(found), "most": MOST_DIAL_STRINGS}
            )
        if wrong:
            raise ValidationError(wrong[:5])
        return found


def _dial_string_problem(number: int, line: str) -> str:
    """What is wrong with a line, or nothing."""
    if len(line) > LONGEST_DIAL_STRING:
        return _("Line %(number)d is longer than %(most)d characters.") % {
            "number": number, "most": LONGEST_DIAL_STRING,
        }  # fmt: skip
    if not line or _PREFIX_LINE.match(line):
        return ""
    try:
        re.compile(line)
    except (re.error, OverflowError, RecursionError) as error:
        return _("Line %(number)d, “%(line)s”, is neither a prefix nor a regular expression: %(why)s.") % {
            "number": number, "line": line, "why": error,
        }  # fmt: skip
    return ""
