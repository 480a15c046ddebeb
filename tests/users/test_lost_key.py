"""Second factors whose key is lost, as after a restore under other keys."""

from __future__ import annotations

from tests.pages import words
from tests.users.security import CODE, code_of, confirm, give_app, seed_on, sign_in
from users import factors

APP = "/accounts/security/app/"


def test_without_the_key_of_their_codes_people_are_told_whom_to_ask(client, alice, settings):
    seed = give_app(alice)
    settings.ENCRYPTION_KEYS = ["a-key-that-came-with-another-installation"]
    sign_in(client, alice)
    assert client.get(CODE).status_code == 200
    assert "Ask an administrator to reset your second factor." in words(
        client.post(CODE, {"code": code_of(seed)})
    )
    assert "_auth_user_id" not in client.session


def test_codes_that_no_key_opens_are_none_and_can_be_made_anew(client_alice, alice, settings):
    give_app(alice)
    confirm(client_alice)
    settings.ENCRYPTION_KEYS = ["a-key-that-came-with-another-installation"]
    assert factors.codes_of(alice) == []
    assert client_alice.post("/accounts/security/codes/new/", follow=True).status_code == 200
    assert len(factors.codes_of(alice)) == 10


def test_a_seed_that_waited_while_keys_were_changed_is_replaced(client_alice, settings):
    confirm(client_alice)
    before = seed_on(client_alice.get(APP).content.decode())
    settings.ENCRYPTION_KEYS = ["a-key-that-came-with-another-installation"]
    answer = client_alice.post(APP, {"code": code_of(before)})
    assert answer.status_code == 200
    assert "That code is not right" in words(answer)
    assert seed_on(answer.content.decode()) != before
