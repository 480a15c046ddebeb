"""Work of this room that a worker does. Tasks carry ids only."""

from celery import shared_task

from messaging import outbox


# Longer than all steps of a slow server together, shorter than outbox.LEASE.
@shared_task(name="messaging.send", time_limit=300)
def send(mail_id: int) -> None:
    """Sends one mail if it still waits."""
    outbox.send(mail_id)


@shared_task(name="messaging.send_due")
def send_due() -> None:
    """Each minute: what was not sent at once, because the queue or the mail server was away.

    Each mail is a task of its own: a server that is slow must not end others in the middle of their sending.
    """
    for mail_id in outbox.due():
        send.apply_async((mail_id,), expires=60)
