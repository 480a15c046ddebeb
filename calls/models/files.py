"""How far files of call records were read."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from calls.models.switch import Switch


class ReadFile(models.Model):
    """How far a file is stored, so that reading goes on there: after an interruption, or when it has grown.

    `head_bytes` and `fingerprint` tell whether it is still the same file: the SHA-256 of its first bytes.
    `offset`: bytes, in the unpacked file; `records`: how many are before it.
    """

    switch = models.ForeignKey(Switch, on_delete=models.CASCADE, related_name="read_files")
    path = models.TextField()
    head_bytes = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=64)
    offset = models.BigIntegerField()
    records = models.BigIntegerField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("read file")
        verbose_name_plural = _("read files")
        constraints = [models.UniqueConstraint(fields=["switch", "path"], name="read_file_once")]

    def __str__(self) -> str:
        return self.path
