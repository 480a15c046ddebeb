"""Column types: how each shows, sorts and totals. Declared once per grid, one line per column.

They subclass django_tables2.Column for the declaration (label, accessor, order); cells are drawn by their
own `html()`, because tables2's rendering takes two thirds of a page (51 of 80 ms for 50 rows).
"""

from grids.columns.figures import (
    DurationColumn,
    MoneyColumn,
    NumberColumn,
    RatioColumn,
    SparkColumn,
    Title,
    UsageColumn,
)
from grids.columns.moments import LastingColumn, LengthColumn, MomentColumn, SecondsColumn
from grids.columns.names import LinkColumn, NameColumn, Warning
from grids.columns.plain import (
    AgeColumn,
    ChoiceColumn,
    CodeColumn,
    Column,
    ConditionColumn,
    FlagColumn,
    Row,
    Sight,
    StatusColumn,
    TextColumn,
    pill,
)

__all__ = [
    "AgeColumn",
    "ChoiceColumn",
    "CodeColumn",
    "Column",
    "ConditionColumn",
    "DurationColumn",
    "FlagColumn",
    "LastingColumn",
    "LengthColumn",
    "LinkColumn",
    "MomentColumn",
    "MoneyColumn",
    "NameColumn",
    "NumberColumn",
    "RatioColumn",
    "Row",
    "SecondsColumn",
    "Sight",
    "SparkColumn",
    "StatusColumn",
    "TextColumn",
    "Title",
    "UsageColumn",
    "Warning",
    "pill",
]
