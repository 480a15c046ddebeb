"""Shape and wording of what people type about customers."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.models import Status


class StatusForm(forms.Form):
    """A status, and why: the reason goes into the history."""

    status = forms.ChoiceField(
        label=_("Status"),
        choices=Status,
        error_messages={"invalid_choice": _("“%(value)s” is no status. Choose one of the list.")},
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)
