"""Work of this room that a worker does."""

from celery import shared_task

from customers import scheduling, services


@shared_task(name="customers.end_penalties")
def end_penalties() -> None:
    """Each minute. Late or twice is harmless: readers use effective_status(at)."""
    services.end_penalties()


@shared_task(name="customers.run_delayed")
def run_delayed() -> None:
    """Every few seconds. Two at once share the work; what a dead worker had begun is begun anew."""
    scheduling.run_due()
