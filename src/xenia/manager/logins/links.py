"""Links that log in once: for who is on the host anyway and wants to go on in a browser."""

from __future__ import annotations

from collections.abc import Callable

from xenia.manager.logins.logins import Logins
from xenia.manager.logins.once import Once
from xenia.model.caller import Caller
from xenia.model.errors import denied, unauthenticated
from xenia.model.login_link import GivenLink
from xenia.model.token import GivenToken

SECONDS = 300.0
MOST = 1_000
MOST_OF_ONE = 10
"""Of one user."""

_AGAIN = "make another one on the host: xm web"


class LoginLinks:
    """`url` tells where xenia-web is reached; it raises unavailable where none runs."""

    def __init__(self, logins: Logins, url: Callable[[], str], clock: Callable[[], float]) -> None:
        self._logins = logins
        self._url = url
        self._clock = clock
        self._given: Once[str] = Once(clock, SECONDS, most=MOST, most_of_one=MOST_OF_ONE)

    async def give(self, caller: Caller) -> GivenLink:
        """A link for `caller`. Its secret is the fragment, which browsers keep to themselves.

        Raises denied for one who comes over the network, where a password and, as the case may be, a security key are
        asked for, and for one who may not come in over it; unavailable.
        """
        if caller.token:
            raise denied("a link is made on the host itself alone", "log in there, and: xm web")
        await self._logins.let_in(caller.name)
        url = self._url()
        return GivenLink(f"{url}/login#{self._given.give(caller.name, caller.name)}", self._clock() + SECONDS)

    async def follow(self, secret: str, address: str) -> GivenToken:
        """A session for whom the link was made, this once. Raises unauthenticated for one that is not known or over,
        too_many, and as `give`.
        """
        self._logins.refuse_hasty(address)
        user = self._given.take(secret)
        if user is None:
            self._logins.by_address.failed(address)
            raise unauthenticated("this link is not known, was used, or is over", _AGAIN)
        return await self._logins.admit(user, address, "a link")
