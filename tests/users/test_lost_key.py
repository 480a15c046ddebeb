"""Second factors whose key is lost, as after a restore under other keys."""

from __future__ import annotations

from tests.pages import words
from tests.users.security import CODE, code_of, give_app, sign_in


def test_without_the_key_of_their_codes_people_are_told_whom_to_ask(client, alice, settings):
    seed = give_app(alice)
    settings.ENCRYPTION_KEYS = ["a-key-that-came-with-another-installation"]
    sign_in(client, alice)
    assert client.get(CODE).status_code == 200
    assert "Ask an administrator to reset your second factor." in words(
        client.post(CODE, {"code": code_of(seed)})
    )
    assert "_auth_user_id" not in client.session
