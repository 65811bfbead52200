"""How long requests of a disk took, in words: an average says nothing of the few that everybody waits for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from xenia.model.why import Latencies

_LONG = 0.1
"""Seconds of a request that a person in front of the guest notices."""
_RARE = 0.01
"""The share of such requests from which on they are worth telling."""
_FEW = 2


def how_long(count: int, word: str, seconds: float, bins: Sequence[int], bounds: Sequence[float]) -> str:
    """Of `count` requests of the kind `word`, which took `seconds` on average: the half and 99 of 100, as far as their
    `bins` tell.
    """
    if sum(bins) == 0:
        return f"{count} {word} took {1000 * seconds:.1f} ms each"
    half, nearly_all = _within(bins, bounds, 0.5), _within(bins, bounds, 0.99)
    if half == nearly_all:
        return f"99 of 100 of {count} {word} took {half}"
    return f"half of {count} {word} took {half}, 99 of 100 {nearly_all}"


def slow(latencies: Latencies) -> str:
    """That a part of the requests took long, whatever the others did; "" where none did that counts."""
    bounds = (0.0, *latencies.bounds)
    both = [sum(pair) for pair in zip(latencies.reads, latencies.writes, strict=True)]
    long = sum(count for bound, count in zip(bounds, both, strict=True) if bound >= _LONG)
    if long < max(_FEW, _RARE * sum(both)):
        return ""
    return f"{long} of {sum(both)} requests took {1000 * _LONG:g} ms or more"


def _within(bins: Sequence[int], bounds: Sequence[float], share: float) -> str:
    """The time that so many of the requests took at most."""
    wanted = share * sum(bins)
    number = next(number for number, count in enumerate(accumulate(bins)) if count >= wanted)
    if number < len(bounds):
        return f"up to {1000 * bounds[number]:g} ms"
    return f"more than {1000 * bounds[-1]:g} ms"
