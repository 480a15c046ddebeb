"""Which column of a file fills which field."""

import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from imports.fields import Target
from imports.reading import Unreadable


def guess_mapping(heads: Sequence[str], target: Target, chosen: Mapping[str, str]) -> dict[int, str]:
    """Column number (from 0) -> field name, by equal names, labels and synonyms; a field is fed once.

    chosen: head -> field name, what somebody decided; it wins. An empty name leaves the column out.
    Raises Unreadable for a head that the file, or a field that the target, does not have, and for a field
    that two columns would feed by choice.
    """
    fields = {field.name for field in target.fields}
    places = {_bare(head): place for place, head in reversed(list(enumerate(heads)))}
    found: dict[int, str] = {}
    ignored = set()
    for head, name in chosen.items():
        if _bare(head) not in places:
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
        if name:
            found[places[_bare(head)]] = name
        else:
            ignored.add(places[_bare(head)])
    words = {
        _bare(word): field.name
        for field in target.fields
        for word in (*field.synonyms, str(field.label), field.name)
    }
    for place, head in enumerate(heads):
        name = words.get(_bare(head), "")
        if name and place not in found and place not in ignored and name not in found.values():
            found[place] = name
    return found


def missing(mapping: Mapping[int, str], fixed: Mapping[str, str], target: Target) -> list[str]:
    """Labels of required fields that neither a column nor a fixed value fills."""
    filled = {*mapping.values(), *fixed}
    return [str(field.label) for field in target.fields if field.required and field.name not in filled]


def _bare(word: str) -> str:
    """Letters and digits only: "E-Mail", "e mail" and "Email" are one word."""
    return re.sub(r"[\W_]+", "", word.casefold())
