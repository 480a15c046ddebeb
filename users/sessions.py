"""Where a person is signed in, and ending that."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.signals import password_changed
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from users.addresses import client_ip
from users.models import User
from users.signals import News, sign_in_news

NOTED_EVERY_S = 60


@dataclass(frozen=True, slots=True)
class Place:
    """One session as its owner sees it. here: the one that is looking."""

    id: int
    browser: str
    ip: str
    since: datetime
    last_seen: datetime
    here: bool


def of(request: HttpRequest, user: User) -> list[Place]:
    """The person's sessions, this one first, then the one seen last. Two queries."""
    listed = UserSession.objects.filter(user=user).order_by("-last_seen_at")
    alive = set(
        Session.objects.filter(
            session_key__in=[one.session_key for one in listed], expire_date__gt=timezone.now()
        ).values_list("session_key", flat=True)
    )
    places = [
        Place(
            one.pk,
            browser_in_words(one.user_agent),
            one.ip,
            one.created_at,
            one.last_seen_at,
            one.session_key == request.session.session_key,
        )
        for one in listed
        if one.session_key in alive
    ]
    return sorted(places, key=lambda place: not place.here)


def end_one(user: User, session_id: int) -> None:
    """Raises UserSession.DoesNotExist where it is not this person's."""
    session = UserSession.objects.get(user=user, pk=session_id)
    session.end()
    sign_in_news.send(
        sender=User,
        kind=News.SESSION_ENDED,
        user=user,
        detail=f"{browser_in_words(session.user_agent)}, {session.ip}",
    )


def end_all(user: User, *, but: str | None = None, detail: str = "") -> int:
    """Ends every session of a person, also one that no list knows. but: the key of one that goes on.

    Returns how many there were. Reads all sessions there are, since only their content names the user; it is
    for rare acts.
    """
    ended = [
        session.session_key
        for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator()
        if session.session_key != but and session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    Session.objects.filter(session_key__in=ended).delete()
    UserSession.objects.filter(user=user).exclude(session_key=but or "").delete()
    if ended:
        words = f"{len(ended)} ended" + (f": {detail}" if detail else "")
        sign_in_news.send(sender=User, kind=News.SESSION_ENDED, user=user, detail=words)
    return len(ended)


def note_seen(request: HttpRequest) -> None:
    """Keeps "last seen" true to the minute, at the cost of one small question to Valkey per request."""
    key = request.session.session_key
    try:
        if key and cache.add(f"users:seen:{key}", 1, NOTED_EVERY_S):
            UserSession.objects.filter(session_key=key).update(
                last_seen_at=timezone.now(),
                ip=client_ip(request) or "0.0.0.0",  # noqa: S104 - "unknown"
            )
    except RedisError:
        return


@receiver(password_changed, dispatch_uid="users.end_sessions_of_old_password")
def end_sessions_of_old_password(request: HttpRequest, user: User, **_more: Any) -> None:
    """They are worth nothing already, for each holds a hash of the old one; now the list knows as well."""
    end_all(user, but=request.session.session_key, detail="password changed")


_BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/"),
    ("Opera", r"OPR/|Opera"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrom(?:e|ium)/|CriOS/"),
    ("Safari", r"Safari/"),
    ("curl", r"^curl/"),
)
_SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("Windows", r"Windows"),
    ("ChromeOS", r"CrOS"),
    ("Mac", r"Macintosh|Mac OS X"),
    ("Linux", r"Linux|X11"),
)


def browser_in_words(user_agent: str) -> str:
    """“Firefox on Windows”, as far as the browser tells the truth about itself."""
    browser = next((name for name, sign in _BROWSERS if re.search(sign, user_agent)), "")
    system = next((name for name, sign in _SYSTEMS if re.search(sign, user_agent)), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")
