"""How an address, and the `data-id` of a row, write a primary key."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from grids.paging import split_word, typed, write_word


class RowKeys:
    """A plain key as it is, one of several columns as a word. A grid may write its own."""

    def word(self, pk: Any) -> str:
        """The key as text without commas, spaces or anything that an address would have to escape."""
        return write_word(pk) if isinstance(pk, tuple) else str(pk)

    def read(self, model: Any, word: str) -> Any:
        """The key, or None for what cannot be one."""
        fields = model._meta.pk_fields
        plain = [word] if len(fields) == 1 else split_word(word)
        if plain is None or len(plain) != len(fields):
            return None
        try:
            values = tuple(typed(field, value) for field, value in zip(fields, plain, strict=True))
        except (ValidationError, ValueError, TypeError, ArithmeticError):
            return None
        return values if len(fields) > 1 else values[0]
