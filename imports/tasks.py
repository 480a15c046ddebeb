"""Work of this room that a worker does."""

from celery import shared_task

from imports import services


@shared_task(name="imports.forget_expired")
def forget_expired() -> None:
    """Each hour. Late is harmless: nobody sees an upload after its time."""
    services.forget_expired()
