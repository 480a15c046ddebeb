"""What the text box offers while somebody types: columns, what may follow one, values with their counts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from grids import formats
from grids.filters import ColumnFilter, SetFilter, ValuesFilter, YesNoFilter
from grids.language import Word, words
from grids.panel import columns_named, entries_of
from grids.typed import spoken, spoken_names

if TYPE_CHECKING:
    from grids.grid import Grid

WHOLE = ("blank", "never", "today")  # examples that are no example of something else
MOST = 8  # entries of the list
NEEDS_QUOTES = re.compile(r'[\s,"]|^[<>=*~]|\*$')


@dataclass(frozen=True)
class Suggestion:
    """One entry: what stands in the text from `start` to `end` becomes `insert`.

    label: what it is, for people. note: at its end. pick: characters at the end of `insert` to be selected
    afterwards, because they are but an example.
    """

    start: int
    end: int
    insert: str
    label: str
    note: str = ""
    pick: int = 0


def suggestions(grid: Grid, text: str, at: int) -> list[Suggestion]:
    """For the word in `text` in which the caret stands at `at`."""
    word = next((one for one in words(text) if one.start <= at <= one.end), None)
    if word is None:
        return _columns(grid, "", at, at)
    if word.is_or or word.raw.startswith('"'):
        return []
    if word.plain is not None:
        return _columns(grid, word.raw.lstrip("!-"), word.end - len(word.raw.lstrip("!-")), word.end)
    name = spoken_names(grid.filterable).get(spoken(word.name))
    kind = grid.filterable[name].filter if name else None
    if name is None or kind is None:
        return []
    if isinstance(kind, SetFilter | ValuesFilter):
        return _values(grid, name, word)
    return [] if word.parts else _examples(kind, word)


def _columns(grid: Grid, text: str, start: int, end: int) -> list[Suggestion]:
    return [
        Suggestion(start, end, f"{written}:", label, written)
        for written, label in columns_named(grid, text)[:MOST]
    ]


def _examples(kind: ColumnFilter, word: Word) -> list[Suggestion]:
    bare = word.raw[: len(word.raw) - len(word.raw.lstrip("!-"))] + word.name
    found = []
    for example, meaning in kind.examples[:MOST]:
        value = example.lstrip(":<>=")
        pick = 0 if isinstance(kind, YesNoFilter) or value in WHOLE else len(value)
        label = f"{word.name}{example}"
        found.append(Suggestion(word.start, word.end, bare + example, label, str(meaning), pick))
    return found


def _values(grid: Grid, name: str, word: Word) -> list[Suggestion]:
    """Of the last value in the word; the others stay."""
    last = word.parts[-1] if word.parts and not word.raw.endswith(",") else None
    start = last.start if last else word.end
    found = []
    for entry in entries_of(grid, name, last.text if last else "")[:MOST]:
        is_closed = isinstance(grid.filterable[name].filter, SetFilter)
        written = entry.key if is_closed else "blank" if entry.label == _("(blank)") else entry.label
        if NEEDS_QUOTES.search(written):
            safe = written.replace("\\", "\\\\").replace('"', '\\"')
            written = f'"{safe}"'
        count = formats.format_count(entry.count) if grid.counted else ""
        found.append(Suggestion(start, word.end, written, entry.label, count))
    return found
