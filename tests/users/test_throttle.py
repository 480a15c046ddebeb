"""Guessing is slowed more and more, and nobody is locked out by what strangers do."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from audit import services as audit
from audit.models import Act, ActKind
from tests.conftest import browser_of
from tests.factories import PASSWORD, STAFF_HOST, make_staff
from users import throttle
from users.throttle import ANYWHERE, HERE

LOGIN = "/accounts/login/"
HOME, ELSEWHERE = "198.51.100.7", "192.0.2.1"


def try_once(browser: Client, email: str, password: str, ip: str):
    return browser.post(LOGIN, {"login": email, "password": password}, REMOTE_ADDR=ip)


def guess(browser: Client, email: str, times: int, ip: str = ELSEWHERE):
    answer = None
    for number in range(times):
        answer = try_once(browser, email, f"guess {number}", ip)
    return answer


def everybody_waits_long_enough() -> None:
    """Ends all waits, but forgets no failure: what passing time does."""
    valkey = cache._cache.get_client()
    for key in valkey.scan_iter("*users:throttle:*:until"):
        valkey.delete(key)


def slowed(answer) -> int:
    """The seconds a person is told to wait; 0 where the attempt was heard."""
    if answer.status_code != 429:
        assert answer.status_code in (200, 302)
        return 0
    seconds = int(answer["Retry-After"])
    page = answer.content.decode()
    assert f"Wait {seconds} second" in page
    assert f'data-wait="{seconds}"' in page
    return seconds


@pytest.mark.accept("T-16")
def test_each_failure_makes_the_next_wait_longer(client, alice):
    assert [slowed(guess(client, alice.email, 1)) for _ in range(3)] == [0, 0, 0]
    waits = []
    for _ in range(9):
        waits.append(slowed(guess(client, alice.email, 1)))
        everybody_waits_long_enough()
        assert slowed(guess(client, alice.email, 1)) == 0
    # Some time passes between the failure and the question.
    wanted = [200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000]
    assert all(0 <= want - seen <= 60 for want, seen in zip(wanted, waits, strict=True)), waits


def test_while_waiting_the_right_password_does_not_shine_through(client, alice):
    guess(client, alice.email, 3)
    assert slowed(try_once(client, alice.email, PASSWORD, ELSEWHERE)) > 0
    everybody_waits_long_enough()
    assert try_once(client, alice.email, PASSWORD, ELSEWHERE).status_code == 302


def test_attempts_that_come_too_early_do_not_make_the_wait_longer(client, alice):
    guess(client, alice.email, 3)
    first = slowed(guess(client, alice.email, 1))
    assert slowed(guess(client, alice.email, 5)) <= first


def test_who_mistypes_and_then_gets_it_right_starts_afresh(client, alice):
    for _ in range(3):
        guess(client, alice.email, 2)
        assert try_once(client, alice.email, PASSWORD, ELSEWHERE).status_code == 302
        client.post("/accounts/logout/")


def test_the_spelling_of_host_or_email_buys_no_more_attempts(db, alice):
    for spelling in ("LOCALHOST", "localhost.", "localhost:1"):
        assert slowed(guess(browser_of(None, spelling), alice.email.upper(), 1)) == 0
    assert slowed(guess(browser_of(None, STAFF_HOST), f" {alice.email}", 1)) > 0


def test_an_unknown_email_is_slowed_in_the_same_way(client, db):
    guess(client, "nobody@example.com", 3)
    assert slowed(guess(client, "nobody@example.com", 1)) > 0


def test_guessing_many_people_from_one_address_is_slowed(client, db):
    answers = [guess(client, f"user{number}@example.com", 1) for number in range(21)]
    assert slowed(answers[19]) == 0
    assert slowed(answers[20]) > 0


def test_addresses_of_one_ipv6_network_count_as_one(client, alice):
    for number in range(3):
        guess(client, alice.email, 1, f"2001:db8::{number + 1}")
    assert slowed(guess(client, alice.email, 1, "2001:db8::99")) > 0


def test_guessing_from_many_addresses_is_stopped_after_forty(client, alice):
    for number in range(ANYWHERE.free):
        assert slowed(guess(client, alice.email, 1, f"192.0.2.{number}")) == 0
    assert slowed(guess(client, alice.email, 1, "192.0.2.99")) > 300
    everybody_waits_long_enough()
    assert slowed(guess(client, alice.email, 1, "192.0.2.99")) == 0
    assert slowed(guess(client, alice.email, 1, "192.0.2.98")) > 300


def test_strangers_do_not_lock_her_out_where_she_was_before(client, alice):
    assert try_once(client, alice.email, PASSWORD, HOME).status_code == 302
    client.post("/accounts/logout/")
    for number in range(ANYWHERE.free + 5):
        guess(client, alice.email, 1, f"192.0.2.{number}")
    assert slowed(try_once(client, alice.email, PASSWORD, "203.0.113.9")) > 0, "elsewhere she waits"
    assert try_once(client, alice.email, PASSWORD, HOME).status_code == 302


def test_colleagues_at_the_same_address_do_not_slow_who_was_there_before(client, alice):
    assert try_once(client, alice.email, PASSWORD, HOME).status_code == 302
    client.post("/accounts/logout/")
    for number in range(25):
        guess(client, f"user{number}@example.com", 1, HOME)
    assert try_once(client, alice.email, PASSWORD, HOME).status_code == 302


def test_a_known_address_still_does_not_let_anybody_guess(client, alice):
    assert try_once(client, alice.email, PASSWORD, HOME).status_code == 302
    client.post("/accounts/logout/")
    guess(client, alice.email, 3, HOME)
    assert slowed(guess(client, alice.email, 1, HOME)) > 0


def test_signing_in_as_oneself_does_not_wipe_what_was_counted(client, alice):
    """Mallory has a sign-in too, and uses it between two guesses."""
    mine = make_staff(email="own@example.com")
    for number in range(19):
        guess(client, f"user{number}@example.com", 1)
    assert try_once(client, mine.email, PASSWORD, ELSEWHERE).status_code == 302
    client.post("/accounts/logout/")
    assert slowed(guess(client, "user20@example.com", 1)) == 0
    assert slowed(guess(client, "user21@example.com", 1)) > 0


def test_others_come_in_while_somebody_is_guessed_at(client, alice):
    guess(client, alice.email, 9)
    other = make_staff(email="other@example.com")
    assert try_once(client, other.email, PASSWORD, HOME).status_code == 302


def test_signing_in_right_never_counts_against_anybody(client, alice):
    for number in range(ANYWHERE.free + 1):
        assert try_once(client, alice.email, PASSWORD, f"192.0.2.{number % 4}").status_code == 302
        client.post("/accounts/logout/")


def test_hammering_the_door_gets_the_429_page(client, db):
    answers = [client.post(LOGIN, {}, REMOTE_ADDR=ELSEWHERE) for _ in range(31)]
    assert answers[29].status_code == 200
    assert answers[30].status_code == 429
    assert "Too many attempts" in answers[30].content.decode()


def test_waits_double_to_a_limit_and_no_further():
    assert [HERE.wait_s(number) for number in (1, 2, 3, 4, 10, 11, 10**9)] == [0, 0, 2, 4, 256, 300, 300]


def test_the_count_lives_in_valkey_so_that_every_worker_shares_it(client, alice):
    guess(client, alice.email, 1)
    keys = [key.decode() for key in cache._cache.get_client().scan_iter("*users:throttle:*")]
    assert keys
    assert not any("alice" in key for key in keys), "an email is no part of a key"


def test_nobody_gets_in_uncounted(client, alice, settings):
    """A Redis that does not answer: a port on which nobody listens."""
    dead = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": dead}
    answer = client.post(LOGIN, {"login": alice.email, "password": PASSWORD}, follow=True)
    assert "Signing in is not possible at the moment" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_a_passkey_is_not_asked_for_while_nobody_can_count(client, settings):
    dead = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": dead}
    answer = client.get(f"{LOGIN}passkey/")
    assert answer.status_code == 503
    assert "not possible at the moment" in answer.json()["error"]
    answer = client.post(f"{LOGIN}passkey/", {"credential": "{}"}, follow=True)
    assert "Signing in is not possible at the moment" in answer.content.decode()


def test_a_count_that_is_forgotten_in_the_moment_it_is_used_begins_anew(db):
    """The key ran out between looking and counting."""
    rule = throttle.Rule("soon", free=3, longest_s=1, forget_s=0)  # forgotten at once
    assert throttle._one_more(rule, "users:throttle:soon:test") == 1


# --- What is remembered of it


def test_a_failed_sign_in_is_recorded_without_the_password(client, db):
    guess(client, "nobody@example.com", 1)
    act = Act.objects.get()
    assert (act.kind, act.user, act.email, act.ip) == (
        ActKind.SIGN_IN_FAILED,
        None,
        "nobody@example.com",
        ELSEWHERE,
    )
    assert "guess" not in str(act.__dict__)


def test_attempts_that_are_not_heard_are_not_recorded(client, alice):
    guess(client, alice.email, 15)
    assert Act.objects.count() == 3


def test_guessing_from_everywhere_cannot_fill_the_disk(client, db, monkeypatch):
    monkeypatch.setattr(audit, "FAILURES_PER_HOUR", 5)
    for number in range(9):
        guess(client, f"user{number}@example.com", 1, f"192.0.2.{number}")
    acts = Act.objects.order_by("pk")
    assert acts.count() == 5
    assert "further failures of this hour are not written" in acts.last().detail
