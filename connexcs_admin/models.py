"""What the installation knows of itself."""

from datetime import datetime

from django.db import models


class Heartbeat(models.Model):
    """The last task that beat sent only to see a worker do it, in one row: when it left, when it arrived."""

    sent_at = models.DateTimeField()
    arrived_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="heartbeat_is_one_row")]

    def __str__(self) -> str:
        return f"{self.sent_at} / {self.arrived_at}"

    @classmethod
    def last(cls) -> "Heartbeat | None":
        return cls.objects.filter(pk=1).first()

    @classmethod
    def note(cls, *, sent_at: datetime, arrived_at: datetime) -> None:
        """Replaces the one before. One statement, so that two workers cannot get into each other's way."""
        Heartbeat.objects.bulk_create(
            [Heartbeat(pk=1, sent_at=sent_at, arrived_at=arrived_at)],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["sent_at", "arrived_at"],
        )
