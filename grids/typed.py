"""What the words of the text box mean for one grid: typed conditions, words to search for, and faults.

A fault names the place in the text and says what would be right. With a fault nothing of the text becomes a
condition: the text stays in the box until it is put right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

from django.utils.translation import gettext as _

from grids.filters import ColumnFilter, Condition, FilterProblem, Said, Viewpoint
from grids.language import MOST_WORDS, Word, again, words


class Typeable(Protocol):
    """What must be known of a column to type conditions on it."""

    label: str
    filter: ColumnFilter | None
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Fault:
    """Where in the text something is not understood, from `start` to `end`, and why."""

    start: int
    end: int
    sentence: str


@dataclass(frozen=True)
class Reading:
    """q: the words to search for, as they stood in the box. any_of: columns whose conditions OR joins."""

    q: str
    conditions: tuple[Condition, ...] = ()
    any_of: frozenset[str] = frozenset()
    faults: tuple[Fault, ...] = ()


def spoken_names(columns: Mapping[str, Typeable]) -> dict[str, str]:
    """Every way to name a column that can be filtered by -> its key. Only of columns the viewer may see."""
    found: dict[str, str] = {}
    for key, column in columns.items():
        if column.filter is None:
            continue
        label = re.sub(r"\W+", "_", str(column.label).lower()).strip("_")
        for name in (key, *column.aliases, label):
            found.setdefault(name.lower(), key)
    return found


def spoken(name: str) -> str:
    """A name as it was typed, in the form of `spoken_names`."""
    return name.lower().replace("-", "_")


def read_words(text: str, columns: Mapping[str, Typeable], view: Viewpoint) -> Reading:
    """The meaning of a whole text."""
    found, more = words(text)[:MOST_WORDS], words(text)[MOST_WORDS:]
    names = spoken_names(columns)
    too_many = _("At most %(n)d words are understood.") % {"n": MOST_WORDS}
    faults = [Fault(word.start, len(text), too_many) for word in more]
    conditions: list[Condition] = []
    any_of: set[str] = set()
    plain: list[str] = []
    joins = False
    for place, word in enumerate(found):
        if word.open:
            faults.append(Fault(word.start, word.end, _("The quotation mark is never closed.")))
        elif word.is_or:
            joins = _joins(found, place, names)
            if joins:
                any_of.add(names[spoken(found[place + 1].name)])
            else:
                faults.append(
                    Fault(word.start, word.end, _("OR stands between two conditions on the same column."))
                )
        elif word.plain is not None:
            plain.append(again(word))
        else:
            try:
                conditions.append(_condition(word, columns, names, view))
            except FilterProblem as problem:
                faults.append(Fault(word.start, word.end, str(problem)))
    distinct = tuple(dict.fromkeys(conditions))
    return Reading(" ".join(plain), () if faults else distinct, frozenset(any_of), tuple(faults))


def _joins(found: list[Word], place: int, names: Mapping[str, str]) -> bool:
    """Whether the OR at `place` has a condition on the same column at either side."""
    if not 0 < place < len(found) - 1:
        return False
    before, after = (names.get(spoken(found[place + step].name)) for step in (-1, 1))
    return before is not None and before == after


def _condition(
    word: Word, columns: Mapping[str, Typeable], names: Mapping[str, str], view: Viewpoint
) -> Condition:
    key = names.get(spoken(word.name))
    column = columns[key] if key else None
    if key is None or column is None or column.filter is None:
        near = get_close_matches(spoken(word.name), names, n=1)
        hint = _(" Did you mean “%(name)s”?") % {"name": near[0]} if near else ""
        raise FilterProblem(
            _("There is no column “%(name)s” to filter by.%(hint)s To search for it as it stands, put it in "
              "quotation marks.") % {"name": word.name, "hint": hint}
        )  # fmt: skip
    if not word.parts:
        raise FilterProblem(
            _("A value is missing after “%(word)s”, such as %(name)s%(example)s.")
            % {"word": word.raw, "name": word.name, "example": example(column.filter)}
        )
    said = Said(
        word.sign, tuple(part.text for part in word.parts), tuple(part.quoted for part in word.parts),
        word.negated,
    )  # fmt: skip
    return column.filter.condition(key, str(column.label), column.filter.from_words(said, view))


def example(kind: ColumnFilter) -> str:
    """One thing that may stand behind a name."""
    entries = getattr(kind, "entries", None)
    if entries:
        return f":{next(iter(entries))}"
    return kind.examples[0][0] if kind.examples else ":*"
