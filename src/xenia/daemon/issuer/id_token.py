"""The issuer's signed word on who has logged in (OpenID Connect Core 1.0, 3.1.3.7). Without I/O."""

from __future__ import annotations

import hmac
import json
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, RSAKey

from xenia.daemon.issuer.refused import Refused

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Those where only the issuer has what signs. HS256 and its like are not: who verifies could sign as well."""

_KINDS = frozenset({"RSA", "EC", "OKP"})
_LEAST_RSA_BITS = 2048
_MOST_KEYS = 50
_LONGEST = 1 << 16
_SKEW_SECONDS = 60
"""By so much the issuer's clock may differ."""


def claims_of(text: Any, keys: Any, issuer: str, client_id: str, nonce: str, now: float) -> dict[str, Any]:
    """What the issuer says, verified: signed by one of its `keys` (a JWK set), for this client and this login, and not
    over. Raises Refused.
    """
    claims = _verified(text, keys)
    if claims.get("iss") != issuer:
        raise Refused("it is another issuer's")
    audience = claims.get("aud")
    for_whom = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp", client_id)
    if client_id not in for_whom or party != client_id or (len(for_whom) > 1 and "azp" not in claims):
        raise Refused("it is for somebody else than this host")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(errors="replace"), nonce.encode()):
        raise Refused("it is of another login")
    expires, issued, before = (_time(claims, name) for name in ("exp", "iat", "nbf"))
    if expires is None or issued is None:
        raise Refused("it does not say how long it is good")
    if expires <= now - _SKEW_SECONDS:
        raise Refused("it is over: are the clocks right?")
    if max(issued, before or 0.0) > now + _SKEW_SECONDS:
        raise Refused("it is of the future: are the clocks right?")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise Refused("it names nobody")
    return claims


def _time(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _verified(text: Any, keys: Any) -> dict[str, Any]:
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST or not text.isascii():
        raise Refused("there is none")
    try:
        header = jws.extract_compact(text.encode()).headers()
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("it is no signed word") from error
    if header.get("alg") not in ALGORITHMS:
        raise Refused(f"it is signed by {header.get('alg')!r:.40}, which anybody could have done")
    for key in _fitting(keys, header.get("kid")):
        try:
            signed = jws.deserialize_compact(text, key, algorithms=list(ALGORITHMS))
        except (JoseError, ValueError, TypeError):
            continue
        claims = _json(signed.payload)
        if claims is not None:
            return claims
    raise Refused("none of the issuer's keys has signed it")


def _json(payload: bytes) -> dict[str, Any] | None:
    try:
        plain = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return plain if isinstance(plain, dict) else None


def _fitting(keys: Any, kid: Any) -> list[Key]:
    """The issuer's keys by that name, all where it names none; without those that are too weak or for another use."""
    rows = keys.get("keys") if isinstance(keys, dict) else None
    found: list[Key] = []
    for row in rows[:_MOST_KEYS] if isinstance(rows, list) else []:
        if not isinstance(row, dict) or row.get("kty") not in _KINDS or row.get("use", "sig") != "sig":
            continue
        if kid is not None and row.get("kid") != kid:
            continue
        try:
            key = JWKRegistry.import_key(row)
            weak = isinstance(key, RSAKey) and key.raw_value.key_size < _LEAST_RSA_BITS
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
        if not weak:
            found.append(key)
    return found
