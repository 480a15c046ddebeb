"""What somebody decides about a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from imports.fields import Target
from imports.numbers import MARKS
from imports.plans import Plan
from imports.reading.delimiters import DELIMITERS
from imports.reading.encodings import ENCODINGS


class UploadForm(forms.Form):
    """A file to begin with."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        allow_empty_file=True,  # the reader says what is wrong with it
        help_text=gettext_lazy(
            "CSV, TSV, TXT, XLSX or ODS. Nothing is written before you have seen a check."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.ods,text/csv"}),
    )

    pasted = forms.CharField(
        label=gettext_lazy("Or paste cells"),
        required=False,
        strip=False,
        help_text=gettext_lazy("Copied in a spreadsheet, heads included."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not data.get("file") and not str(data.get("pasted", "")).strip():
            self.add_error("file", _("Choose a file, or paste cells."))
        return data

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > settings.IMPORT_MAX_BYTES:
            raise forms.ValidationError(
                _("The file has more than %(most)s MB. Split it into several."),
                params={"most": settings.IMPORT_MAX_BYTES // 1_000_000},
            )
        return file


class ReadingForm(forms.Form):
    """How the file is read, and where its data begins."""

    start_row = forms.IntegerField(
        label=gettext_lazy("Start row"), min_value=1, max_value=1_000_000, widget=forms.NumberInput()
    )
    encoding = forms.ChoiceField(label=gettext_lazy("Text"), choices=list(ENCODINGS.items()))
    delimiter = forms.ChoiceField(label=gettext_lazy("Columns split by"), choices=list(DELIMITERS.items()))
    mark = forms.ChoiceField(
        label=gettext_lazy("Decimal mark"),
        choices=[("", gettext_lazy("found out")), *((mark, mark) for mark in MARKS)],
        required=False,
    )

    @classmethod
    def of(cls, plan: Plan, data: Any = None) -> ReadingForm:
        names = cls.base_fields
        return cls(data, initial={name: getattr(plan, name) for name in names}, auto_id="read_%s")


class ColumnsForm(forms.Form):
    """Which field each column fills, and one value for every row where no column does.

    The columns are `column-<number from 0>`; heads: of the file; current: column number -> field name.
    """

    fixed_field = forms.ChoiceField(label=gettext_lazy("Field"), required=False)
    fixed_text = forms.CharField(label=gettext_lazy("Value"), required=False, max_length=2_000)

    def __init__(self, heads: list[str], target: Target, current: dict[int, str], data: Any = None) -> None:
        super().__init__(data)
        self.heads = heads
        choices = [("", _("Ignore")), *((field.name, str(field.label)) for field in target.fields)]
        self.fields["fixed_field"].choices = [("", "—"), *choices[1:]]  # type: ignore[attr-defined]
        for place, head in enumerate(heads):
            self.fields[f"column-{place}"] = forms.ChoiceField(
                label=head,
                choices=choices,
                required=False,
                initial=current.get(place, ""),
                widget=forms.Select(
                    attrs={"class": "upf", "aria-label": _("Field for column %(head)s") % {"head": head}}
                ),
            )

    def columns(self) -> dict[str, str]:
        """head -> field name, for every column."""
        return {head: self.cleaned_data[f"column-{place}"] for place, head in enumerate(self.heads)}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen = [data.get(f"column-{place}", "") for place in range(len(self.heads))]
        labels = dict(self.fields["fixed_field"].choices)  # type: ignore[attr-defined]
        for name in sorted({name for name in chosen if name and chosen.count(name) > 1}):
            self.add_error(
                None, _("Two columns are mapped to “%(name)s”. Map one.") % {"name": labels.get(name, name)}
            )
        return data
