"""Which column of a file fills which field, and why we think so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from imports.fields import Target
from imports.reading import Unreadable

LIKE_SAMPLES_MIN = 2  # so many filled cells have to look like something before a column is taken for it


@dataclass(frozen=True)
class Mapped:
    """The field that a column fills. reason: in words for the page."""

    name: str
    reason: str


def guess_mapping(
    heads: Sequence[str],
    target: Target,
    chosen: Mapping[str, str],
    *,
    remembered: Mapping[str, str] | None = None,
    samples: Sequence[Sequence[str]] = (),
) -> dict[int, Mapped]:
    """Column number (from 0) -> field; a field is fed once.

    In this order: what was chosen, what was chosen last time, equal names and labels, synonyms, what the
    first cells look like. chosen, remembered: head -> field name; an empty name leaves the column out.
    samples: the cells of some rows. Raises Unreadable for a chosen head that the file, or a field that the
    target, does not have, and for a field that two columns would feed by choice.
    """
    found = _chosen(heads, target, chosen)
    taken = {name for name in found.values() if name}
    mapped = {place: Mapped(name, _("you chose it")) for place, name in found.items() if name}
    for place, head in enumerate(heads):
        if place in found:
            continue
        guess = _guess(head, [row[place] for row in samples if place < len(row)], target, remembered or {})
        if guess and guess.name not in taken:
            mapped[place] = guess
            taken.add(guess.name)
    return mapped


def missing(mapping: Mapping[int, Mapped], fixed: Mapping[str, str], target: Target) -> list[str]:
    """Labels of required fields that neither a column nor a fixed value fills."""
    filled = {*(mapped.name for mapped in mapping.values()), *fixed}
    return [str(field.label) for field in target.fields if field.required and field.name not in filled]


def bare(word: str) -> str:
    """Letters and digits only: "E-Mail", "e mail" and "Email" are one word."""
    return re.sub(r"[\W_]+", "", word.casefold())


def _chosen(heads: Sequence[str], target: Target, chosen: Mapping[str, str]) -> dict[int, str]:
    fields = {field.name for field in target.fields}
    places = {bare(head): place for place, head in reversed(list(enumerate(heads)))}
    places |= {head: place for place, head in enumerate(heads)}
    found: dict[int, str] = {}
    for head, name in chosen.items():
        place = places.get(head, places.get(bare(head)))
        if place is None:
            raise Unreadable(
                _("The file has no column “%(head)s”. It has: %(heads)s.")
                % {"head": head, "heads": ", ".join(heads)}
            )
        if name and name not in fields:
            raise Unreadable(
                _("“%(name)s” is no field. Use one of: %(fields)s.")
                % {"name": name, "fields": ", ".join(sorted(fields))}
            )
        if name and name in found.values():
            raise Unreadable(_("Two columns are mapped to “%(name)s”. Map one.") % {"name": name})
        found[place] = name
    return found


def _guess(head: str, cells: Sequence[str], target: Target, remembered: Mapping[str, str]) -> Mapped | None:
    word = bare(head)
    known = {field.name for field in target.fields}
    if (name := remembered.get(word)) in known:
        return Mapped(str(name), _("you chose this last time"))
    for field in target.fields:
        if word in (bare(field.name), bare(str(field.label))):
            return Mapped(field.name, _("same name"))
    for field in target.fields:
        if word in map(bare, field.synonyms):
            return Mapped(field.name, _("synonym"))
    filled = [cell.strip() for cell in cells if cell.strip()]
    for field in target.fields:
        if field.looks and len(filled) >= LIKE_SAMPLES_MIN and all(map(field.looks.fullmatch, filled)):
            return Mapped(field.name, _("looks like %(what)s") % {"what": field.label})
    return None
