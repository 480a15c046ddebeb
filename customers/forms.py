"""Shape and wording of what people type about customers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.models import Customer, Status
from setup.models import Currency


class StatusForm(forms.Form):
    """A status, and why: the reason goes into the history."""

    status = forms.ChoiceField(
        label=_("Status"),
        choices=Status,
        error_messages={"invalid_choice": _("“%(value)s” is no status. Choose one of the list.")},
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)


class NewCustomerForm(forms.ModelForm):
    """What a customer needs to begin with; everything else has a default that can be changed later."""

    class Meta:
        model = Customer
        fields = ("name", "currency", "status", "country", "channels_limit", "cps_limit", "debit_limit")
        help_texts = {
            "currency": _("Cannot be changed later."),
            "debit_limit": _("How far below zero the balance may go. 0: pre-paid."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].queryset = Currency.objects.filter(enabled=True)  # type: ignore[attr-defined]

    def clean_country(self) -> str:
        return self.cleaned_data["country"].upper()
