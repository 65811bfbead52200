"""Logging in through an issuer (OpenID Connect Core 1.0, authorization code flow, with PKCE: RFC 7636).

The browser goes to the issuer and comes back with a code, which xend itself redeems there for a signed word on who the
user is. Three random values tie it all together: `state` and the browser's secret the way back to the browser that
began, `nonce` the issuer's word to this login, and PKCE's verifier the code to this xend.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from xenia.manager.logins.logins import Logins
from xenia.manager.logins.once import Once
from xenia.model.errors import not_found, unauthenticated
from xenia.model.issuer import BegunLogin, Identity, Issuer
from xenia.model.token import GivenToken

SECONDS = 600.0
"""How long somebody may take at the issuer."""
MOST = 10_000
MOST_OF_ONE = 20
"""From one address."""

_AGAIN = "begin again: GET /login/oidc in a browser"


class AtIssuer(Protocol):
    """Asks an issuer. All raise unavailable where it does not answer as it should."""

    async def door(self, issuer: Issuer) -> str:
        """The URL where users log in there (its authorization endpoint)."""

    async def redeem(self, issuer: Issuer, code: str, verifier: str, nonce: str) -> Identity:
        """Who has logged in there. Raises unauthenticated for a code or a word of it that does not hold."""


@dataclass(frozen=True, slots=True)
class _Begun:
    issuer: Issuer
    state: str
    nonce: str
    verifier: str


class ThroughIssuer:
    """`issuer` tells the one of the settings, None where there is none."""

    def __init__(
        self, logins: Logins, issuer: Callable[[], Issuer | None], at_issuer: AtIssuer, clock: Callable[[], float]
    ) -> None:
        self._logins = logins
        self._issuer = issuer
        self._at_issuer = at_issuer
        self._clock = clock
        self._begun: Once[_Begun] = Once(clock, SECONDS, most=MOST, most_of_one=MOST_OF_ONE)

    @property
    def offered(self) -> bool:
        """Whether there is an issuer."""
        return self._issuer() is not None

    async def begin(self, address: str) -> BegunLogin:
        """Where the browser at `address` is to go. Raises not_found where there is no issuer, too_many for one who has
        failed too often, and unavailable.
        """
        issuer = self._wanted()
        self._logins.refuse_hasty(address)
        door = await self._at_issuer.door(issuer)
        begun = _Begun(issuer, *(secrets.token_urlsafe(32) for _ in range(3)))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).rstrip(b"=").decode()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": issuer.client_id,
                "redirect_uri": issuer.back,
                "scope": issuer.scopes,
                "state": begun.state,
                "nonce": begun.nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        secret = self._begun.give(begun, address)
        return BegunLogin(f"{door}{'&' if '?' in door else '?'}{query}", secret, self._clock() + SECONDS)

    async def identify(self, secret: str, state: str, code: str, address: str) -> Identity:
        """Who comes back from the issuer with `state` and `code`. Whatever becomes of it, the login that was begun is
        used up. Raises unauthenticated for one that was not begun by who has `secret`, and as `begin`.
        """
        issuer = self._wanted()
        self._logins.refuse_hasty(address)
        self._logins.by_address.failed(address)  # until it is known to be none
        begun = self._begun.take(secret)
        if begun is None or not hmac.compare_digest(begun.state.encode(), state.encode(errors="replace")):
            raise unauthenticated("this login was not begun here, was used, or is over", _AGAIN)
        if begun.issuer != issuer:
            raise unauthenticated("the settings of the issuer have changed meanwhile", _AGAIN)
        return await self._at_issuer.redeem(issuer, code, begun.verifier, begun.nonce)

    async def admit(self, identity: Identity, address: str, label: str) -> GivenToken:
        """A session for them. Raises denied for one who may not come in."""
        return await self._logins.admit(identity.user, address, label, identity.vouched)

    def _wanted(self) -> Issuer:
        issuer = self._issuer()
        if issuer is None:
            raise not_found("nobody logs in through an issuer here", "oidc.issuer in xend.toml names one")
        return issuer
