"""How often somebody may try a password: VNC's are short, and a machine tries thousands a second."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

_FREE = 5
_SECONDS = 60.0
_MOST = 4096
"""Addresses that are remembered; the one that has been quiet for longest is forgotten first."""


class Tries:
    """`clock` gives seconds. An address that was wrong five times in a row waits for a minute after the last time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, address: str) -> float:
        """Seconds until `address` may try again; 0 when it may now."""
        count, last = self._wrong.get(address, (0, 0.0))
        left = last + _SECONDS - self._clock()
        if count and left <= 0:
            del self._wrong[address]
        return max(0.0, left) if count >= _FREE else 0.0

    def wrong(self, address: str) -> None:
        count, _ = self._wrong.pop(address, (0, 0.0))
        self._wrong[address] = count + 1, self._clock()
        if len(self._wrong) > _MOST:
            self._wrong.popitem(last=False)

    def right(self, address: str) -> None:
        self._wrong.pop(address, None)
