"""Work of this room that a worker does. Tasks carry ids only."""

from celery import shared_task

from messaging import outbox


@shared_task(name="messaging.send", time_limit=120)
def send(mail_id: int) -> None:
    """Sends one mail if it still waits."""
    outbox.send(mail_id)


@shared_task(name="messaging.send_due", time_limit=600)
def send_due() -> None:
    """Each minute: what was not sent at once, because the queue or the mail server was away."""
    for mail_id in outbox.due():
        outbox.send(mail_id)
