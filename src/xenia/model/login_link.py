"""Links that log in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GivenLink:
    """A link when it is made: it is told this once. `expires` is seconds since the epoch."""

    url: str
    expires: float
