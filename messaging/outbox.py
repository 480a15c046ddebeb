"""Sending what waits in the outbox, each mail once.

A mail is claimed by a conditional update that is committed before anything goes over the line, so that of two
workers one sends it. Where the server certainly did not take it, it waits and is tried again; where nobody
can know, because the line broke after the text had gone, it becomes `unknown` and is not tried again.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.models import Contact
from messaging import letters
from messaging.models import Mail, Purpose, State
from messaging.transports import smtp
from users.models import User

log = logging.getLogger(__name__)

# Waits before the next attempt; after the last of them a mail has failed.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
# A worker that has not come back by then is gone; sending itself is over long before.
LEASE = timedelta(minutes=10)
AT_ONCE = 50


def send(mail_id: int) -> None:
    """Sends one mail if it waits and is due; any number of calls send it once."""
    row = Mail.objects.filter(pk=mail_id)
    claimed = row.filter(state=State.QUEUED, due_at__lte=Now()).update(
        state=State.SENDING, claimed_at=Now(), attempts=F("attempts") + 1
    )
    if not claimed:
        return
    mail = row.select_related("contact__customer").get()
    try:
        message = letters.write(mail)
        smtp.deliver(message, mail.to, settings.SMTP_URL)
    except letters.Pointless as reason:
        _end(mail, State.FAILED, str(reason))
    except smtp.Refused as refused:
        _end(mail, State.FAILED, str(refused))
    except smtp.NotTaken as fault:
        _again(mail, str(fault))
    except smtp.Unsure as fault:
        log.warning("Mail %s: nobody knows whether it was taken: %s", mail.pk, fault)
        _end(mail, State.UNKNOWN, str(fault))
    else:
        _mine(mail).update(state=State.SENT, sent_at=Now(), error="")


def due() -> list[int]:
    """Ids of mails that wait and are due, the oldest first; those whose worker is gone become unknown."""
    gone = Mail.objects.filter(state=State.SENDING, claimed_at__lt=timezone.now() - LEASE)
    gone.update(state=State.UNKNOWN, error=_("The worker ended while sending it."))
    waiting = Mail.objects.filter(state=State.QUEUED, due_at__lte=Now())
    return list(waiting.order_by("due_at", "pk").values_list("pk", flat=True)[:AT_ONCE])


def put(purpose: Purpose, *, contact: Contact, to: str, site: str, brand: str, by: User | None) -> Mail:
    """A mail more, which waits. One that waits already for the same person and purpose is the same mail."""
    waiting = Mail.objects.filter(purpose=purpose, contact=contact, to=to, site=site, state=State.QUEUED)
    if mail := waiting.first():
        waiting.filter(pk=mail.pk).update(due_at=Now())
        return mail
    return Mail.objects.create(purpose=purpose, contact=contact, to=to, site=site, brand=brand, by=by)


def _mine(mail: Mail) -> QuerySet[Mail]:
    """The row while it is still this worker's: one that took too long has been given up meanwhile."""
    return Mail.objects.filter(pk=mail.pk, state=State.SENDING, attempts=mail.attempts)


def _again(mail: Mail, error: str) -> None:
    if mail.attempts > len(WAITS):
        _end(mail, State.FAILED, error)
        return
    wait = WAITS[mail.attempts - 1]
    _mine(mail).update(state=State.QUEUED, due_at=timezone.now() + wait, error=error[:200])


def _end(mail: Mail, state: State, error: str) -> None:
    _mine(mail).update(state=state, error=error[:200])
