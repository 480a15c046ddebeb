"""Work of this room that a worker does."""

from celery import shared_task

from customers import services


@shared_task(name="customers.end_penalties")
def end_penalties() -> None:
    """Each minute. Late or twice is harmless: readers use effective_status(at)."""
    services.end_penalties()
