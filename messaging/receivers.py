"""What other rooms want to have mailed."""

from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import transaction
from django.dispatch import receiver
from kombu.exceptions import OperationalError

from contacts.models import Contact
from contacts.signals import link_wanted
from messaging import outbox, tasks
from messaging.models import Purpose


@receiver(link_wanted, dispatch_uid="messaging.link_wanted")
def mail_a_link(contact: Contact, site: str, brand: str, by: Any, **_: object) -> bool:
    """Puts a mail into the outbox, in the caller's transaction; False where no mail server is set."""
    if not settings.SMTP_URL:
        return False
    mail = outbox.put(Purpose.SET_PASSWORD, contact=contact, to=contact.email, site=site, brand=brand, by=by)
    transaction.on_commit(lambda: _hurry(mail.pk))
    return True


def _hurry(mail_id: int) -> None:
    # Where the queue is away, beat finds the mail within a minute of its return.
    with suppress(OperationalError):
        tasks.send.delay(mail_id)
