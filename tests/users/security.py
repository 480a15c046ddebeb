"""What tests of second factors need: codes as an app would show them, and proof that somebody is there."""

from __future__ import annotations

import re
import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client

from setup import secrets
from tests.factories import PASSWORD
from users import factors
from users.models import User

SECURITY = "/accounts/security/"
LOGIN = "/accounts/login/"
CODE = "/accounts/login/code/"
CONFIRM = "/accounts/confirm/"


def code_of(seed: str, steps: int = 0) -> str:
    """What an app with this seed shows now, or so many half minutes later."""
    return totp.format_hotp_value(totp.hotp_value(seed, int(time.time()) // 30 + steps))


def wrong_code(seed: str) -> str:
    """Six digits that are right neither now nor in the minutes around."""
    right = {code_of(seed, steps) for steps in range(-3, 4)}
    return next(code for code in (f"{number:06}" for number in range(100)) if code not in right)


def give_app(user: User) -> str:
    """An app for `user`, with recovery codes. Returns its seed."""
    seed = totp.generate_totp_secret()
    factors.add_app(user, seed)
    return seed


def seed_of(user: User) -> str:
    return secrets.decrypt(Authenticator.objects.get(user=user, type="totp").data["secret"])


def seed_on(page: str) -> str:
    """The key that the page for a new app shows as text."""
    found = re.search(r'<code class="seed"[^>]*>([A-Z2-7 ]+)</code>', page)
    assert found
    return found[1].replace(" ", "")


def sign_in(browser: Client, user: User, **more: str):
    """Email and the right password, in the form."""
    return browser.post(LOGIN, {"login": user.email, "password": PASSWORD, **more})


def confirm(browser: Client) -> None:
    assert browser.post(CONFIRM, {"password": PASSWORD}).status_code == 302


def long_ago(browser: Client, seconds: int = 301) -> None:
    """The proofs of this session were given that many seconds earlier."""
    session = browser.session
    for proof in session.get("account_authentication_methods", []):
        proof["at"] -= seconds
    session.save()


def forget_used_codes() -> None:
    """As if the half minute of the last code were over."""
    valkey = cache._cache.get_client()
    for pattern in ("*users:code-used:*", "*allauth.mfa.totp.used*"):
        for key in valkey.scan_iter(pattern):
            valkey.delete(key)
