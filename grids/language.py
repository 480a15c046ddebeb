"""The language of the text box, as text: where its words are, and which of them are conditions.

    balance<0 status:active,pending created:>-7d !country:US name:"nova tel" berlin

`words()` splits a text into `Word`s with their positions; what a column is and what its values mean is known
elsewhere (`grids.typed`). Pure functions: no Django, no database.

A word is a condition if a name stands at its beginning, before one of the signs `: = != < <= > >=`. `!` or
`-` before the name negates it. Values are separated by commas; one in double quotes may hold blanks, commas
and signs. A word in quotes is searched for as it stands. `OR` between two conditions joins them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

MOST_WORDS = 60  # of one text; nobody types more
OR = "OR"

_BLANK = re.compile(r"\s*")
_PLAIN = re.compile(r"\S+")
# Only a comparison may have blanks before it: words that are searched for hardly ever hold one.
_HEAD = re.compile(r"([!-]?)([^\W\d]\w*(?:-\w+)*)(\s*(?:<=|>=|!=|[<>=≤≥≠])|:(?:<=|>=|!=|[<>=≤≥≠])?)(\s*)")
_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s,"][^\s,]*)|', re.DOTALL)
_SIGNS = {"≤": "<=", "≥": ">=", "≠": "!="}


@dataclass(frozen=True)
class Part:
    """One value of a condition. start, end: its place in the text, quotes included."""

    text: str
    quoted: bool
    start: int
    end: int


@dataclass(frozen=True)
class Word:
    """One word of the text, from `start` to `end` (exclusive).

    raw: as it stands. plain: what to search for; None for a condition and for OR. name, sign, parts,
    negated: of a condition; `!=` is "=" negated. open: its quotation mark is never closed.
    """

    raw: str
    start: int
    end: int
    plain: str | None = None
    name: str = ""
    sign: str = ""
    parts: tuple[Part, ...] = ()
    negated: bool = False
    open: bool = False

    @property
    def is_or(self) -> bool:
        return self.plain is None and not self.name


def words(text: str) -> list[Word]:
    """The words of `text` in their order, at most one more than MOST_WORDS."""
    found: list[Word] = []
    at = _skip(text, 0)
    while at < len(text) and len(found) <= MOST_WORDS:
        word = _word(text, at)
        found.append(word)
        at = _skip(text, word.end)
    return found


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _word(text: str, at: int) -> Word:
    if text[at] == '"':
        return _quoted(text, at)
    raw = _PLAIN.match(text, at)
    assert raw, "blanks were skipped"
    if raw[0] == OR:
        return Word(OR, at, raw.end())
    head = _HEAD.match(text, at)
    if head and not _is_address(raw[0]):
        return _condition(text, at, head)
    return Word(raw[0], at, raw.end(), plain=raw[0])


def _is_address(word: str) -> bool:
    """`fe80::1` begins like a condition and is none."""
    try:
        ip_address(word)
    except ValueError:
        return False
    return True


def _quoted(text: str, at: int) -> Word:
    found = _PART.match(text, at)
    if not found or found[1] is None:
        return Word(text[at:], at, len(text), plain=text[at + 1 :].strip(), open=True)
    return Word(found[0], at, found.end(), plain=_unescaped(found[1]))


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _condition(text: str, at: int, head: re.Match[str]) -> Word:
    sign = head[3].strip()
    if len(sign) > 1 and sign[0] == ":":
        sign = sign[1:]  # created:>-7d
    sign = _SIGNS.get(sign, sign)
    negated = (head[1] != "") != (sign == "!=")
    parts, end, is_open = _parts(text, head.end())
    if not parts:
        end = head.end() - len(head[4])
    return Word(
        text[at:end], at, end, name=head[2], sign="=" if sign == "!=" else sign, parts=tuple(parts),
        negated=negated, open=is_open,
    )  # fmt: skip


def _parts(text: str, at: int) -> tuple[list[Part], int, bool]:
    """The values from `at` on, where they end, and whether a quotation mark stays open."""
    parts: list[Part] = []
    while True:
        if text[at : at + 1] == '"' and not (_PART.match(text, at) or [""])[0]:
            parts.append(Part(text[at + 1 :].strip(), True, at, len(text)))
            return parts, len(text), True
        found = _PART.match(text, at)
        if found and found[0]:
            quoted = found[1] is not None
            parts.append(Part(_unescaped(found[1]) if quoted else found[2], quoted, at, found.end()))
            at = found.end()
        if text[at : at + 1] != ",":
            rest = _PLAIN.match(text, at)  # what hangs on a closed quotation mark belongs to its value
            if rest and parts:
                last = parts[-1]
                parts[-1] = Part(last.text + rest[0], last.quoted, last.start, rest.end())
                at = rest.end()
            return parts, at, False
        at += 1


def again(word: Word) -> str:
    """A plain word as it may stand beside others in the box: what begins with a sign goes into quotes."""
    if word.raw[0] in "<>=!≤≥≠":
        safe = word.raw.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{safe}"'
    return word.raw


def shortened(text: str, longest: int) -> str:
    """The first whole words of `text`, `longest` characters at most."""
    kept = ""
    for word in words(text):
        longer = f"{kept} {word.raw}".strip()
        if len(longer) > longest:
            break
        kept = longer
    if kept or not text:
        return kept
    return " ".join(re.sub(r'[":<>=!≤≥≠]', " ", text).split())[:longest].strip()


def searched(text: str) -> str:
    """What to search for: the plain words of `text` without their quotation marks."""
    return " ".join(word.plain for word in words(text) if word.plain)
