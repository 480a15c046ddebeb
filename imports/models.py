"""Files on their way in: what was decided about each, what its check found, what came of it."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from imports.fields import TARGETS, Target
from imports.plans import Plan

if TYPE_CHECKING:
    from users.models import User

KEPT = timedelta(days=7)
UNDO = timedelta(days=30)  # after an import: so long it can be taken back, and its report is kept


def _new_key() -> str:
    return secrets.token_hex(16)


def _expiry() -> datetime:
    return timezone.now() + KEPT


class State(models.TextChoices):
    """Open: somebody is deciding. Waiting, running: a worker will or does import it. Done: it is imported."""

    OPEN = "open", _("being prepared")
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("imported")


class UploadQuerySet(models.QuerySet["Upload"]):
    """Reads of uploads."""

    def visible_to(self, user: User) -> Self:
        """A user's own, while they are kept: a file may hold more than others may see."""
        return self.filter(owner=user, expires_at__gt=timezone.now())

    def imported_before(self, upload: Upload) -> Upload | None:
        """The owner's last import of the same file."""
        same = self.filter(owner=upload.owner_id, target=upload.target, sha256=upload.sha256)
        return same.filter(state=State.DONE).exclude(pk=upload.pk).order_by("-finished_at").first()


class Upload(models.Model):
    """One file of one user, kept on the shelf (shelf.py) under `key` until it expires.

    target: slug of what its rows become. plan: Plan as JSON. reading: what was found out about the file,
    {"encoding": [value, reason], "delimiter": [value, reason], "stray": [[line, text]], "sheet": of a
    workbook or ""}. findings: counts
    of the last check, and {"strangers": {field: [[text, rows], …]}}, texts of choices that mean nothing;
    empty where a decision came after it. outcome: counts of the import, and once it
    is taken back {"kept": [[id, name, why], …]}. made_ids: of the rows it made. failure: why the
    last try wrote nothing, a sentence. rows_done: so far, of the check or import that is running.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    target = models.CharField(_("rows become"), max_length=32)
    file_name = models.CharField(_("file"), max_length=200)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(max_length=64)
    key = models.CharField(max_length=32, default=_new_key, unique=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    reading = models.JSONField(default=dict)
    plan = models.JSONField(default=dict)
    findings = models.JSONField(null=True)
    outcome = models.JSONField(null=True)
    failure = models.TextField(blank=True)
    made_ids = ArrayField(models.BigIntegerField(), null=True)
    undone_at = models.DateTimeField(_("taken back"), null=True)
    rows_done = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    expires_at = models.DateTimeField(_("kept until"), default=_expiry)
    finished_at = models.DateTimeField(_("imported"), null=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        indexes = [models.Index(fields=["owner", "sha256"], name="upload_same_file")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def becomes(self) -> Target:
        return TARGETS[self.target]

    @property
    def decided(self) -> Plan:
        return Plan.from_json(self.plan)


class UploadProblem(models.Model):
    """One problem of one row, as the last check found it.

    place: column from 0, −1 for a fixed value or the whole row; field: its name, "" for the whole row;
    kind: the sentence problems are grouped by; cells: the row as it stands in the file.
    """

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="problems")
    row = models.PositiveIntegerField()
    place = models.SmallIntegerField()
    field = models.TextField(default="", db_default="")
    column = models.TextField()
    text = models.TextField()
    message = models.TextField()
    kind = models.TextField()
    cells = ArrayField(models.TextField())

    class Meta:
        ordering = ("row", "pk")
        verbose_name = _("problem of an upload")
        verbose_name_plural = _("problems of uploads")

    def __str__(self) -> str:
        return f"{self.row} {self.column}: {self.message}"

    @property
    def input(self) -> str:
        """The name under which its cell is corrected."""
        return f"cell-{self.row}-{self.field}"
