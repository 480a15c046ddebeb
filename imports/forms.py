"""What somebody decides about a file before it is read."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from imports.numbers import MARKS

# What a page answers for at once; larger files are for `manage.py import`.
LARGEST_BYTES = 10_000_000


class UploadForm(forms.Form):
    """A file, and how it is read where guessing is not wanted."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        allow_empty_file=True,  # the reader says what is wrong with it
        help_text=gettext_lazy("CSV, TSV or TXT. Encoding and delimiter are found out. 10 MB at most."),
        error_messages={"required": gettext_lazy("Choose a file.")},
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )
    heads_row = forms.IntegerField(
        label=gettext_lazy("Row with the heads"),
        min_value=1,
        initial=1,
        help_text=gettext_lazy("Rows above it are ignored."),
    )
    mark = forms.ChoiceField(
        label=gettext_lazy("Decimal mark"),
        choices=[("", gettext_lazy("Found out")), *((mark, mark) for mark in MARKS)],
        required=False,
    )
    good_rows_only = forms.BooleanField(
        label=gettext_lazy("Leave out rows with problems and import the others"), required=False
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_BYTES:
            raise forms.ValidationError(
                _("The file has more than %(most)s MB. Split it, or import it with manage.py import."),
                params={"most": LARGEST_BYTES // 1_000_000},
            )
        return file
