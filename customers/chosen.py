"""The customers that were ticked on the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import QueryDict
from django.urls import reverse

from customers.grids import CustomerGrid
from grids.selection import Selection

if TYPE_CHECKING:
    from users.models import User


def ticked(user: User, chosen: Selection) -> list[int]:
    """Ids of those that are meant, of those that `user` sees. Raises grids.selection.Unclear."""

    def grid_of(params: QueryDict) -> CustomerGrid:
        return CustomerGrid(user=user, params=params, path=reverse("customers:list"))

    return chosen.keys(grid_of)
