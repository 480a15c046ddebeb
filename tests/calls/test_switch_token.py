"""`manage.py switch_token`: how an operator gets the token that a switch reports with."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from calls import switches

pytestmark = pytest.mark.django_db


def token_of(*words: str) -> str:
    out = StringIO()
    call_command("switch_token", *words, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def test_a_switch_is_made_and_known_by_the_token_that_was_printed(client):
    token = token_of("fra-1")
    switch = switches.by_token(token)
    assert switch is not None
    assert switch.name == "fra-1"
    answer = client.post(
        "/api/switch/v1/cdrs",
        "[]",
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200


def test_a_second_call_takes_no_token_away_unless_asked_to():
    first = token_of("fra-1")
    with pytest.raises(CommandError, match="--renew gives it a new token"):
        token_of("fra-1")
    assert switches.by_token(first)
    second = token_of("fra-1", "--renew")
    assert switches.by_token(first) is None
    assert switches.by_token(second)


@pytest.mark.parametrize("name", ["", "  ", "a:b", "x" * 65])
def test_a_name_that_cannot_be_one_is_refused(name):
    with pytest.raises(CommandError, match="cannot be the name of a switch"):
        token_of(name)


def test_a_revoked_switch_reports_nothing_until_it_has_a_new_token():
    first = token_of("fra-1")
    assert "may report nothing" in token_of("fra-1", "--revoke")
    assert switches.by_token(first) is None
    assert switches.by_token(token_of("fra-1", "--renew"))


@pytest.mark.parametrize("way", ["--renew", "--revoke"])
def test_a_switch_that_is_not_there_is_named(way):
    with pytest.raises(CommandError, match="There is no switch 'fra-2'"):
        token_of("fra-2", way)
