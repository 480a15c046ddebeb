"""Work of this room that a worker does."""

from celery import shared_task
from django.core.management import call_command


@shared_task(name="users.clear_sessions")
def clear_sessions() -> None:
    """Each night. Sessions that are over are refused anyway; this only gives their rows back."""
    call_command("clearsessions")
