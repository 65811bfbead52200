"""Who asks: identity and role of the other end of a request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """Ordered: each may do what the ones before it may."""

    VIEWER = 0
    OPERATOR = 1
    """Runs domains whose files lie under the configured roots."""
    ADMINISTRATOR = 2
    """May name any path of the host in a guest file."""


@dataclass(frozen=True, slots=True)
class Caller:
    uid: int
    name: str
    role: Role
