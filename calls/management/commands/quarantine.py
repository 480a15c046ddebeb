"""manage.py quarantine: records that were refused; see, replay and dismiss them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count

from calls import quarantine
from calls.fields import Cause
from calls.models import QuarantinedRecord, QuarantineState, UnreadBody
from calls.models.quarantine import QuarantineQuerySet
from calls.replay import replay

SHOWN = 50


class Command(BaseCommand):
    help = "Records that switches sent and that were refused: list, show, replay or dismiss them."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|show|replay|dismiss")
        listing = verbs.add_parser("list", help="what is in there, newest first, and how much of it")
        listing.add_argument("--state", choices=QuarantineState.values, default=QuarantineState.WAITING.value)
        listing.add_argument("--limit", type=int, default=SHOWN, metavar="N", help="records shown")
        self._add_filters(listing)
        show = verbs.add_parser("show", help="one record with all that is known of it")
        show.add_argument("id", type=int)
        for verb, words in (
            ("replay", "try again, after the cause was mended"),
            ("dismiss", "close for good, with a reason"),
        ):
            chosen = verbs.add_parser(verb, help=words)
            chosen.add_argument("ids", nargs="*", type=int, metavar="ID")
            chosen.add_argument("--all", action="store_true", help="every record that waits")
            self._add_filters(chosen)
            if verb == "dismiss":
                chosen.add_argument("--reason", required=True, help="why nobody needs to look at them")

    @staticmethod
    def _add_filters(parser: CommandParser) -> None:
        parser.add_argument("--cause", choices=Cause.values, help="those refused for this cause only")
        parser.add_argument("--switch", metavar="NAME", help="those of this switch only")

    def handle(self, *args: object, **options: Any) -> None:
        verb = {"list": self._list, "show": self._show, "replay": self._replay, "dismiss": self._dismiss}
        verb[options["verb"]](options)

    def _list(self, options: dict[str, Any]) -> None:
        records = self._filtered(options).filter(state=options["state"])
        counts = records.order_by("cause").values_list("cause").annotate(n=Count("pk"))
        for cause, count in counts:
            self.stdout.write(f"{count:>8,}  {cause}: {Cause(cause).label}")
        if not counts:
            self.stdout.write(f"No {options['state']} records.")
        for row in records.select_related("switch")[: options["limit"]]:
            times = f", {row.times} times" if row.times > 1 else ""
            at = f"{row.last_received_at:%Y-%m-%d %H:%M:%S}"
            self.stdout.write(f"{row.pk}  {at}  {row.switch.name}  {_sentence(row)}{times}")
        for body in UnreadBody.objects.select_related("switch")[:SHOWN]:
            self.stdout.write(
                f"{body.day}  {body.switch.name}: {body.times} bodies answered with {body.status},"
                f" the last because: {body.last_reason}"
            )

    def _show(self, options: dict[str, Any]) -> None:
        row = QuarantinedRecord.objects.select_related("switch", "closed_by").filter(pk=options["id"]).first()
        if row is None:
            raise CommandError(f"There is no quarantined record {options['id']}.")
        self.stdout.write(f"switch:   {row.switch.name}")
        self.stdout.write(f"format:   {row.get_format_display()}")
        self.stdout.write(f"refused:  {_sentence(row)}")
        self.stdout.write(f"received: {row.received_at} to {row.last_received_at}, {row.times} times")
        self.stdout.write(f"state:    {row.get_state_display()} {row.closed_at or ''} {row.note}".rstrip())
        self.stdout.write("as sent:" if row.whole else "as sent, its beginning:")
        self.stdout.write(bytes(row.raw).decode("utf-8", "backslashreplace"))

    def _replay(self, options: dict[str, Any]) -> None:
        done = replay(self._chosen(options), by=None)
        self.stdout.write(f"{done.stored} stored, {done.known} known already, {done.refused} refused again")
        if done.refused:
            raise CommandError(f"{done.refused} records wait on. `manage.py quarantine list` says why.")

    def _dismiss(self, options: dict[str, Any]) -> None:
        try:
            count = quarantine.dismiss(self._chosen(options), by=None, reason=options["reason"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{count} dismissed")

    def _chosen(self, options: dict[str, Any]) -> QuarantineQuerySet:
        """What the words of the command choose; never everything by mistake."""
        if not (options["ids"] or options["all"] or options["cause"] or options["switch"]):
            raise CommandError("Say which: ids, --cause, --switch or --all.")
        records = self._filtered(options)
        if not options["ids"]:
            return records
        missing = set(options["ids"]) - set(
            records.filter(pk__in=options["ids"]).values_list("pk", flat=True)
        )
        if missing:
            raise CommandError(f"No such quarantined records: {', '.join(map(str, sorted(missing)))}.")
        return records.filter(pk__in=options["ids"])

    def _filtered(self, options: dict[str, Any]) -> QuarantineQuerySet:
        records = QuarantinedRecord.objects.all()
        if options["cause"]:
            records = records.filter(cause=options["cause"])
        if options["switch"]:
            records = records.filter(switch__name=options["switch"])
        return records


def _sentence(row: QuarantinedRecord) -> str:
    return f"{row.field}: {row.reason}" if row.field else row.reason
