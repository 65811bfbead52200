"""Tokens: what somebody who comes over the network shows of a login, or of a right that was given to a program."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xenia.model.caller import Role
from xenia.model.issuer import Vouched


class TokenKind(StrEnum):
    SESSION = "session"
    """Of a login."""
    API = "api"
    """Made by somebody for a program."""


@dataclass(frozen=True, slots=True)
class Token:
    """`user` is who it stands for. Nobody is more with it than `role`, and nobody more than they themselves are when it
    is shown. `digest` is the SHA-256 of the secret, in hexadecimal, which nobody keeps but who was given it. Times are
    seconds since the epoch; `used` is exact to a minute. `vouched` is what an issuer has said of the user, None for a
    user of the host.
    """

    id: str
    kind: TokenKind
    user: str
    role: Role
    label: str
    digest: str
    created: float
    expires: float
    used: float | None = None
    vouched: Vouched | None = None


@dataclass(frozen=True, slots=True)
class ShownToken:
    """A token as it is shown, without what it is known by."""

    id: str
    kind: TokenKind
    user: str
    role: str
    label: str
    created: float
    expires: float
    used: float | None


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token when it is made: `secret` is told this once."""

    secret: str
    token: ShownToken
