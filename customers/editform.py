"""The form of one customer: every field, on seven tabs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from customers import hours, portal_items
from customers.fields import AmountField, DayField, NameField, TagsField, TomlField, ZoneField
from customers.models import Customer
from customers.rights import MONEY, SEES_EVERYBODY, SEES_MONEY
from customers.rules import LONGEST_NAME, account_managers
from setup.models import Currency, PortalDomain
from setup.reasons import Reasoned

if TYPE_CHECKING:
    from django.forms.boundfield import BoundField
    from django_stubs_ext import StrOrPromise

    from users.models import User

MAY_SET_HOURS = "customers.change_callwindow"
DAYS = tuple(f"day_{number}" for number in range(7))
# What a new customer may take over from the one made before it.
KEPT = ("currency", "status", "tax")


@dataclass(frozen=True)
class Tab:
    """Fields that stand together. slug: also the fragment of its address. fields: their names, with spaces
    between them. wide: those of them that take both columns."""

    slug: str
    label: StrOrPromise
    fields: str
    wide: str = ""


TABS = (
    Tab(
        "basic",
        gettext_lazy("Basic"),
        "name status currency channels_limit cps_limit debit_limit daily_spend_limit min_payment tax"
        " topup_currencies",
        "name topup_currencies",
    ),
    Tab(
        "config",
        gettext_lazy("Config"),
        "reseller account_manager domain portal_access tags paypal_email website paid_mode stir_attestation"
        " rtp_firewall recording_days inbound_at_zero_balance invoice_schedule invoice_on_payment"
        " invoice_due_days invoice_template ext_accounting_id vars portal_show portal_hide",
        "tags vars",
    ),
    Tab("timeout", gettext_lazy("Timeout"), "first_reply_timeout_s pdd_timeout_s ring_timeout_s"),
    Tab("address", gettext_lazy("Address"), "address1 address2 city county postcode country"),
    Tab(
        "verification",
        gettext_lazy("Verification"),
        "approved_clis_only email_verification mobile_verification",
        "approved_clis_only email_verification mobile_verification",
    ),
    Tab("notes", gettext_lazy("Notes"), "notes", "notes"),
    Tab("hours", gettext_lazy("Day/Time Restrict"), f"time_zone {' '.join(DAYS)}"),
)
UNITS = {
    "channels_limit": gettext_lazy("calls at once"),
    "cps_limit": gettext_lazy("CPS"),
    "tax": "%",
    "invoice_due_days": gettext_lazy("days"),
    "recording_days": gettext_lazy("days"),
    "first_reply_timeout_s": "s",
    "pdd_timeout_s": "s",
    "ring_timeout_s": "s",
}
HELP = {
    "name": gettext_lazy("Stands in lists, on invoices and in mails. No two customers have the same."),
    "status": gettext_lazy("Only an active customer's calls pass."),
    "channels_limit": gettext_lazy("One more call is refused. Empty or 0: no limit."),
    "cps_limit": gettext_lazy("New calls above it in a second are refused. Empty or 0: no limit."),
    "debit_limit": gettext_lazy("How far below zero the balance may go. Negative: a reserve that stays."),
    "daily_spend_limit": gettext_lazy("No new call once reached, until 00:00 UTC. Empty: none."),
    "min_payment": gettext_lazy("Smallest top-up that the customer can make."),
    "tax": gettext_lazy("Added on invoices and top-ups."),
    "topup_currencies": gettext_lazy("None chosen: all of them can be paid in."),
    "reseller": gettext_lazy("Its users see this customer."),
    "account_manager": gettext_lazy("Who looks after it."),
    "domain": gettext_lazy("Where its people sign in, and under which brand."),
    "portal_access": gettext_lazy("Off: none of its people can sign in."),
    "tags": gettext_lazy("Words with commas between them; new ones can be typed."),
    "paypal_email": gettext_lazy("Payments from this address are credited without a sign-in."),
    "paid_mode": gettext_lazy("What happens to the header before the carrier gets the call."),
    "stir_attestation": gettext_lazy("Given to numbers that the customer adds in the portal."),
    "rtp_firewall": gettext_lazy("Locked: media only from the address named in SDP."),
    "recording_days": gettext_lazy("Older recordings are removed. 0: as the operator keeps them."),
    "inbound_at_zero_balance": gettext_lazy("Calls to its numbers come although the credit is used up."),
    "invoice_on_payment": gettext_lazy("Each completed payment makes one."),
    "ext_accounting_id": gettext_lazy("How the accounting system calls this customer."),
    "vars": gettext_lazy("Values for call scripts, in TOML."),
    "first_reply_timeout_s": gettext_lazy(
        "Without any SIP reply the next route is tried. Empty: the carrier's."
    ),
    "pdd_timeout_s": gettext_lazy("Without ringing the next route is tried. Empty: the carrier's."),
    "ring_timeout_s": gettext_lazy("Longest ringing. Empty: the carrier's."),
    "approved_clis_only": gettext_lazy("Calls pass only with a caller ID that was approved."),
    "email_verification": gettext_lazy("No call passes before a contact has verified an email address."),
    "mobile_verification": gettext_lazy("No call passes before a contact has verified a mobile by SMS."),
    "notes": gettext_lazy("For staff only."),
}
_SHORT_AREAS = ("address1", "address2")


class CustomerForm(Reasoned, forms.ModelForm):
    """A customer as one person may see and change it. Unbound it shows what is stored."""

    name = NameField(label=gettext_lazy("Name"), max_length=LONGEST_NAME)
    debit_limit = AmountField(label=gettext_lazy("Debit limit"), required=False, initial=0)
    min_payment = AmountField(label=gettext_lazy("Minimum payment"), required=False, min_value=0)
    daily_spend_limit = AmountField(label=gettext_lazy("Daily spend limit"), required=False, min_value=0)
    tax = AmountField(label=gettext_lazy("Tax"), max_digits=7, decimal_places=4, initial=0)
    topup_currencies = forms.MultipleChoiceField(
        label=gettext_lazy("Top-up currencies"), required=False, widget=forms.CheckboxSelectMultiple
    )
    portal_show = forms.MultipleChoiceField(
        label=gettext_lazy("Show"), required=False, widget=forms.CheckboxSelectMultiple
    )
    portal_hide = forms.MultipleChoiceField(
        label=gettext_lazy("Hide"), required=False, widget=forms.CheckboxSelectMultiple
    )
    tags = TagsField(label=gettext_lazy("Tags"), required=False)
    vars = TomlField(label=gettext_lazy("Vars (TOML)"), required=False)
    website = forms.URLField(label=gettext_lazy("Website"), required=False, assume_scheme="https")
    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False)
    time_zone = ZoneField(label=gettext_lazy("Time zone"))

    class Meta:
        model = Customer
        fields = tuple(name for tab in TABS for name in tab.fields.split() if name not in DAYS)
        widgets = {name: forms.Textarea({"rows": 2}) for name in _SHORT_AREAS} | {
            "notes": forms.Textarea({"rows": 12}),
            "portal_access": forms.CheckboxInput({"class": "sw", "role": "switch"}),
        }

    def __init__(
        self, data: Any = None, *, user: User, instance: Customer | None = None, **more: Any
    ) -> None:
        initial = more.pop("initial", {})
        week = instance.week if instance else {}
        initial = {name: hours.said(week.get(day, ())) for day, name in enumerate(DAYS)} | initial
        initial.setdefault("time_zone", instance.time_zone if instance else user.time_zone or "UTC")
        if instance:
            initial["status"] = instance.effective_status(timezone.now())
        super().__init__(data, instance=instance, initial=initial, **more)
        self.user = user
        for day, name in enumerate(DAYS):
            self.fields[name] = DayField(label=WEEKDAYS[day])
        self._narrow(is_new=instance is None)
        for name, text in HELP.items():
            if name in self.fields:
                self.fields[name].help_text = text
        for name, unit in UNITS.items():
            self.fields[name].unit = unit  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.error_messages["required"] = _("Required")

    def _narrow(self, *, is_new: bool) -> None:
        """What this person may not see is no field at all; what may not change is none either."""
        fields: dict[str, Any] = self.fields
        for name in MONEY if not self.user.has_perm(SEES_MONEY) else ():
            del fields[name]
        if self.user.reseller_id or not self.user.has_perm(SEES_EVERYBODY):
            del fields["reseller"], fields["account_manager"]
        else:
            fields["account_manager"].queryset = account_managers(self.instance.account_manager_id)
        enabled = list(Currency.objects.filter(enabled=True).values_list("code", "name"))
        codes = {code for code, _name in enabled}.union(self.instance.topup_currencies)
        fields["topup_currencies"].choices = [(code, code) for code in sorted(codes)]
        if is_new:
            fields["currency"].queryset = Currency.objects.filter(enabled=True)
            fields["currency"].help_text = _("Cannot be changed later.")
        else:
            del fields["currency"]
        fields["domain"].queryset = PortalDomain.objects.filter(enabled=True) | PortalDomain.objects.filter(
            pk=self.instance.domain_id
        )
        for field in fields.values():
            if isinstance(field, forms.ModelChoiceField):
                field.empty_label = "—"
        kept = {*self.instance.portal_show, *self.instance.portal_hide} - dict(portal_items.CHOICES).keys()
        for name in ("portal_show", "portal_hide"):
            fields[name].choices = [*portal_items.CHOICES, *((key, key) for key in sorted(kept))]
        # A code that no list has stays what it is until somebody chooses another.
        other = [code for code in [self.instance.country] if code and code not in countries]
        fields["country"].choices = [("", "—"), *zip(other, other, strict=True), *countries]
        if not self.user.has_perm(MAY_SET_HOURS):
            for name in ("time_zone", *DAYS):
                fields[name].disabled = True
        for name in [name for name in MONEY if name in fields and not is_new]:
            fields[name].unit = self.instance.currency_id
        fields["stir_attestation"].choices = [
            ("", _("None")), *(pair for pair in fields["stir_attestation"].choices if pair[0])
        ]  # fmt: skip

    # -- judging ----------------------------------------------------------------------------------------

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = Customer.objects.existing().exclude(pk=self.instance.pk)
        if others.alias(lower=Lower("name")).filter(lower=name.lower()).exists():
            raise forms.ValidationError(_("A customer with this name already exists"))
        return name

    def full_clean(self) -> None:
        """What is wrong in the row already, and was sent as it stands there, must not stop other changes."""
        super().full_clean()
        if not self.is_bound or not self.instance.pk:
            return
        for name in [name for name in self.errors if name in self.initial and name in self.fields]:
            field = self.fields[name]
            stands_there = field.prepare_value(self.initial[name])
            if field.disabled or str(self[name].data or "") == str(stands_there or ""):
                del self.errors[name]

    def clean_paypal_email(self) -> str:
        address: str = self.cleaned_data["paypal_email"]
        others = Customer.objects.existing().exclude(pk=self.instance.pk)
        if address and others.alias(lower=Lower("paypal_email")).filter(lower=address.lower()).exists():
            raise forms.ValidationError(_("Another customer already pays from this PayPal address."))
        return address

    def clean_debit_limit(self) -> Any:
        return self.cleaned_data["debit_limit"] or 0

    def clean_portal_hide(self) -> list[str]:
        hidden: list[str] = self.cleaned_data["portal_hide"]
        both = set(hidden).intersection(self.cleaned_data.get("portal_show", ()))
        if both:
            words = dict(portal_items.CHOICES)
            raise forms.ValidationError(
                _("A portal item cannot be both shown and hidden: %(items)s."),
                params={"items": ", ".join(str(words.get(key, key)) for key in sorted(both))},
            )
        return hidden

    def clean_tax(self) -> Any:
        tax = self.cleaned_data["tax"]
        if not 0 <= tax <= 100:
            raise forms.ValidationError(_("Tax must be between 0 and 100"))
        return tax

    # -- reading ----------------------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, Any]:
        """The clean values of fields of the model."""
        others = {*DAYS, "reason"}
        return {name: value for name, value in self.cleaned_data.items() if name not in others}

    @property
    def week(self) -> dict[int, list[tuple[int, int]]]:
        """The clean hours."""
        days = ((day, hours.read(self.cleaned_data[name])) for day, name in enumerate(DAYS))
        return {day: windows for day, windows in days if windows}

    def tabs(self) -> Iterator[dict[str, Any]]:
        """For the template: slug, label, bound fields with their width, and how many are wrong."""
        for tab in TABS:
            bound = [self[name] for name in tab.fields.split() if name in self.fields]
            yield {
                "slug": tab.slug,
                "label": tab.label,
                "fields": [(one, "w2" if one.name in tab.wide.split() else "") for one in bound],
                "wrong": sum(bool(one.errors) for one in bound),
            }

    @property
    def portal_groups(self) -> list[tuple[Any, Any]]:
        """(group, (key, words) …) of portal items; those that no list has stand last."""
        others = self.fields["portal_show"].choices[len(portal_items.CHOICES) :]  # type: ignore[attr-defined]
        return [*portal_items.GROUPS, *([(_("Unknown here"), others)] if others else [])]

    @property
    def days(self) -> list[BoundField]:
        return [self[name] for name in DAYS]
