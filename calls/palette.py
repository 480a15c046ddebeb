"""What the palette offers of this room."""

from django.utils.translation import gettext_lazy

from customers.palette import Palette, Verb

PALETTE = Palette(
    verbs=(
        Verb(
            gettext_lazy("Latest calls"),
            "clock",
            "tabs:calls",
            ("calls.view_cdr",),
            words=gettext_lazy("records cdr"),
        ),
        Verb(
            gettext_lazy("Live calls"),
            "wave",
            "tabs:live",
            ("calls.view_dialog",),
            words=gettext_lazy("dialogs channels"),
            usual=False,
        ),
        Verb(
            gettext_lazy("Summary of the last 24 hours"),
            "chart",
            "panels:summary",
            ("calls.view_cdr",),
            words=gettext_lazy("calls figures"),
            usual=False,
        ),
    ),
)
