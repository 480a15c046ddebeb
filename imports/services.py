"""Every write to uploads: a file is received, decided about, checked, imported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from imports import shelf
from imports.engine import Outcome, import_file
from imports.fields import Target
from imports.models import KEPT, UNDO, State, Upload, UploadProblem
from imports.opening import guess_start_row
from imports.plans import Plan
from imports.problems import Problem
from imports.reading import Unreadable, guess_reading
from imports.reading.kinds import refuse_what_is_no_text
from imports.reading.workbooks import as_text, is_workbook

if TYPE_CHECKING:
    from users.models import User

NAME_MAX = 200
STRANGERS_SHOWN = 100  # of one field; rarer ones are mended in the check


def receive(chunks: Iterable[bytes], *, name: str, target: Target, by: User) -> Upload:
    """Puts a file on the shelf and finds out how it is read. Raises Unreadable for what is no table."""
    upload = Upload(owner=by, target=target.slug, file_name=name[-NAME_MAX:])
    try:
        upload.size_bytes, upload.sha256 = shelf.store(upload.key, chunks)
        sheet = _unfold(upload.key)
        with shelf.take(upload.key) as file:
            refuse_what_is_no_text(file, largest_bytes=settings.IMPORT_MAX_BYTES)
            reading = guess_reading(file)
            plan = Plan(
                mark="." if sheet else "",  # a workbook knows its numbers
                start_row=guess_start_row(file, target, reading),
                encoding=reading.encoding.value,
                delimiter=reading.delimiter.value,
            )
        upload.reading = {
            "encoding": [reading.encoding.value, reading.encoding.reason],
            "delimiter": [reading.delimiter.value, reading.delimiter.reason],
            "stray": [[line.number, line.reading] for line in reading.stray],
            "sheet": sheet,
        }
        upload.plan = plan.as_json()
        upload.save()
    except BaseException:
        shelf.remove(upload.key)
        shelf.remove(f"{upload.key}.new")
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


def correct(
    upload: Upload,
    *,
    swaps: Mapping[str, Mapping[str, str | None]] | None = None,
    cells: Mapping[tuple[int, str], str] | None = None,
    skip: Iterable[int] = (),
    take: Iterable[int] = (),
) -> None:
    """Adds corrections of cells to the plan, and rows to leave out or to take after all.

    swaps: field name -> text -> what is read instead in every row (None: as it stands again);
    cells: (row, field name) -> what is read instead. Raises Unreadable once the import runs.
    """
    with transaction.atomic():
        plan = _open(upload).decided
        swapped = {name: dict(texts) for name, texts in plan.swaps.items()}
        for name, texts in (swaps or {}).items():
            for text, instead in texts.items():
                swapped.setdefault(name, {}).pop(text, None)
                if instead is not None:
                    swapped[name][text] = _storable(instead)
        mended = {row: dict(fields) for row, fields in plan.cells.items()}
        for (row, name), text in (cells or {}).items():
            mended.setdefault(str(row), {})[name] = _storable(text)
        skipped = sorted({*plan.skipped, *skip} - set(take))
        decide(upload, swaps=swapped, cells=mended, skipped=skipped)


def skip_alike(upload: Upload, *, kind: str, column: str) -> None:
    """Leaves out every row that has this problem."""
    alike = upload.problems.filter(kind=kind, column=column)
    correct(upload, skip=alike.values_list("row", flat=True).distinct())


def check(upload: Upload) -> None:
    """Finds every problem of every row; writes nothing but what it found. Raises Unreadable."""
    with shelf.take(upload.key) as file:
        plan = replace(upload.decided, only_check=True)
        outcome = import_file(file, upload.becomes, plan, by=upload.owner, reason="")
    with transaction.atomic():
        stored = _open(upload)
        stored.findings = {**_counts(outcome), "strangers": _strangers(outcome)}
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
        stored.made_ids, stored.expires_at = outcome.ids, stored.finished_at + UNDO
        stored.save(update_fields=["outcome", "state", "finished_at", "made_ids", "expires_at"])


def undo(upload: Upload, *, by: User) -> None:
    """Takes back what an import made, in one transaction, but for rows that were changed since.

    A repeat does nothing. Which rows stay, and why, is noted in `outcome`.
    """
    with transaction.atomic():
        stored = Upload.objects.select_for_update().get(pk=upload.pk)
        if stored.state != State.DONE or stored.undone_at:
            return
        reason = _("undo of the import of %(file)s") % {"file": stored.file_name}
        kept = stored.becomes.take_back(stored.made_ids or [], by, reason)
        stored.outcome = {**(stored.outcome or {}), "kept": [[row.id, row.name, row.why] for row in kept]}
        stored.undone_at = timezone.now()
        stored.save(update_fields=["outcome", "undone_at"])


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
    # Reports live longer than the files they are about.
    for upload in Upload.objects.filter(state=State.DONE, created_at__lte=timezone.now() - KEPT):
        shelf.remove(upload.key)
    return len(found)


def _unfold(key: str) -> str:
    """In the place of a workbook on the shelf comes its first sheet with rows; returns its name."""
    with shelf.take(key) as file:
        if not is_workbook(file):
            return ""
        sheet, lines = as_text(file, largest_bytes=settings.IMPORT_MAX_BYTES)
        shelf.replace(key, lines)
    return sheet


def _storable(text: str) -> str:
    """Without zero bytes, which PostgreSQL stores in no text."""
    return text.replace("\x00", "")


def _open(upload: Upload) -> Upload:
    stored = Upload.objects.select_for_update().get(pk=upload.pk)
    if stored.state != State.OPEN:
        raise Unreadable(_("This file is being imported or was imported already. Upload it again."))
    return stored


def _counts(outcome: Outcome) -> dict[str, int]:
    bad, skipped = len({problem.row for problem in outcome.problems}), outcome.skipped
    return {"rows": outcome.rows, "good": outcome.rows - bad - skipped, "bad": bad, "skipped": skipped}


def _strangers(outcome: Outcome) -> dict[str, list[list[object]]]:
    met = {name: Counter(texts).most_common(STRANGERS_SHOWN) for name, texts in outcome.strangers.items()}
    return {name: [[text, rows] for text, rows in texts] for name, texts in met.items()}


def _problem(upload: Upload, problem: Problem) -> UploadProblem:
    return UploadProblem(
        upload=upload,
        row=problem.row,
        place=problem.place,
        field=problem.name,
        column=problem.column,
        text=problem.text,
        message=problem.message,
        kind=problem.kind or problem.message,
        cells=list(problem.cells),
    )
