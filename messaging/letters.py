"""What mails say. Texts are written in the moment they are sent; what is secret in them is kept nowhere."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import formataddr, formatdate

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from contacts import links
from messaging.models import Mail


class Pointless(Exception):
    """There is nobody to write to any more, or nothing to say."""


def write(mail: Mail) -> EmailMessage:
    """The mail as it goes over the line. Each call makes a new link; earlier ones are of no use then.

    Raises Pointless where the contact is gone or has another address by now.
    """
    contact = mail.contact
    if contact is None or contact.customer.deleted_at is not None or contact.email != mail.to:
        raise Pointless(_("The contact is gone or has another address by now."))
    token = links.make(contact.pk)
    text = render_to_string(
        "messaging/set_password.txt",
        {
            "name": contact.name,
            "brand": mail.brand,
            "email": contact.email,
            "page": f"{mail.site}{links.PATH}",
            "token": token,
            "hours": links.HOURS,
        },
    )
    message = EmailMessage()
    message["Subject"] = _("%(brand)s: set your password") % {"brand": _line(mail.brand)}
    message["From"] = formataddr((_line(mail.brand), settings.MAIL_FROM))
    message["To"] = mail.to
    message["Date"] = formatdate(usegmt=True)
    # The same for each attempt, so that a mailbox which got it twice may see that it is one.
    message["Message-ID"] = f"<mail-{mail.pk}@{settings.MAIL_FROM.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


def _line(text: str) -> str:
    """In one line: a header ends where the line ends."""
    return " ".join(text.split())
