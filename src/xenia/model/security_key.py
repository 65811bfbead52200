"""Security keys: what somebody has, beside the password that they know (WebAuthn; passkeys are some, too)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SecurityKey:
    """`credential` is what the key calls itself, `public_key` what it proves itself by (COSE), both in base64url.
    `count` is how often it had signed when it was last used; 0 for keys that do not count. Times are seconds since the
    epoch.
    """

    id: str
    user: str
    label: str
    credential: str
    public_key: str
    count: int
    created: float
    used: float | None = None


@dataclass(frozen=True, slots=True)
class ShownSecurityKey:
    """A security key as it is shown."""

    id: str
    user: str
    label: str
    created: float
    used: float | None


@dataclass(frozen=True, slots=True)
class Site:
    """What keys are made for: browsers show a key to pages of `host` alone, and say that they come from `origin`."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class KeyWanted:
    """A key is to prove itself: `options` are for navigator.credentials, as JSON; with `secret` the answer to them is
    taken, once.
    """

    options: dict[str, Any]
    secret: str
    expires: float


@dataclass(frozen=True, slots=True)
class GivenCode:
    """A code that stands for a security key of `user` at one login."""

    code: str
    user: str
    expires: float
