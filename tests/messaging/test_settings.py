"""A mail server that is written wrongly stops the start, with a legal value; its password is not repeated."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from connexcs_admin import env


@pytest.mark.parametrize("url", ["smtp://host", "smtps://me:p%40ss@host:465", "smtp://127.0.0.1:25"])
def test_a_right_one_is_taken(monkeypatch, url):
    monkeypatch.setenv("SMTP_URL", url)
    assert env.smtp() == url


@pytest.mark.parametrize("url", ["", None])
def test_none_is_none(monkeypatch, url):
    monkeypatch.delenv("SMTP_URL", raising=False)
    if url is not None:
        monkeypatch.setenv("SMTP_URL", url)
    assert env.smtp() == ""


@pytest.mark.parametrize(
    "url", ["mail.example.com:25", "http://host", "smtp://", "smtp://me:secret@host:many"]
)
def test_a_wrong_one_is_refused_with_a_legal_value(monkeypatch, url):
    monkeypatch.setenv("SMTP_URL", url)
    with pytest.raises(ImproperlyConfigured, match="smtp://user:password@host:587") as refused:
        env.smtp()
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("address", ["nobody", "Me <me@example.com>", "a@b@c", "a@b\r\nBcc: c@d"])
def test_a_sender_is_one_plain_address(monkeypatch, address):
    monkeypatch.setenv("MAIL_FROM", address)
    with pytest.raises(ImproperlyConfigured, match="an address such as"):
        env.mailbox("MAIL_FROM", "no-reply@localhost")
