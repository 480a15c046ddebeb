"""Secrets that we must be able to read again, kept encrypted: seeds of sign-in codes, later passwords and
tokens of others' services. Passwords that we only compare are hashed instead and never come here.

The keys are ENCRYPTION_KEYS: the first one encrypts, all of them decrypt. To change a key put the new one
in front, run `manage.py reencrypt`, then take the old one away.
"""

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.dispatch import Signal

KEY_AT_LEAST = 32  # characters

# Asked by `manage.py reencrypt`. No arguments. A receiver encrypts what its room keeps by the first key and
# returns a name and the number of rows, such as ("sign-in codes", 12).
reencrypting = Signal()


class Unreadable(Exception):
    """A stored secret that no key of ENCRYPTION_KEYS opens, or that was changed since."""


def encrypt(text: str) -> str:
    """What to store instead of `text`; differs each time, about 4/3 as long and 100 characters more."""
    return _box(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """The text that `encrypt` was given. Raises Unreadable."""
    try:
        return _box(tuple(settings.ENCRYPTION_KEYS)).decrypt(stored.encode()).decode()
    except InvalidToken:
        raise Unreadable(_HINT) from None


def reencrypt(stored: str) -> str:
    """The same secret, encrypted by the first key. Raises Unreadable."""
    try:
        return _box(tuple(settings.ENCRYPTION_KEYS)).rotate(stored.encode()).decode()
    except InvalidToken:
        raise Unreadable(_HINT) from None


_HINT = (
    "A stored secret cannot be read with the present ENCRYPTION_KEYS. "
    "Add the key it was written with at the end of the list, separated by a comma."
)


@lru_cache(maxsize=8)  # tests and rotations know a few sets of keys, an installation one
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_fernet_key(key)) for key in keys])


def _fernet_key(key: str) -> bytes:
    """Any long random text is a key; Fernet wants exactly 32 bytes."""
    derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"connex stored secrets")
    return urlsafe_b64encode(derive.derive(key.encode()))
