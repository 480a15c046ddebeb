"""The five columns that name one attempt, as one word that fits an address and never changes."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from calls.models import Cdr

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BIGGEST = 2**63 - 1


class NoKey(ValueError):
    """A word that names no attempt."""


@dataclass(frozen=True, slots=True)
class CallKey:
    """Which attempt. `word` is URL-safe and at most some 400 characters long."""

    customer_id: int
    started_at: datetime
    switch_id: int
    attempt: int
    callid: str

    @classmethod
    def of(cls, cdr: Cdr) -> Self:
        return cls(cdr.customer_id, cdr.started_at, cdr.switch_id, cdr.attempt, cdr.callid)

    @classmethod
    def read(cls, word: str) -> Self:
        """Raises NoKey. Each key has one word only, so that a call has one address."""
        try:
            text = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True).decode()
            customer, started, switch, attempt, callid = text.split(".", 4)
            numbers = [int(part) for part in (customer, switch, attempt)]
            key = cls(numbers[0], _EPOCH + int(started) * _MICROSECOND, numbers[1], numbers[2], callid)
        except (binascii.Error, ValueError, OverflowError):
            raise NoKey(word) from None
        if "\x00" in callid or not all(0 <= number <= _BIGGEST for number in numbers) or key.word != word:
            raise NoKey(word)
        return key

    @property
    def word(self) -> str:
        started = (self.started_at - _EPOCH) // _MICROSECOND
        text = f"{self.customer_id}.{started}.{self.switch_id}.{self.attempt}.{self.callid}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
