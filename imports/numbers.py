"""Numbers as people write them. What can be read in two ways is never guessed."""

import re
from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _

from imports.problems import Wrong
from imports.reading.encodings import Guess

# What a spreadsheet makes of a long number; digits may be lost, so nothing is ever read back from it.
EXPONENT = re.compile(r"[+-]?\d+(?:[.,]\d*)?[eE][+-]?\d+")
MARKS = (".", ",")
_AROUND = " \u00a0\u202f€$£"
_EITHER = re.compile(r"-?[0-9]{1,3}[.,][0-9]{3}")
_GROUPED = {
    ".": re.compile(r"-?(?:[0-9]+|[0-9]{1,3}(?:[ \u00a0\u202f',][0-9]{3})+)(?:\.[0-9]+)?"),
    ",": re.compile(r"-?(?:[0-9]+|[0-9]{1,3}(?:[ \u00a0\u202f'.][0-9]{3})+)(?:,[0-9]+)?"),
}


def guess_decimal_mark(samples: Iterable[str]) -> Guess:
    """What stands before decimals in a column or file; empty where the samples do not tell or disagree."""
    found = {mark for sample in samples if (mark := _tells(_signed(sample)))}
    if len(found) > 1:
        return Guess("", _("some numbers have a point, some a comma"))
    if not found:
        return Guess("", _("no number has decimals that tell"))
    return Guess(found.pop(), _("so the decimals of this file are written"))


def parse_decimal(text: str, mark: str) -> Decimal:
    """mark: "." or ","; empty: not known, so that `1.234` is refused. Raises Wrong with a sentence."""
    plain = _signed(text)
    if not mark:
        if _EITHER.fullmatch(plain):
            raise Wrong(_("can mean two numbers. Say which decimal mark the file uses."))
        mark = _tells(plain) or "."
    if not _GROUPED[mark].fullmatch(plain):
        raise Wrong(_("is no number. Write digits, such as 1234.5, or leave it blank."))
    digits = re.sub(r"[^\d,.-]", "", plain).replace("," if mark == "." else ".", "").replace(",", ".")
    return Decimal(digits)


def _signed(text: str) -> str:
    """Without currency signs and spaces around; `(12.5)` and `12.5-`, as bookkeepers write, are negative."""
    plain = text.strip(_AROUND).replace("\u2212", "-").removeprefix("+")
    if plain.startswith("(") and plain.endswith(")"):
        return f"-{plain[1:-1].strip(_AROUND)}"
    return f"-{plain[:-1]}" if plain.endswith("-") else plain


def _tells(plain: str) -> str:
    """The decimal mark of a number that can be read in one way only; else empty."""
    marks = [letter for letter in plain if letter in MARKS]
    if not marks or _EITHER.fullmatch(plain):
        return ""
    last = marks[-1]
    if marks.count(last) > 1:  # 1.234.567: it separates thousands
        return "," if last == "." else "."
    return last
