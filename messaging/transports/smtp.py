"""Handing a mail to an SMTP server, step by step, so that it is known what a failure means."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP as LINES
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

TIMEOUT_S = 20
_PORTS = {"smtp": 587, "smtps": 465}


class NotTaken(Exception):
    """The server certainly has not taken it; trying again later is safe."""


class Refused(Exception):
    """The server will never take it."""


class Unsure(Exception):
    """The text had gone when the line broke: it may have been taken."""


def deliver(message: EmailMessage, to: str, url: str) -> None:
    """Hands `message` over for `to`; comes back when the server has taken it.

    url: smtp://user:password@host:port (TLS where the server offers it, and always before a password), or
    smtps://. Raises NotTaken, Refused or Unsure.
    """
    if not url:
        raise NotTaken(_("No mail server is set: SMTP_URL is empty."))
    try:
        server = _open(url)
    except smtplib.SMTPResponseException as error:
        raise NotTaken(_said(error.smtp_code, error.smtp_error)) from None
    except (smtplib.SMTPException, OSError) as error:
        raise NotTaken(str(error)) from None
    try:
        _envelope(server, str(message["From"].addresses[0].addr_spec), to)
        _text(server, message.as_bytes(policy=LINES))
    finally:
        _close(server)


def _open(url: str) -> smtplib.SMTP:
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or _PORTS.get(parts.scheme, 587)
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
        elif parts.password:
            server.close()
            raise smtplib.SMTPException(_("The server offers no TLS, so the password was not sent."))
    if parts.username:
        server.login(unquote(parts.username), unquote(parts.password or ""))
    return server


def _envelope(server: smtplib.SMTP, sender: str, to: str) -> None:
    try:
        server.ehlo_or_helo_if_needed()
        for code, words in (server.mail(sender), server.rcpt(to)):
            if code >= 500:
                raise Refused(_said(code, words))
            if code not in (250, 251):
                raise NotTaken(_said(code, words))
    except (smtplib.SMTPException, OSError) as error:
        raise NotTaken(str(error)) from None


def _text(server: smtplib.SMTP, text: bytes) -> None:
    try:
        code, words = server.data(text)
    except smtplib.SMTPDataError as error:  # it was not even begun
        kind = Refused if error.smtp_code >= 500 else NotTaken
        raise kind(_said(error.smtp_code, error.smtp_error)) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Unsure(str(error)) from None
    if code >= 500:
        raise Refused(_said(code, words))
    if code != 250:
        raise NotTaken(_said(code, words))


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {text}"


def _close(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()
