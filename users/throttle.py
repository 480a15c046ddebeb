"""Guessing is slowed, nobody is locked out.

Each attempt is counted before the secret is looked at, so that many at once gain nothing, and the count is
taken back when the secret was right. The numbers live in Valkey, shared by all workers.

- A person at an address: from the third failure in a row each one makes the next wait, 2 s, 4 s, 8 s … at
  most five minutes.
- An address: after twenty failures, whoever was meant, waits of 2 s up to a minute.
- A person from anywhere: after forty failures within fifteen minutes strange addresses wait for the rest of
  them, so that a thousand addresses do not make guessing pay.

An address from which the person came in during the last thirty days is known: there only failures with this
person's own email count, so that strangers elsewhere slow nobody. A passkey cannot be guessed and is never
slowed.
"""

import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.core.internal.ratelimit import get_ip
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext
from redis.exceptions import RedisError

PREFIX = "users:throttle"
KNOWN_FOR_S = int(timedelta(days=30).total_seconds())


UNAVAILABLE = _lazy("Signing in is not possible at the moment. Try again in a minute.")


@dataclass(frozen=True, slots=True)
class Rule:
    """free: attempts that cost nothing; then waits double from 2 units to `longest_s`. forget_s: the count
    starts afresh so long after the last attempt, or (`window`) after the first one."""

    name: str
    free: int
    longest_s: int
    forget_s: int
    window: bool = False
    unit_s: int = 1

    def wait_s(self, attempt: int) -> int:
        """Seconds that the attempt after this one has to wait. attempt: counted from 1."""
        if attempt < self.free:
            return 0
        doubled = self.unit_s * 2 ** min(attempt - self.free + 1, 16)
        return self.longest_s if self.window else min(self.longest_s, doubled)


HERE = Rule("here", free=3, longest_s=300, forget_s=3600)
ADDRESS = Rule("address", free=20, longest_s=60, forget_s=900)
ANYWHERE = Rule("anywhere", free=40, longest_s=900, forget_s=900, window=True)
# A six-digit code has a million values, of which three are right: fewer tries from strange addresses.
CODES_ANYWHERE = Rule("codes", free=10, longest_s=3600, forget_s=3600, window=True)


class Wait(ValidationError):
    """Too early. seconds: until the next attempt will be heard."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        words = ngettext(
            "Too many failed attempts. Wait %(seconds)s second, then try again.",
            "Too many failed attempts. Wait %(seconds)s seconds, then try again.",
            seconds,
        )
        super().__init__(words % {"seconds": seconds}, code="wait")


class Attempt:
    """One counted attempt; `succeeded()` takes the count back."""

    def __init__(self, counted: list[tuple[Rule, str]], blocked: list[str]) -> None:
        self._counted = counted
        self._blocked = blocked  # waits that this attempt began, which a right secret ends

    def succeeded(self) -> None:
        """The person starts afresh here. What is counted for many loses this one attempt only, or somebody
        who guesses would wipe it by signing in as himself now and then."""
        for rule, key in self._counted:
            if rule is HERE:
                cache.delete(key)
            elif cache.get(key):
                with suppress(ValueError):  # forgotten in this very moment
                    cache.decr(key)
        cache.delete_many([f"{key}:until" for key in self._blocked])


def attempt(request: HttpRequest, person: str, *, code: bool = False) -> Attempt:
    """Counts an attempt at a password (or a code) of `person`, in whatever spelling comes in.

    Raises Wait where it comes too early, and ValidationError where Redis does not answer: nobody guesses
    uncounted.
    """
    try:
        ip = get_ip(request)
        step = "code" if code else "password"
        rules = [(HERE, f"{step}:{person}:{ip}")]
        if not _is_known(person, ip):
            rules.append((ADDRESS, ip))
            rules.append((CODES_ANYWHERE if code else ANYWHERE, f"{step}:{person}"))
        return _count([(rule, _key(rule.name, about)) for rule, about in rules])
    except RedisError:
        raise ValidationError(UNAVAILABLE, code="unavailable") from None


def remember_address(request: HttpRequest, person: str) -> None:
    """The person is in: from now on this address is known."""
    with suppress(RedisError):
        cache.set(_key("known", f"{person}:{get_ip(request)}"), 1, KNOWN_FOR_S)


def seconds_of(errors: Any) -> int:
    """How long to wait, from `form.errors`; 0 where nothing has to wait."""
    found = [error.seconds for each in errors.as_data().values() for error in each if isinstance(error, Wait)]
    return max(found, default=0)


def _is_known(person: str, ip: str) -> bool:
    return cache.get(_key("known", f"{person}:{ip}")) is not None


def _count(rules: list[tuple[Rule, str]]) -> Attempt:
    """Asks all rules first: an attempt that one refuses must not count with another."""
    if wait := max(_still_to_wait(key) for _rule, key in rules):
        raise Wait(wait)
    blocked = []
    for rule, key in rules:
        number = _one_more(rule, key)
        if seconds := rule.wait_s(number):
            _let_wait(rule, key, seconds, first=number == rule.free)
            blocked.append(key)
    return Attempt(rules, blocked)


def _still_to_wait(key: str) -> int:
    until = cache.get(f"{key}:until") or 0
    return max(0, int(until - time.time() + 0.999))


def _one_more(rule: Rule, key: str) -> int:
    cache.add(key, 0, rule.forget_s)
    try:
        number = int(cache.incr(key))
    except ValueError:  # forgotten between the two
        cache.set(key, 1, rule.forget_s)
        number = 1
    if rule.window:
        cache.add(f"{key}:began", time.time(), rule.forget_s)
    else:
        cache.touch(key, rule.forget_s)
    return number


def _let_wait(rule: Rule, key: str, seconds: int, *, first: bool) -> None:
    """Of several attempts at the same moment one gets through, the others meet its wait."""
    if rule.window:
        began = cache.get(f"{key}:began") or time.time()
        seconds = max(1, int(began + rule.forget_s - time.time()))
    if not cache.add(f"{key}:until", time.time() + seconds, seconds) and not first:
        raise Wait(_still_to_wait(key) or seconds)


def _key(*parts: str) -> str:
    """Hashed, for people type emails of any length and with any characters."""
    return f"{PREFIX}:{parts[0]}:{hashlib.sha256(':'.join(parts[1:]).encode()).hexdigest()}"
