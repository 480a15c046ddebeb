"""Helping people whose device is lost, and ending what people no longer have."""

from users import factors, sessions
from users.models import User
from users.signals import News, sign_in_news


def reset_second_factor(user: User, *, by: str, reason: str) -> int:
    """Removes every second factor of a person and ends its sessions; the password stays as it is.

    by: who does it, as the record will say it. Returns how many factors there were.
    """
    found = factors.remove_all(user, f"by {by}: {reason}")
    sessions.end_all(user, detail="second factor reset")
    return found


def password_was_set(user: User, *, by: str) -> None:
    """After somebody else gave a person a new password: sessions end, the record says who."""
    sign_in_news.send(sender=User, kind=News.PASSWORD_SET, user=user, detail=f"by {by}")
    sessions.end_all(user, detail="password set")
