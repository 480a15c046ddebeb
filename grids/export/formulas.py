"""Words that a spreadsheet would take for a formula get an apostrophe in front, as people write it there.

One pattern, applied by PostgreSQL to lists and by Python to groups and heads; a test compares the two.
"""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Func, TextField, Value

# What begins like a formula in any spreadsheet, in full-width forms too, and is no plain number.
_BEGINS = r"^(?=[=+\-@\t\r\n＝＋－＠])(?![+-]?[0-9]+(\.[0-9]+)?\Z)"
_PYTHON = re.compile(_BEGINS)


def defused(text: str) -> str:
    """`'=1+1` for `=1+1`; anything harmless as it is."""
    return _PYTHON.sub("'", text, count=1)


def defused_sql(text: Any) -> Func:
    """The same of an expression."""
    return Func(text, Value(_BEGINS), Value("'"), function="regexp_replace", output_field=TextField())
