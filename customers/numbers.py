"""Blocks of internal numbers: the next free one is given, and one that nobody needs is taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit import acting
from customers.models import Customer, NumberBlock
from setup.models import Installation

if TYPE_CHECKING:
    from users.models import User

HIGHEST = 10**15 - 1  # the longest number that E.164 knows
SEES_SIP_USERS = "routing.view_sipuser"
_LOCK = 0x4E554D42  # "NUMB" in our advisory key space: one block is given at a time


@dataclass(frozen=True)
class Block:
    """A block as the card shows it. in_use: how many of its numbers are names of the customer's SIP users; 0
    for those who may not see SIP users."""

    pk: int
    first: int
    last: int
    in_use: int

    @property
    def size(self) -> int:
        return self.last - self.first + 1

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"


def blocks_of(customer: Customer, user: User) -> list[Block]:
    """A customer's blocks, in the order of their numbers."""
    taken = _extensions(customer) if user.has_perm(SEES_SIP_USERS) else []
    return [
        Block(row.pk, row.first, row.last, sum(row.first <= number <= row.last for number in taken))
        for row in customer.number_blocks.all()
    ]


def assign_block(customer_id: int, *, by: User | None, reason: str = "") -> NumberBlock:
    """Gives a customer the next free block: range start + k × block size that touches no other block.

    Raises ValidationError saying what is missing where the settings have no start or no size, or where the
    numbers are used up, and Customer.DoesNotExist where the customer is gone.
    """
    with acting(by=by, reason=reason):
        customer = Customer.objects.existing().get(pk=customer_id)
        settings = Installation.current()
        start, size = settings.number_range_start, settings.number_block_size
        if start is None or size is None:
            raise ValidationError(
                _("No block can be given: Setup does not say %(what)s. Set it, then try again."),
                params={"what": _lacking(start, size)},
            )
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        taken = NumberBlock.objects.filter(last__gte=start).order_by("first").values_list("first", "last")
        first = _next_free(start, size, taken)
        if first + size - 1 > HIGHEST:
            raise ValidationError(_("All internal numbers are given away. Take a block back first."))
        block = NumberBlock(customer=customer, first=first, last=first + size - 1)
        block.full_clean()
        block.save()
    return block


def remove_block(block_id: int, *, by: User | None, reason: str = "") -> None:
    """Takes a block back; for one that is gone nothing happens.

    Raises ValidationError while a SIP user of the customer has one of its numbers.
    """
    with acting(by=by, reason=reason):
        block = NumberBlock.objects.select_for_update(of=("self",)).filter(pk=block_id).first()
        if block is None:
            return
        used = [number for number in _extensions(block.customer) if block.first <= number <= block.last]
        if used:
            words = ngettext(
                "SIP user %(numbers)s has a number of this block. Delete it first.",
                "SIP users %(numbers)s have numbers of this block. Delete them first.",
                len(used),
            )
            shown = ", ".join(map(str, sorted(used)[:5])) + ("…" if len(used) > 5 else "")
            raise ValidationError(words % {"numbers": shown})
        block.delete()


def _lacking(start: int | None, size: int | None) -> str:
    """The settings that are empty, by the names they have in Setup."""
    names = [
        _("“internal numbers start at”") if start is None else "",
        _("“size of a number block”") if size is None else "",
    ]
    return ", ".join(filter(None, names))


def _next_free(start: int, size: int, taken: Iterable[tuple[int, int]]) -> int:
    """taken: blocks in the order of their first numbers; those of another size are gone around as well."""
    first = start
    for other_first, other_last in taken:
        if first + size <= other_first:
            break
        if other_last >= first:
            first = start + -(-(other_last + 1 - start) // size) * size
    return first


def _extensions(customer: Customer) -> list[int]:
    """Names of the customer's SIP users that are numbers. Routing owns them; a relation is no import."""
    names = customer.sip_users.filter(username__regex=r"^[1-9][0-9]{0,14}$")
    return [int(name) for name in names.values_list("username", flat=True)]
