"""Which secrets the data of a backup need, told by fingerprints: the secrets themselves stay outside."""

import hashlib
import secrets
from dataclasses import dataclass

from django.conf import settings

# What is lost where the secret is another one.
LOSS = {
    "SECRET_KEY": "everybody has to sign in again, and links sent by mail no longer work",
    "ENCRYPTION_KEYS": "what is encrypted in the database (second factors, keys of providers) cannot be read",
}


@dataclass(frozen=True)
class Fingerprint:
    """Tells whether a secret is the same, and nothing else: guessing from it is slow on purpose.

    salt, digest: hexadecimal.
    """

    secret: str
    salt: str
    digest: str

    @classmethod
    def of(cls, secret: str, value: str) -> "Fingerprint":
        salt = secrets.token_hex(16)
        return cls(secret, salt, _digest(value, salt))

    def fits(self, value: str) -> bool:
        return secrets.compare_digest(self.digest, _digest(value, self.salt))


def _digest(value: str, salt: str) -> str:
    return hashlib.scrypt(value.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1).hex()[:32]


def held() -> dict[str, list[str]]:
    """The secrets of this installation that its data need, by name; a name may have several values."""
    found = {"SECRET_KEY": [settings.SECRET_KEY, *getattr(settings, "SECRET_KEY_FALLBACKS", [])]}
    if keys := getattr(settings, "ENCRYPTION_KEYS", None):
        found["ENCRYPTION_KEYS"] = [str(key) for key in keys]
    return found


def needed() -> list[Fingerprint]:
    """Fingerprints for a manifest, of every value that may still be in use."""
    return [Fingerprint.of(name, value) for name, values in held().items() for value in values]


def missing(fingerprints: list[Fingerprint]) -> list[str]:
    """Names of the secrets that a backup needs and this installation does not hold."""
    here = held()
    lacking = [each.secret for each in fingerprints if not any(map(each.fits, here.get(each.secret, [])))]
    return sorted(set(lacking))


def as_lines() -> str:
    """NAME=value lines, as a file of variables has them."""
    return "".join(f"{name}={','.join(values)}\n" for name, values in held().items())
