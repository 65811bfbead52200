"""Logins that a browser hands over."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GivenHandover:
    """What a browser hands over to a program: `code` gives a login, once, to who has what it is bound to. `expires` is
    seconds since the epoch.
    """

    code: str
    expires: float
