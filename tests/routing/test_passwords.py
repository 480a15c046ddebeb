"""Passwords of SIP users."""

import pytest
from django.core.exceptions import ValidationError

from routing import passwords


def test_generated_passwords_meet_the_rules_and_differ():
    made = {passwords.generated() for _i in range(200)}

    assert len(made) == 200
    for password in made:
        passwords.check(password)


@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("Ab1!xyz", "at least 8"),
        ("Ab1!" + "x" * 61, "at most 64"),
        ("ab1!xyzw", "upper-case"),
        ("AB1!XYZW", "lower-case"),
        ("Abc!xyzw", "a digit"),
        ("Abc1xyzw", "a symbol"),
        ("Abc1! xyz", "without spaces"),
        ("Äbc1!Xyzz", "letters a to z"),
    ],
)
def test_a_weak_password_is_told_what_it_lacks(password, missing):
    with pytest.raises(ValidationError, match=missing):
        passwords.check(password)


def test_a_password_that_has_everything_passes():
    passwords.check("Abc1!xyz")
