"""What stands between the cells of a line.

`csv.Sniffer` raises on files of one column and is led astray by commas in decimals; counting cells is simpler
and can say why.
"""

import csv
from collections import Counter
from collections.abc import Sequence

from django.utils.translation import gettext as _

from imports.reading.encodings import Guess

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def guess_delimiter(lines: Sequence[str]) -> Guess:
    """The delimiter under which most of `lines`, the first of a file, have the same number of cells.

    A first line `sep=;` is believed. One column needs no delimiter: the comma is named.
    """
    if declared := declared_delimiter(lines[0] if lines else ""):
        return Guess(declared, _("the first line says so"))
    score, cells, best = max(
        ((*_score(lines, mark), mark) for mark in DELIMITERS), key=lambda found: found[:2]
    )
    if cells < 2:
        return Guess(",", _("one column only"))
    return Guess(
        best,
        _("%(share)s%% of the lines have %(cells)s cells") % {"share": round(score * 100), "cells": cells},
    )


def declared_delimiter(line: str) -> str:
    """The delimiter that a line such as `sep=;` names, as Excel writes it; empty where it names none."""
    name, found, mark = line.lstrip("\ufeff").strip("\r\n").partition("=")
    return mark if found and name.strip().lower() == "sep" and mark in DELIMITERS else ""


def _score(lines: Sequence[str], mark: str) -> tuple[float, int]:
    """The share of lines that agree on their number of cells, and that number; (0, 1) where it is one."""
    try:
        counts = Counter(len(row) for row in csv.reader(lines, delimiter=mark) if any(row))
    except csv.Error:
        return 0.0, 1
    several = {cells: times for cells, times in counts.items() if cells > 1}
    if not several:
        return 0.0, 1
    cells, times = max(several.items(), key=lambda item: (item[1], item[0]))
    return times / sum(counts.values()), cells
