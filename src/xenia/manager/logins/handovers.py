"""Logins that a browser hands over to xm, which cannot ask an issuer or a security key itself (RFC 8252).

xm makes a random verifier and sends a browser here with its digest, the challenge (RFC 7636). Who has logged in there
and confirms is given a code for that challenge. It goes through the browser, its history and maybe a clipboard, and is
worth nothing to who finds it there: only with the verifier, which has never left xm, does it give a login.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

from xenia.manager.logins.logins import Logins
from xenia.manager.logins.once import Once
from xenia.model.caller import Caller
from xenia.model.errors import denied, invalid, unauthenticated
from xenia.model.handover import GivenHandover
from xenia.model.token import GivenToken

SECONDS = 120.0
"""How long somebody may take to copy a code to another machine."""
MOST = 1_000
MOST_OF_ONE = 5
"""Of one user."""

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""A SHA-256 in base64url."""
_AGAIN = "begin again: xm login --browser URL"


@dataclass(frozen=True, slots=True)
class _Handover:
    user: str
    token: str
    challenge: str


class Handovers:
    """`clock` gives seconds since the epoch."""

    def __init__(self, logins: Logins, clock: Callable[[], float]) -> None:
        self._logins = logins
        self._clock = clock
        self._given: Once[_Handover] = Once(clock, SECONDS, most=MOST, most_of_one=MOST_OF_ONE)

    def give(self, caller: Caller, challenge: str) -> GivenHandover:
        """A code with which who knows what `challenge` is the digest of comes in as `caller`. Raises denied for one who
        comes with no login, invalid.
        """
        if not self._logins.has_login(caller):
            raise denied("only who has logged in can hand their login over", "log in with a browser")
        if not _CHALLENGE.fullmatch(challenge):
            raise invalid("the challenge is no SHA-256 in base64url", _AGAIN)
        code = self._given.give(_Handover(caller.name, caller.token, challenge), caller.name)
        return GivenHandover(code, self._clock() + SECONDS)

    def user_of(self, code: str) -> str:
        """Whose login it is; "" for a code that is not known."""
        handover = self._given.look(code)
        return handover.user if handover is not None else ""

    async def redeem(self, code: str, verifier: str, address: str, label: str) -> GivenToken:
        """A session for whom the code was made for. Whatever becomes of it, the code is used up. It lasts no longer
        than the login that was handed over, and may no more. Raises unauthenticated, and too_many for an address that
        has failed too often.
        """
        self._logins.refuse_hasty(address)
        self._logins.by_address.failed(address)  # until it is known to be none
        handover = self._given.take(code)
        digest = hashlib.sha256(verifier.encode(errors="replace")).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if handover is None or not hmac.compare_digest(handover.challenge, challenge):
            raise unauthenticated("the code is not known, was used, is over, or was made for another xm", _AGAIN)
        return await self._logins.hand_over(handover.token, address, label)
