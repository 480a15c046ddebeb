"""A security key in software: real signatures, and an owner who may only touch it."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from users import factors
from users.models import User

FLAG = AuthenticatorData.FLAG


class SoftKey:
    """Made for `user` at one host name."""

    def __init__(self, user: User, party: str = "localhost") -> None:
        self.user, self.party = user, party
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(16)
        factors.add_passkey(user, "Key", self._registered())

    def answer(self, challenge: str, *, verified: bool) -> str:
        """What a browser would send. verified: by PIN or fingerprint, not by a touch alone."""
        asked = CollectedClientData.create("webauthn.get", challenge, f"http://{self.party}")
        data = self._data(FLAG.UP | FLAG.UV if verified else FLAG.UP)
        signature = self.private.sign(data + asked.hash, ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": websafe_encode(asked),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
            "userHandle": websafe_encode(user_pk_to_url_str(self.user).encode()),
        }
        return json.dumps(self._named(response))

    def _registered(self) -> dict[str, Any]:
        public = ES256.from_cryptography_key(self.private.public_key())
        own = AttestedCredentialData.create(bytes(16), self.id, public)
        made = AttestationObject.create("none", self._data(FLAG.UP | FLAG.UV | FLAG.AT, own), {})
        asked = CollectedClientData.create("webauthn.create", b"any", f"http://{self.party}")
        response = {"clientDataJSON": websafe_encode(asked), "attestationObject": websafe_encode(made)}
        return self._named(response)

    def _data(self, flags: FLAG, own: bytes = b"") -> AuthenticatorData:
        return AuthenticatorData.create(hashlib.sha256(self.party.encode()).digest(), flags, 0, own)

    def _named(self, response: dict[str, str]) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": response,
        }
