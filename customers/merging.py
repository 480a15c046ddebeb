"""Two people change one record: what each changed is kept, and only what both changed is asked about.

A form carries a signed copy of the values it was opened with, as a browser would post them. When it comes
back, each field is compared three ways: opened with, posted, stored now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core import signing
from django.forms.boundfield import BoundField
from django.http import QueryDict

SALT = "customers.merging"
Posted = Mapping[str, list[str]]  # field -> the values a browser posts for it


@dataclass(frozen=True)
class Collision:
    """A field that both changed. theirs: what is stored now, as people read it."""

    name: str
    label: str
    theirs: str


@dataclass(frozen=True)
class Merged:
    """data: what the form is to be judged by. theirs: labels of fields that others changed and I did not."""

    data: QueryDict
    collisions: list[Collision]
    theirs: list[str]


def posted_by(form: forms.BaseForm) -> Posted:
    """What a browser would post that opened this unbound form and changed nothing."""
    return {bound.name: _as_posted(bound) for bound in form}


def _as_posted(bound: BoundField) -> list[str]:
    value, widget = bound.value(), bound.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return ["on"] if value else []
    shown = widget.format_value(value)
    if shown is None:
        return [""]
    return sorted(map(str, shown)) if isinstance(shown, list | tuple | set) else [_even(str(shown))]


def _even(text: str) -> str:
    """Browsers write other ends of lines than people, and spaces at the end mean nothing."""
    return text.replace("\r\n", "\n").strip()


def seal(form: forms.BaseForm) -> str:
    """The signed copy."""
    return signing.dumps(dict(posted_by(form)), salt=SALT, compress=True)


def unseal(text: str) -> Posted | None:
    """What `seal` gave; None for anything else."""
    try:
        found: Posted = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return None
    return found


def merge(
    stored: forms.BaseForm, posted: QueryDict, opened: Posted | None, taking_theirs: str = ""
) -> Merged:
    """`posted`, with what only others changed taken over from `stored`, the unbound form of the row as it is.

    opened: None where nobody knows what the form was opened with: then whatever differs is a collision.
    taking_theirs: a field for which the stored value was chosen.
    """
    data, collisions, theirs = posted.copy(), [], []
    for bound in stored:
        if bound.field.disabled:  # no browser posts it, and nobody's post is heard
            continue
        name, now = bound.name, _as_posted(bound)
        mine = _mine(bound, posted)
        before = None if opened is None else opened.get(name)
        if name == taking_theirs or (before is not None and mine == before and now != before):
            data.setlist(name, now)
            theirs.append(str(bound.label))
        elif mine != now and now != before:
            collisions.append(Collision(name, str(bound.label), _read(bound, now)))
    return Merged(data, collisions, theirs)


def _mine(bound: BoundField, posted: QueryDict) -> list[str]:
    values = [_even(value) for value in posted.getlist(bound.name)]
    widget = bound.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return ["on"] if values else []
    if isinstance(widget, forms.SelectMultiple | forms.CheckboxSelectMultiple):
        return sorted(values)
    return values[-1:] or [""]


def _read(bound: BoundField, values: list[str]) -> str:
    """Posted values as people read them: the labels of choices."""
    choices: Any = getattr(bound.field, "choices", None)
    if choices is None:
        return ", ".join(values) if values != ["on"] else "✓"
    labels = {str(key): str(label) for key, label in choices}
    return ", ".join(labels.get(value, value) for value in values)
