"""Why something is changed: asked by every form, and needed where the installation wants it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from setup.models import Installation


class Reasoned(forms.Form):
    """A form with a reason, which goes into the history."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].required = Installation.current().audit_comment
        for each in self.fields.values():
            each.error_messages["required"] = _("Required")
