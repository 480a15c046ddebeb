"""A passkey instead of email and password: its owner has to be verified, not only to touch it."""

from __future__ import annotations

import html
import json
import re

from tests.factories import make_staff
from tests.users.security import CODE, LOGIN, sign_in
from tests.users.soft_key import SoftKey

PASSKEY = "/accounts/login/passkey/"


def is_in(browser) -> bool:
    return "_auth_user_id" in browser.session


def challenge_of_the_second_step(browser) -> str:
    page = browser.get(CODE).content.decode()
    options = json.loads(html.unescape(re.search(r'data-options="([^"]+)"', page)[1]))
    return options["publicKey"]["challenge"]


def challenge_of_the_sign_in(browser) -> str:
    return browser.get(PASSKEY).json()["publicKey"]["challenge"]


def test_a_key_opened_by_its_owner_signs_in_alone(client, alice):
    key = SoftKey(alice)
    answer = key.answer(challenge_of_the_sign_in(client), verified=True)
    assert client.post(PASSKEY, {"credential": answer})["Location"] == "/"
    assert is_in(client)


def test_a_key_that_was_found_does_not(client, alice):
    key = SoftKey(alice)
    client.post(PASSKEY, {"credential": key.answer(challenge_of_the_sign_in(client), verified=False)})
    assert not is_in(client)


def test_a_touch_is_enough_beside_the_password(client, alice):
    key = SoftKey(alice)
    sign_in(client, alice)
    client.post(CODE, {"credential": key.answer(challenge_of_the_second_step(client), verified=False)})
    assert is_in(client)


def test_the_easier_question_of_ones_own_second_step_does_not_open_somebody_elses_account(client, alice, db):
    found, mallory = SoftKey(alice), make_staff(role=None)
    SoftKey(mallory)
    sign_in(client, mallory)
    challenge = challenge_of_the_second_step(client)
    answer = client.post(PASSKEY, {"credential": found.answer(challenge, verified=False)})
    assert answer["Location"] == LOGIN
    assert not is_in(client)
