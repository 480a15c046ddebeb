"""What may be chosen in place of a text that means nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from imports.fields import Chooser, Target
from imports.models import Upload

BLANK = " blank"  # chosen instead of a text: the cell is read as blank. Legal texts begin with no space
CLOSE = 0.6


@dataclass(frozen=True)
class Stranger:
    """A text that means nothing. rows: how many have it; instead: what was chosen, or what is closest to it;
    chosen: whether a person chose it."""

    text: str
    rows: int
    instead: str
    chosen: bool


@dataclass(frozen=True)
class Choice:
    """A field with strangers, the most frequent first. blank: whether they may be left out."""

    name: str
    label: str
    legal: tuple[str, ...]
    blank: bool
    strangers: list[Stranger]


def legal(target: Target, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """field name -> texts that it takes, of those fields that have few."""
    found = {}
    for name in names:
        field = target.field(name)
        parser = field.parser() if field else None
        if isinstance(parser, Chooser):
            found[name] = parser.legal
    return found


def of_strangers(upload: Upload) -> list[Choice]:
    """The choices of an upload whose texts its last check did not know."""
    met = (upload.findings or {}).get("strangers", {})
    known = legal(upload.becomes, met)
    swaps = upload.decided.swaps
    choices = []
    for field in upload.becomes.fields:
        name, texts = field.name, met.get(field.name)
        if not texts or name not in known:
            continue
        strangers = [
            _stranger(text, rows, known[name], swaps.get(name, {}).get(text)) for text, rows in texts
        ]
        choices.append(Choice(name, str(field.label), known[name], not field.required, strangers))
    return choices


def _stranger(text: str, rows: int, known: tuple[str, ...], chosen: str | None) -> Stranger:
    if chosen is not None:
        return Stranger(text, rows, chosen or BLANK, chosen=True)
    folded = {word.casefold(): word for word in known}
    close = get_close_matches(text.casefold(), folded, n=1, cutoff=CLOSE)
    return Stranger(text, rows, folded[close[0]] if close else "", chosen=False)
