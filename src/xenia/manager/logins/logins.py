"""Logins and tokens.

Whoever shows the secret of a token is who it was made for, with the role that they have now, and no more than the token
was made for. Secrets are random (256 bits) and told once; what is kept is their SHA-256, which for such a secret is as
good as a slow hash.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from xenia.manager.logins.attempts import Attempts
from xenia.manager.logins.people import People, Rights
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError, conflict, denied, invalid, not_found, too_many, unauthenticated
from xenia.model.issuer import PREFIX, Vouched
from xenia.model.operations import Reason
from xenia.model.token import GivenToken, ShownToken, Token, TokenKind
from xenia.store.tokens import Tokens

DAY = 86_400.0
MOST_DAYS = 3_650
MOST_TOKENS = 100
"""Of one user. Their oldest session ends for a new one above that."""

_WHO_MAY = "an administrator says who may: web.administrators, web.operators, web.viewers and web.grants in xend.toml"
_LONGEST_NAME = 256
_LONGEST_PASSWORD = 1024
_LONGEST_LABEL = 200
_NOTED_SECONDS = 60.0

FREE_BY_ADDRESS = 5
FREE_BY_USER = 50
"""More: a stranger who only knows a name is not to lock its user out."""

Check = Callable[[str, str], Awaitable[None]]
"""Asks the host for a user's password. Raises denied for a wrong one and for a user that there is not, unavailable
where nobody can be asked.
"""


@dataclass(frozen=True, slots=True)
class Logins:
    """`hours` are those that a session lasts. Its token store is loaded by whoever makes this."""

    tokens: Tokens
    people: People
    by_address: Attempts
    by_user: Attempts
    check: Check
    clock: Callable[[], float]
    hours: Callable[[], int]

    async def log_in(self, user: str, password: str, address: str, label: str) -> GivenToken:
        """A session for somebody who knows the password of `user`, whatever else is asked for. `address` is where they
        come from. Raises as `authenticate` and `admit`.
        """
        await self.authenticate(user, password, address)
        return await self.admit(user, address, label)

    async def authenticate(self, user: str, password: str, address: str) -> None:
        """That somebody at `address` knows the password of `user`: it counts as a failure until they are let in.

        Raises unauthenticated, and too_many for one who has failed too often.
        """
        self.refuse_hasty(address, user)
        self.by_address.failed(address)  # counted before it is known, so that many at once count as many
        self.by_user.failed(user)
        await self._check(user, password)

    def refuse_hasty(self, address: str, user: str = "") -> None:
        """Raises too_many for an address or a user with too many failures."""
        wait = max(self.by_address.wait(address), self.by_user.wait(user) if user else 0)
        if wait:
            raise too_many("there were too many logins that failed", f"try again in {wait} seconds")

    async def admit(self, user: str, address: str, label: str, vouched: Vouched | None = None) -> GivenToken:
        """A session for `user`, of whom it is known that they are that; an issuer has `vouched` for them, or this host.
        Raises denied for one who may not come in over the network.
        """
        rights = await self.let_in(user, vouched)
        self.by_address.succeeded(address)
        self.by_user.succeeded(user)
        await self._make_room(user)
        return await self._give(TokenKind.SESSION, user, rights.highest, label, self.hours() * 3600.0, vouched)

    async def let_in(self, user: str, vouched: Vouched | None = None) -> Rights:
        """What `user` may. Raises denied for one who may not come in over the network, which is to be told only to who
        has proven to be that user.
        """
        rights = await self.people.rights_of(user, vouched)
        if rights is None:
            raise denied(f"'{user}' may not come in over the network", _WHO_MAY)
        return rights

    def has_password(self, caller: Caller) -> bool:
        """Whether they come with a login of a user of this host: neither with a token for a program nor through an
        issuer.
        """
        token = self._token_of(caller)
        return token is not None and token.kind is TokenKind.SESSION and token.vouched is None

    def has_login(self, caller: Caller) -> bool:
        """Whether they come with a login, however they have logged in, and not with a token for a program."""
        token = self._token_of(caller)
        return token is not None and token.kind is TokenKind.SESSION

    def _token_of(self, caller: Caller) -> Token | None:
        return next((each for each in self.tokens.all() if caller.token and each.id == caller.token), None)

    async def hand_over(self, token_id: str, address: str, label: str) -> GivenToken:
        """Another session for whom the one with that id is, with what they may by it, until it would end: who handed a
        login on again and again would else have one for ever. Raises unauthenticated where it is over.
        """
        token, rights = await self._worth(next((each for each in self.tokens.all() if each.id == token_id), None))
        self.by_address.succeeded(address)
        await self._make_room(token.user)
        left = token.expires - self.clock()
        return await self._give(TokenKind.SESSION, token.user, rights.highest, label, left, token.vouched)

    async def _check(self, user: str, password: str) -> None:
        known = 0 < len(user) <= _LONGEST_NAME and not user.startswith(PREFIX)
        usable = known and len(password) <= _LONGEST_PASSWORD and "\0" not in user + password
        try:
            if not usable:
                raise denied("no user has such a name or password")
            await self.check(user, password)
        except XeniaError as error:
            if error.kind is not ErrorKind.DENIED:
                raise
            raise unauthenticated("the name of the user or the password is wrong") from error

    async def _make_room(self, user: str) -> None:
        now = self.clock()
        over = [token for token in self.tokens.all() if token.expires <= now]
        mine = [token for token in self.tokens.all() if token.user == user and token not in over]
        sessions = sorted((token for token in mine if token.kind is TokenKind.SESSION), key=lambda each: each.created)
        surplus = max(0, len(mine) - MOST_TOKENS + 1)
        if gone := [*over, *sessions[:surplus]]:
            await self.tokens.remove(*gone)

    async def give(self, caller: Caller, label: str, role: Role | None, days: int) -> GivenToken:
        """A token for a program of `caller`, who has no more rights with it than `role` (None: than they have), for so
        many days. Raises denied, invalid, and a conflict for one who has too many.
        """
        if refused := self.refusal(caller):
            raise denied(refused.message, refused.hint)
        wanted = caller.highest if role is None else role
        if wanted > caller.highest:
            raise denied(f"you are no {wanted.name.lower()}: you cannot give that role to a token")
        if not 1 <= days <= MOST_DAYS:
            raise invalid(f"a token cannot be for {days} days", f"it can be for 1 to {MOST_DAYS}")
        if not label.isprintable() or not 0 < len(label) <= _LONGEST_LABEL:
            raise invalid(f"a token needs a label of 1 to {_LONGEST_LABEL} letters", "say what it is for")
        await self._make_room(caller.name)
        if sum(token.user == caller.name for token in self.tokens.all()) >= MOST_TOKENS:
            raise conflict(f"'{caller.name}' has {MOST_TOKENS} tokens already", "xm token revoke ends one")
        return await self._give(TokenKind.API, caller.name, wanted, label, days * DAY)

    def refusal(self, caller: Caller) -> Reason | None:
        """Why `caller` can make no tokens at all; None where they can."""
        if caller.name.startswith(PREFIX):
            # Only a login asks the issuer who they are: a token would outlast their leaving.
            return Reason(
                "who comes through the issuer can make no tokens", "a user of the host can: xm token create there"
            )
        return None

    async def _give(
        self, kind: TokenKind, user: str, role: Role, label: str, seconds: float, vouched: Vouched | None = None
    ) -> GivenToken:
        secret = f"xenia_{secrets.token_urlsafe(32)}"
        now = self.clock()
        shown = label[:_LONGEST_LABEL] if label.isprintable() else ""
        token = Token(
            secrets.token_hex(4), kind, user, role, shown, _digest(secret), now, now + seconds, vouched=vouched
        )
        await self.tokens.put(token)
        return GivenToken(secret, _shown(token))

    async def caller_of(self, secret: str, address: str) -> Caller:
        """Who shows `secret`. Raises unauthenticated for one that is unknown or over."""
        token, rights = await self._worth(self.tokens.by_digest(_digest(secret)))
        await self._note(token)
        return Caller(None, token.user, rights.role, address, token.id, rights.grants, by=rights.by)

    async def still(self, caller: Caller) -> Caller:
        """`caller` of some time ago, with what they may do now on the whole host, and no more than they might then, and
        with the grants that they have now. Raises unauthenticated where the token that they came with is over.
        """
        if not caller.token:
            return caller
        _, rights = await self._worth(next((each for each in self.tokens.all() if each.id == caller.token), None))
        return replace(caller, role=min(rights.role, caller.role), grants=rights.grants, granted=False)

    async def _worth(self, token: Token | None) -> tuple[Token, Rights]:
        if token is None or token.expires <= self.clock():
            raise unauthenticated("the login or token is not known, or it is over")
        rights = await self.people.rights_of(token.user, token.vouched)
        if rights is None:
            raise unauthenticated(f"'{token.user}' may not come in over the network", _WHO_MAY)
        return token, rights.up_to(token.role)

    async def _note(self, token: Token) -> None:
        now = self.clock()
        if token.used is None or now - token.used > _NOTED_SECONDS:
            await self.tokens.put(replace(token, used=now))

    def shown(self, caller: Caller) -> list[ShownToken]:
        """The caller's own that are not over; all of them for an administrator."""
        now, all_of_them = self.clock(), caller.role >= Role.ADMINISTRATOR
        own = [token for token in self.tokens.all() if all_of_them or token.user == caller.name]
        return [_shown(token) for token in sorted(own, key=lambda each: each.created) if token.expires > now]

    async def revoke(self, caller: Caller, token_id: str) -> ShownToken:
        """It is worth nothing from now on. Raises not_found, also for one of others."""
        for token in self.tokens.all():
            if token.id == token_id and (token.user == caller.name or caller.role >= Role.ADMINISTRATOR):
                await self.tokens.remove(token)
                return _shown(token)
        raise not_found(f"there is no token '{token_id}'", "xm token list shows them")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()


def _shown(token: Token) -> ShownToken:
    return ShownToken(
        token.id, token.kind, token.user, token.role.name.lower(), token.label, token.created, token.expires, token.used
    )
