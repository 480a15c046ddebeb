"""Typed filters: which operators a column knows, what they mean in SQL, and each one's sentence."""

from grids.filters.conditions import (
    ColumnFilter,
    Condition,
    FilterProblem,
    Operator,
    Said,
    Viewpoint,
)
from grids.filters.figures import DurationFilter, MoneyFilter, NumberFilter, WholeFilter
from grids.filters.moments import MomentFilter
from grids.filters.sets import Choice, Names, SetFilter, ValuesFilter, YesNoFilter
from grids.filters.words import TextFilter

__all__ = [
    "Choice",
    "ColumnFilter",
    "Condition",
    "DurationFilter",
    "FilterProblem",
    "MomentFilter",
    "MoneyFilter",
    "Names",
    "NumberFilter",
    "Operator",
    "Said",
    "SetFilter",
    "TextFilter",
    "ValuesFilter",
    "Viewpoint",
    "WholeFilter",
    "YesNoFilter",
]
