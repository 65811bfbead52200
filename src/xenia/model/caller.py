"""Who asks: identity and role of the other end of a request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """Ordered: each may do what the ones before it may."""

    VIEWER = 0
    """Looks, and changes nothing."""
    OPERATOR = 1
    """Runs domains whose files lie under the configured roots."""
    ADMINISTRATOR = 2
    """May name any path of the host in a guest file."""


@dataclass(frozen=True, slots=True)
class Caller:
    """`uid` is None for who comes over the network, from `address`, with the token whose id is `token`."""

    uid: int | None
    name: str
    role: Role
    address: str = ""
    token: str = ""
