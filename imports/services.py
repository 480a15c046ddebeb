"""Every write to uploads: a file is received, decided about, checked, imported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from imports import shelf
from imports.engine import Outcome, import_file
from imports.fields import Target
from imports.models import State, Upload, UploadProblem
from imports.opening import guess_start_row
from imports.plans import Plan
from imports.problems import Problem
from imports.reading import Unreadable, guess_reading
from imports.reading.kinds import refuse_what_is_no_text

if TYPE_CHECKING:
    from users.models import User

NAME_MAX = 200


def receive(chunks: Iterable[bytes], *, name: str, target: Target, by: User) -> Upload:
    """Puts a file on the shelf and finds out how it is read. Raises Unreadable for what is no table."""
    upload = Upload(owner=by, target=target.slug, file_name=name[-NAME_MAX:])
    try:
        upload.size_bytes, upload.sha256 = shelf.store(upload.key, chunks)
        with shelf.take(upload.key) as file:
            refuse_what_is_no_text(file, largest_bytes=settings.IMPORT_MAX_BYTES)
            reading = guess_reading(file)
            plan = Plan(
                start_row=guess_start_row(file, target, reading),
                encoding=reading.encoding.value,
                delimiter=reading.delimiter.value,
            )
        upload.reading = {
            "encoding": [reading.encoding.value, reading.encoding.reason],
            "delimiter": [reading.delimiter.value, reading.delimiter.reason],
            "stray": [[line.number, line.reading] for line in reading.stray],
        }
        upload.plan = plan.as_json()
        upload.save()
    except BaseException:
        shelf.remove(upload.key)
        raise
    return upload


def decide(upload: Upload, **decisions: Any) -> None:
    """Changes the plan of an open upload; its last check holds no longer. Raises Unreadable once it runs."""
    with transaction.atomic():
        stored = _open(upload)
        stored.plan = replace(stored.decided, **decisions).as_json()
        stored.findings = None
        stored.save(update_fields=["plan", "findings"])
    upload.plan, upload.findings = stored.plan, None


def check(upload: Upload) -> None:
    """Finds every problem of every row; writes nothing but what it found. Raises Unreadable."""
    with shelf.take(upload.key) as file:
        plan = replace(upload.decided, only_check=True)
        outcome = import_file(file, upload.becomes, plan, by=upload.owner, reason="")
    with transaction.atomic():
        stored = _open(upload)
        stored.findings = _counts(outcome)
        stored.save(update_fields=["findings"])
        stored.problems.all().delete()
        UploadProblem.objects.bulk_create(
            (_problem(stored, problem) for problem in outcome.problems), batch_size=5_000
        )
    upload.findings = stored.findings


def run(upload: Upload) -> None:
    """Imports the file: all rows, or the good ones where the plan says so. A repeat does nothing.

    Raises Unreadable where nothing was written.
    """
    with transaction.atomic():
        stored = Upload.objects.select_for_update().get(pk=upload.pk)
        if stored.state == State.DONE:
            return
        with shelf.take(stored.key) as file:
            reason = _("import of %(file)s") % {"file": stored.file_name}
            outcome = import_file(file, stored.becomes, stored.decided, by=stored.owner, reason=reason)
        if not outcome.ids:
            raise Unreadable(_("Some rows have problems. Nothing was written; check again."))
        stored.outcome = {**_counts(outcome), "made": len(outcome.ids)}
        stored.state, stored.finished_at = State.DONE, timezone.now()
        stored.save(update_fields=["outcome", "state", "finished_at"])


def discard(upload: Upload) -> None:
    """Forgets an upload and its file; what was imported from it stays."""
    Upload.objects.filter(pk=upload.pk).delete()
    shelf.remove(upload.key)


def forget_expired() -> int:
    """Removes what is kept no longer; returns how many uploads."""
    expired = Upload.objects.filter(expires_at__lte=timezone.now()).exclude(state=State.RUNNING)
    found = list(expired)
    for upload in found:
        discard(upload)
    return len(found)


def _open(upload: Upload) -> Upload:
    stored = Upload.objects.select_for_update().get(pk=upload.pk)
    if stored.state != State.OPEN:
        raise Unreadable(_("This file is being imported or was imported already. Upload it again."))
    return stored


def _counts(outcome: Outcome) -> dict[str, int]:
    bad = len({problem.row for problem in outcome.problems})
    return {"rows": outcome.rows, "good": outcome.rows - bad, "bad": bad}


def _problem(upload: Upload, problem: Problem) -> UploadProblem:
    return UploadProblem(
        upload=upload,
        row=problem.row,
        place=problem.place,
        column=problem.column,
        text=problem.text,
        message=problem.message,
        kind=problem.kind or problem.message,
        cells=list(problem.cells),
    )
