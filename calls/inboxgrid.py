"""The grid of refused records: what switches sent and we could not take."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import BinaryField, CharField, F, Func, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext_lazy

from calls.fields import Cause
from calls.grids import SEES_SWITCHES
from calls.models import CdrFormat, QuarantinedRecord, QuarantineState, Switch
from grids.columns import (
    AgeColumn,
    ChoiceColumn,
    CodeColumn,
    Column,
    FlagColumn,
    MomentColumn,
    NameColumn,
    NumberColumn,
    Row,
    Sight,
    TextColumn,
)
from grids.filters import ColumnFilter, Names
from grids.grid import Grid
from grids.markup import text

MOST_SHOWN = 4_000  # bytes of a record
NAME_OR_EMAIL = Coalesce(NullIf(F("name"), Value("")), F("email"), output_field=CharField())
OPENS = gettext_lazy("As it was sent")


class SentColumn(Column):
    """What a switch sent, as far as it is text, folded away. It is read, not sorted or filtered by."""

    functions = ()
    width = 220
    css = "sent"

    def usual_filter(self) -> ColumnFilter | None:
        return None

    @property
    def sortable(self) -> bool:
        return False

    def plain(self, row: Row) -> Any:
        return None

    def html(self, row: Row, sight: Sight) -> str:
        raw = bytes(row[self.source])
        shown = raw[:MOST_SHOWN].decode("utf-8", "backslashreplace") + ("…" if len(raw) > MOST_SHOWN else "")
        summary = f'<summary class="link">{text(sight.say(OPENS))}</summary>'
        return f'<details>{summary}<pre class="raw mono" tabindex="0">{text(shown)}</pre></details>'


class QuarantineGrid(Grid):
    """Refused records, those that wait first; ticked ones are tried again or dismissed."""

    model = QuarantinedRecord
    slug = "quarantine"
    nouns = (gettext_lazy("refused record"), gettext_lazy("refused records"))
    permission = "calls.view_quarantinedrecord"
    default_sort = ("-last",)
    default_filters = {"state": "in:waiting"}
    search = "search"
    form = "quarantine-act"

    # fmt: off
    last = MomentColumn(gettext_lazy("Last received"), "last_received_at")
    switch = NameColumn(gettext_lazy("Switch"), "switch_id", names=Names(Switch), permission=SEES_SWITCHES)
    cause = ChoiceColumn(gettext_lazy("Cause"), labels=dict(Cause.choices), width=180)
    field = CodeColumn(gettext_lazy("Field"))
    reason = TextColumn(gettext_lazy("Why it was refused"), width=380, live=True)
    sent = SentColumn(
        gettext_lazy("Record"), "sent",
        annotations={"sent": Func(F("raw"), Value(1), Value(MOST_SHOWN + 1), function="substring",
                                  output_field=BinaryField())},
    )
    times = NumberColumn(gettext_lazy("Deliveries"), live=True)
    state = ChoiceColumn(gettext_lazy("State"), labels=dict(QuarantineState.choices), live=True, width=110)
    format = ChoiceColumn(gettext_lazy("Format"), labels=dict(CdrFormat.choices), hidden=True)
    whole = FlagColumn(
        gettext_lazy("Whole"), hidden=True,
        help=gettext_lazy("Of a very long record the beginning alone is kept; it cannot be tried again"),
    )
    first = MomentColumn(gettext_lazy("First received"), "received_at", hidden=True)
    closed = AgeColumn(gettext_lazy("Closed"), "closed_at")
    closed_by = NameColumn(
        gettext_lazy("Closed by"), "closed_by_id", names=Names(get_user_model(), NAME_OR_EMAIL), hidden=True
    )
    note = TextColumn(gettext_lazy("Note"), hidden=True)
    # fmt: on
