"""Where somebody is signed in: the list, signing out one or all others, and nobody else's."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache

from audit.models import Act, ActKind
from tests.conftest import browser_of
from tests.factories import PASSWORD, PORTAL_HOST, STAFF_HOST
from tests.pages import words
from tests.users.security import LOGIN, SECURITY, code_of, seed_on, sign_in
from users.sessions import browser_in_words

END, END_OTHERS = "/accounts/security/sessions/end/", "/accounts/security/sessions/end-others/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0"


def browser_in(user, host=STAFF_HOST, **headers):
    browser = browser_of(None, host)
    assert browser.post(LOGIN, {"login": user.email, "password": PASSWORD}, **headers).status_code == 302
    return browser


def is_in(browser) -> bool:
    return browser.get(SECURITY).status_code == 200


def test_sessions_are_listed_with_browser_address_and_this_one(alice):
    browser_in(alice, HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.7")
    page = words(browser_in(alice).get(SECURITY), "id", "sessions")
    assert "Firefox on Windows 192.0.2.7" in page
    assert page.index("this one") < page.index("Firefox")


def test_one_session_is_ended(alice):
    other, here = browser_in(alice), browser_in(alice)
    stored = UserSession.objects.get(session_key=other.session.session_key)
    here.post(END, {"session": stored.pk})
    assert is_in(here)
    assert not is_in(other)
    assert Act.objects.filter(kind=ActKind.SESSION_ENDED, user=alice).count() == 1


def test_all_others_are_ended_also_those_no_list_knows(alice, bob):
    others = [browser_in(alice), browser_in(alice), browser_of(alice, STAFF_HOST)]
    here, bobs = browser_in(alice), browser_in(bob)
    here.post(END_OTHERS)
    assert [is_in(browser) for browser in (*others, here, bobs)] == [False, False, False, True, True]


def test_signing_out_others_is_offered_where_there_are_others(alice):
    here = browser_in(alice)
    assert "Sign out all others" not in words(here.get(SECURITY))
    browser_in(alice)
    assert "Sign out all others" in words(here.get(SECURITY))


def test_a_new_password_ends_all_others(alice):
    other, here = browser_in(alice), browser_in(alice)
    new = "quite another passphrase"
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert is_in(here)
    assert not is_in(other)
    assert UserSession.objects.filter(user=alice).count() == 1


@pytest.mark.parametrize("session", ["", "x", "9" * 30])
def test_a_session_that_is_none(alice, session):
    assert browser_in(alice).post(END, {"session": session}).status_code in (400, 404)


def test_mallory_ends_nobody_elses_session(carol, mallory):
    carols = browser_in(carol, PORTAL_HOST)
    hers = browser_in(mallory, PORTAL_HOST)
    stored = UserSession.objects.get(user=carol)
    assert hers.post(END, {"session": stored.pk}).status_code == 404
    hers.post(END_OTHERS)
    assert is_in(carols)


def test_last_seen_moves_on_once_a_minute(alice):
    here = browser_in(alice)
    UserSession.objects.filter(user=alice).update(last_seen_at="2026-01-01T00:00Z")
    cache.delete(f"users:seen:{here.session.session_key}")
    here.get(SECURITY)
    seen = UserSession.objects.get(user=alice).last_seen_at
    assert seen.year > 2025 or seen.month > 1
    here.get(SECURITY)
    assert UserSession.objects.get(user=alice).last_seen_at == seen


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/1 Safari/604.1", "Safari on iPhone"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/143.0 Safari/537.36 Edg/143.0",
            "Edge on Mac",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/143.0 Safari/537.36", "Chrome on Linux"),
        ("", "Unknown browser"),
        ("<script>alert(1)</script>", "Unknown browser"),
    ],
)
def test_browsers_are_named_in_words(agent, said):
    assert browser_in_words(agent) == said


def test_who_has_no_password_is_told_so_where_it_would_be_changed(alice):
    alice.set_unusable_password()
    alice.save()
    browser = browser_of(alice, STAFF_HOST)
    answer = browser.get("/accounts/password/change/", follow=True)
    assert answer.status_code == 200
    assert "An administrator can set one for you." in words(answer)


@pytest.mark.parametrize("setting", ["required", "optional"])
def test_the_first_factor_ends_sessions_that_never_proved_one(alice, settings, setting):
    settings.STAFF_SECOND_FACTOR = setting
    thief, own = browser_of(None, STAFF_HOST), browser_of(None, STAFF_HOST)
    sign_in(thief, alice)  # knows the password, and waits
    sign_in(own, alice)
    seed = seed_on(own.get("/accounts/security/app/").content.decode())
    own.post("/accounts/security/app/", {"code": code_of(seed)})
    assert own.get("/").status_code == 200
    answer = thief.get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(LOGIN)
