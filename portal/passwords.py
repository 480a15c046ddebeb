"""The door through which a contact sets a password, with the link from a mail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from contacts import links

GONE = gettext_lazy("This link is used up, too old or not complete. Ask your provider for a new one.")


class SetPasswordForm(forms.Form):
    """The token, which a script takes from the address, and a password twice."""

    token = forms.CharField(
        label=gettext_lazy("Code from the mail"),
        max_length=100,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "data-fragment": ""}),
    )
    password1 = forms.CharField(strip=False, max_length=64)
    password2 = forms.CharField(strip=False, max_length=64)

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        if "password1" in data and "password2" in data and data["password1"] != data["password2"]:
            self.add_error("password2", _("The two are not the same. Type them again."))
        return data


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def set_password(request: HttpRequest) -> HttpResponse:
    """Asks for a password, and sets it; then one signs in with it like everybody."""
    form = SetPasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            links.use(form.cleaned_data["token"], form.cleaned_data["password1"])
        except links.NoLink:
            form.add_error("token", str(GONE))
        except ValidationError as error:
            form.add_error("password1", error.messages)
        else:
            messages.success(request, _("Your password is set. Sign in with it."))
            return redirect("account_login")
    return render(request, "portal/set_password.html", {"form": form}, status=422 if form.is_bound else 200)
