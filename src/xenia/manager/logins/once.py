"""What somebody has begun and may finish once, soon: in memory alone, and gone with xend."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    value: T
    whose: str
    expires: float


class Once(Generic[T]):
    """Values by the digests of random secrets (256 bits). `clock` gives seconds, `seconds` is how long each is good.

    Of one address or user `most_of_one` are kept, of all together `most`: the oldest goes for a new one, so that who
    begins very many hinders nobody else for long.
    """

    def __init__(self, clock: Callable[[], float], seconds: float, *, most: int, most_of_one: int) -> None:
        self._clock = clock
        self.seconds = seconds
        self._most = most
        self._most_of_one = most_of_one
        self._kept: dict[str, _Kept[T]] = {}

    def give(self, value: T, whose: str) -> str:
        """The secret for which `take` has `value`."""
        now = self._clock()
        self._kept = {digest: each for digest, each in self._kept.items() if each.expires > now}
        own = [digest for digest, each in self._kept.items() if each.whose == whose]
        surplus = own[: max(0, len(own) - self._most_of_one + 1)]
        for digest in surplus or list(self._kept)[: max(0, len(self._kept) - self._most + 1)]:
            del self._kept[digest]
        secret = secrets.token_urlsafe(32)
        self._kept[_digest(secret)] = _Kept(value, whose, now + self.seconds)
        return secret

    def look(self, secret: str) -> T | None:
        """As `take`, and it can still be taken."""
        kept = self._kept.get(_digest(secret))
        return None if kept is None or kept.expires <= self._clock() else kept.value

    def take(self, secret: str) -> T | None:
        """The value, this once; None for a secret that is unknown, was used or is over."""
        kept = self._kept.pop(_digest(secret), None)
        return None if kept is None or kept.expires <= self._clock() else kept.value


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()
