"""A security key and the browser that it is in, as software: also one that does what none should."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN = "https://alpha.example:8006"
_PRESENT, _ATTESTED = 0x01, 0x40


def text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@dataclass
class Authenticator:
    """`count` is how often it has signed; `origin` is of the page that asks."""

    origin: str = ORIGIN
    count: int = 0
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    present: int = _PRESENT

    def create(self, options: dict[str, Any], **client: Any) -> dict[str, Any]:
        """What navigator.credentials.create() gives for `options`, as JSON. `client` are other members of what the
        browser says.
        """
        assert {"type": "public-key", "alg": -7} in options["pubKeyCredParams"]
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        credential = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(cose)
        data = self._data(options["rp"]["id"], _ATTESTED) + credential
        told = {
            "clientDataJSON": text(self._client("webauthn.create", options, client)),
            "attestationObject": text(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
        }
        return self._answer(told)

    def get(self, options: dict[str, Any], **client: Any) -> dict[str, Any]:
        """The same of navigator.credentials.get()."""
        self.count += 1
        data, said = self._data(options["rpId"], 0), self._client("webauthn.get", options, client)
        signature = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        told = {"clientDataJSON": text(said), "authenticatorData": text(data), "signature": text(signature)}
        return self._answer(told)

    def _data(self, host: str, flags: int) -> bytes:
        return hashlib.sha256(host.encode()).digest() + struct.pack(">BI", self.present | flags, self.count)

    def _client(self, kind: str, options: dict[str, Any], other: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | other).encode()

    def _answer(self, told: dict[str, str]) -> dict[str, Any]:
        own = text(self.id)
        return {"id": own, "rawId": own, "type": "public-key", "response": told, "clientExtensionResults": {}}
