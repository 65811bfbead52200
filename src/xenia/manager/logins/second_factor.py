"""Logging in with a password and a security key (Web Authentication, Level 2), and whose keys there are.

After the password a challenge goes to the browser, whose key signs it together with the page that asks. Each challenge
is used up by the first answer. Where a key is wanted of somebody who has none, or not any more, a code that an
administrator has made stands for it at one login.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from xenia.manager.logins.logins import Logins
from xenia.manager.logins.once import Once
from xenia.model.caller import Caller, Role
from xenia.model.errors import XeniaError, conflict, denied, invalid, not_found, unauthenticated
from xenia.model.operations import Reason
from xenia.model.security_key import GivenCode, KeyWanted, SecurityKey, ShownSecurityKey, Site
from xenia.model.token import GivenToken
from xenia.store.security_keys import SecurityKeyStore

log = logging.getLogger(__name__)

OFF, OPTIONAL, ADMINISTRATORS, REQUIRED = POLICIES = ("off", "optional", "administrators", "required")
"""Of whom a key is wanted: of nobody; of who has one; also of all administrators; also of everybody."""

SECONDS = 120.0
"""How long somebody may take to find their key."""
CODE_SECONDS = 86_400.0
MOST = 10_000
MOST_OF_ONE = 5
MOST_KEYS = 10
"""Of one user."""

_LONGEST_LABEL = 200
_ALGORITHMS = (-8, -7, -257)
"""Ed25519, ES256, RS256 (COSE)."""

Answer = dict[str, Any]
"""What a browser's key has answered: PublicKeyCredential.toJSON()."""


@dataclass(frozen=True, slots=True)
class Made:
    """A key that was made: what it calls itself, what it proves itself by, and how often it has signed."""

    credential: str
    public_key: str
    count: int


class Proofs(Protocol):
    """Looks at answers. Both raise unauthenticated for one that does not hold, unavailable where none can be read."""

    async def made(self, answer: Answer, challenge: str, site: Site) -> Made:
        """The key that was made for `challenge`."""

    async def proven(self, answer: Answer, challenge: str, site: Site, key: SecurityKey) -> int:
        """How often `key` has signed now that it has signed `challenge`."""


@dataclass(frozen=True, slots=True)
class _Login:
    user: str
    label: str
    challenge: str


@dataclass(frozen=True, slots=True)
class _Making:
    user: str
    token: str
    challenge: str


class SecondFactor:
    """`policy` is one of POLICIES and `site` what keys are made for, both as the settings are at the time. The store is
    loaded by whoever makes this.
    """

    def __init__(
        self,
        logins: Logins,
        store: SecurityKeyStore,
        proofs: Proofs,
        policy: Callable[[], str],
        site: Callable[[], Site],
        clock: Callable[[], float],
    ) -> None:
        self._logins = logins
        self._store = store
        self._proofs = proofs
        self._policy = policy
        self._site = site
        self._clock = clock
        self._begun: Once[_Login] = Once(clock, SECONDS, most=MOST, most_of_one=MOST_OF_ONE)
        self._making: Once[_Making] = Once(clock, SECONDS, most=MOST, most_of_one=MOST_OF_ONE)
        self._codes: Once[str] = Once(clock, CODE_SECONDS, most=MOST, most_of_one=1)

    @property
    def policy(self) -> str:
        """Of whom a key is wanted: one of POLICIES."""
        return self._policy()

    @property
    def origin(self) -> str:
        """Where browsers have to be for keys: keys are made for that place."""
        return self._site().origin

    async def log_in(
        self, user: str, password: str, address: str, label: str, code: str = ""
    ) -> GivenToken | KeyWanted:
        """A session for somebody who knows the password of `user`, or what their key has to answer before. `code` is
        one that an administrator has made. Raises as Logins.authenticate and Logins.admit, denied for one of whom a key
        is wanted and who has none.
        """
        await self._logins.authenticate(user, password, address)
        rights = await self._logins.let_in(user)
        if not self._is_wanted(user, rights.highest):
            return await self._logins.admit(user, address, label)
        if code:
            if self._codes.take(code) != user:
                raise unauthenticated("the code is not known, was used, is over, or is another user's", _CODE_HINT)
            return await self._logins.admit(user, address, label)
        keys = self._store.of(user)
        if not keys:
            raise denied(f"'{user}' needs a security key to log in, and has none", _CODE_HINT)
        challenge = _challenge()
        secret = self._begun.give(_Login(user, label, challenge), user)
        options = {
            "challenge": challenge,
            "timeout": int(SECONDS * 1000),
            "rpId": self._named_site().host,
            "allowCredentials": [{"type": "public-key", "id": key.credential} for key in keys],
            "userVerification": "preferred",
        }
        return KeyWanted(options, secret, self._clock() + SECONDS)

    def _is_wanted(self, user: str, role: Role) -> bool:
        policy = self._policy()
        if policy == REQUIRED or (policy == ADMINISTRATORS and role >= Role.ADMINISTRATOR):
            return True
        return policy != OFF and bool(self._store.of(user))

    def user_of(self, secret: str) -> str:
        """Whose login it is that was begun with `secret`; "" where there is none. It is not used up by that."""
        begun = self._begun.look(secret)
        return "" if begun is None else begun.user

    async def prove(self, secret: str, answer: Answer, address: str) -> GivenToken:
        """The session for the login that was begun with `secret`, which is used up. Raises unauthenticated for an
        answer that does not hold.
        """
        self._logins.refuse_hasty(address)
        begun = self._begun.take(secret)
        if begun is None:
            self._logins.by_address.failed(address)
            raise unauthenticated("this login was not begun, was answered, or is over", "log in again")
        credential = answer.get("id")
        key = next((each for each in self._store.of(begun.user) if each.credential == credential), None)
        if key is None:
            raise unauthenticated("that is not a security key of this user", "take another one")
        count = await self._proofs.proven(answer, begun.challenge, self._named_site(), key)
        if key not in self._store.of(begun.user):
            raise unauthenticated("this security key was used or removed meanwhile", "log in again")
        await self._store.put(replace(key, count=count, used=self._clock()))
        return await self._logins.admit(begun.user, address, begun.label)

    def begin_key(self, caller: Caller) -> KeyWanted:
        """What a browser needs to make a key for `caller`. Raises conflict where none are wanted here or they have too
        many, denied for one who has not logged in with a password.
        """
        site, keys, challenge = self._place_for(caller), self._store.of(caller.name), _challenge()
        secret = self._making.give(_Making(caller.name, caller.token, challenge), caller.name)
        options = {
            "challenge": challenge,
            "timeout": int(SECONDS * 1000),
            "rp": {"id": site.host, "name": f"Xenia at {site.host}"},
            "user": {"id": _handle(caller.name), "name": caller.name, "displayName": caller.name},
            "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in _ALGORITHMS],
            "excludeCredentials": [{"type": "public-key", "id": key.credential} for key in keys],
            "authenticatorSelection": {"residentKey": "discouraged", "userVerification": "preferred"},
            "attestation": "none",
        }
        return KeyWanted(options, secret, self._clock() + SECONDS)

    def refusal(self, caller: Caller) -> Reason | None:
        """Why `begin_key` refuses; None where it does not."""
        try:
            self._place_for(caller)
        except XeniaError as error:
            return Reason(error.message, error.hint or "")
        return None

    def _place_for(self, caller: Caller) -> Site:
        """What a new key of `caller` is for. Raises as `begin_key`."""
        if self._policy() == OFF:
            raise conflict("security keys are not asked for here", "web.second_factor in xend.toml says so")
        if not self._logins.has_password(caller):
            raise denied("who has not logged in with a password has no security keys here", "log in with one")
        if len(self._store.of(caller.name)) >= MOST_KEYS:
            raise conflict(f"'{caller.name}' has {MOST_KEYS} security keys already", "remove one")
        return self._named_site()

    async def add_key(self, caller: Caller, secret: str, label: str, answer: Answer) -> ShownSecurityKey:
        """Keep the key that has answered what was begun with `secret`. Raises unauthenticated for an answer that does
        not hold, invalid for a label, conflict for a key that is known.
        """
        if not label.isprintable() or not 0 < len(label) <= _LONGEST_LABEL:
            raise invalid(f"a security key needs a label of 1 to {_LONGEST_LABEL} letters", "say which one it is")
        making = self._making.take(secret)
        if making is None or (making.user, making.token) != (caller.name, caller.token):
            raise unauthenticated("this key was not asked for by this login, was answered, or is over", "begin again")
        made = await self._proofs.made(answer, making.challenge, self._named_site())
        if any(each.credential == made.credential for each in self._store.all()):
            raise conflict("this security key is known already", "take another one")
        new = secrets.token_hex(4)
        key = SecurityKey(new, caller.name, label, made.credential, made.public_key, made.count, self._clock())
        await self._store.put(key)
        return _shown(key)

    def shown(self, caller: Caller) -> list[ShownSecurityKey]:
        """The caller's own; all of them for an administrator. The oldest comes first."""
        found = self._store.all() if caller.administers_host else self._store.of(caller.name)
        return [_shown(key) for key in sorted(found, key=lambda each: each.created)]

    async def remove_key(self, caller: Caller, key_id: str) -> ShownSecurityKey:
        """Nobody logs in with it from now on. Raises not_found, also for one of others, and denied for who comes with a
        token for a program, which could be a thief's.
        """
        for key in self._store.all():
            if key.id == key_id and (key.user == caller.name or caller.administers_host):
                if not (caller.administers_host or self._logins.has_password(caller)):
                    raise denied("a token for a program removes no security keys", "log in with the password")
                await self._store.remove(key)
                return _shown(key)
        raise not_found(f"there is no security key '{key_id}'", "xm security-key list shows them")

    def give_code(self, user: str) -> GivenCode:
        """A code with which `user` logs in once without a key; the one they had before is worth nothing then. It is
        gone when xend ends. Raises conflict where no keys are wanted.
        """
        if self._policy() == OFF:
            raise conflict("security keys are not asked for here", "web.second_factor in xend.toml says so")
        return GivenCode(self._codes.give(user, user), user, self._clock() + CODE_SECONDS)

    def _named_site(self) -> Site:
        """Raises conflict for a host that is known by an address alone: keys are made for names."""
        site = self._site()
        try:
            ipaddress.ip_address(site.host)
        except ValueError:
            return site
        raise conflict(f"security keys are made for names of hosts, not for {site.host}", "set web.url in xend.toml")


_CODE_HINT = "an administrator makes a code for one login on the host: xm security-key code USER"


def _challenge() -> str:
    return secrets.token_urlsafe(32)


def _handle(user: str) -> str:
    """What a key calls the user: nothing that tells their name (WebAuthn, 14.6.1)."""
    return base64.urlsafe_b64encode(hashlib.sha256(user.encode()).digest()).rstrip(b"=").decode()


def _shown(key: SecurityKey) -> ShownSecurityKey:
    return ShownSecurityKey(key.id, key.user, key.label, key.created, key.used)
