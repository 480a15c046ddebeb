"""Passwords of SIP users: what they must be like, and how one is made."""

import secrets
import string

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

SHORTEST = 8
LONGEST = 64
GENERATED = 20
# No quotes, backslash or colon: people paste these into configuration files.
SYMBOLS = "!#%+-=?@_~"
_KINDS = (string.ascii_uppercase, string.ascii_lowercase, string.digits, SYMBOLS)


def generated() -> str:
    """A random password that meets the rules, about 120 bits."""
    every = "".join(_KINDS)
    while True:
        password = "".join(secrets.choice(every) for _i in range(GENERATED))
        if all(set(password) & set(kind) for kind in _KINDS):
            return password


def check(password: str) -> None:
    """Raises ValidationError naming everything that `password` lacks."""
    missing = []
    if len(password) < SHORTEST:
        missing.append(_("at least %(n)d characters") % {"n": SHORTEST})
    if len(password) > LONGEST:
        missing.append(_("at most %(n)d characters") % {"n": LONGEST})
    if not any(character.isupper() for character in password):
        missing.append(_("an upper-case letter"))
    if not any(character.islower() for character in password):
        missing.append(_("a lower-case letter"))
    if not any(character.isdigit() for character in password):
        missing.append(_("a digit"))
    if not any(character in string.punctuation for character in password):
        missing.append(_("a symbol such as ! or #"))
    if any(
        not character.isascii() or not character.isprintable() or character == " " for character in password
    ):
        missing.append(_("only letters a to z, digits and symbols, without spaces"))
    if missing:
        raise ValidationError(
            _("The password needs %(missing)s."), params={"missing": ", ".join(str(one) for one in missing)}
        )
