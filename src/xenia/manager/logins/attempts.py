"""How often somebody has failed to log in, and how long they wait for that. Without I/O."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_FIRST_WAIT = 2.0
_LONGEST_WAIT = 900.0
_FORGOTTEN = 3600.0
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last: float


class Attempts:
    """Failures by key: a user's name, or an address. `free` of them cost nothing, for people mistype. Each one above
    doubles the wait, to a quarter of an hour; an hour without one, or a success, is a new start. The keys that failed
    longest ago are forgotten above ten thousand.
    """

    def __init__(self, clock: Callable[[], float], free: int) -> None:
        self._clock = clock
        self._free = free
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def wait(self, key: str) -> int:
        """Whole seconds until `key` may try again; 0 at once."""
        known = self._failures.get(key)
        if known is None or known.count < self._free:
            return 0
        long = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(known.count - self._free, 20))
        return math.ceil(max(0.0, known.last + long - self._clock()))

    def failed(self, key: str) -> None:
        now = self._clock()
        known = self._failures.pop(key, None)
        again = known is not None and now - known.last < _FORGOTTEN
        self._failures[key] = _Failures(known.count + 1 if known is not None and again else 1, now)
        if len(self._failures) > _MOST:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        self._failures.pop(key, None)
