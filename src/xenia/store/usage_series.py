"""The history of what one domain, or the host, uses: tiers of rings, each coarser and longer than the one before."""

from __future__ import annotations

import math
import struct
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from xenia.model.usage import FIGURES, Usage, UsageHistory


@dataclass(frozen=True, slots=True)
class Tier:
    """`count` slots of `step` seconds each."""

    step: int
    count: int


TIERS = (Tier(10, 360), Tier(180, 480), Tier(900, 672), Tier(3600, 744))
"""An hour, a day, a week and 31 days. What is a slot of one is a whole number of slots of the one before, which divides
the number of slots there: so those of one slot lie side by side in the ring.
"""

PACE = TIERS[0].step
"""Seconds between two looks."""

LONGEST = TIERS[-1].step * TIERS[-1].count // 3600
"""Hours."""

_WIDTH = len(FIGURES)
_UNKNOWN = array("f", [math.nan] * _WIDTH)
_HEAD = struct.Struct("=8sq")
_MAGIC = b"XENUSE01"
_SIZE = _HEAD.size + sum(tier.count for tier in TIERS) * _WIDTH * _UNKNOWN.itemsize
_DIGITS = {"cpu": 1, "reads": 1, "writes": 1}
"""Behind the point; none for bytes and MiB."""


class UsageSeries:
    """A slot has the number of its beginning, in seconds since the epoch, divided by its length. In a ring it is at
    that number modulo `count`. NaN is what is not known.
    """

    def __init__(self) -> None:
        self._rings = [_UNKNOWN * tier.count for tier in TIERS]
        self._last = 0
        """The number of the latest slot of the finest tier, long ago where nothing was put yet."""
        self.changed = False
        """Whether there is something that `packed` has not told yet."""

    def put(self, number: int, usage: Usage) -> None:
        """What was used in the slot `number` of the finest tier. What lies between the last one and this is not known;
        what was put for later, before the clock was set back, is forgotten.
        """
        self._advance(number)
        row = array("f", [math.nan if each is None else each for each in astuple(usage)])
        _set(self._rings[0], number % TIERS[0].count, row)
        for coarser in range(1, len(TIERS)):
            slot = _slot(number, coarser)
            _set(self._rings[coarser], slot % TIERS[coarser].count, self._mean(coarser, slot, number))
        self.changed = True

    def _advance(self, number: int) -> None:
        for index, tier in enumerate(TIERS):
            last, now = _slot(self._last, index), _slot(number, index)
            first, end = (last + 1, now + 1) if now > last else (now + 1, last + 1)
            for each in range(max(first, end - tier.count), end):
                _set(self._rings[index], each % tier.count, _UNKNOWN)
        self._last = number

    def _mean(self, tier: int, slot: int, number: int) -> array[float]:
        """Of what is known in the slots of the finer tier that `slot` covers, as far as they have been reached."""
        finer = TIERS[tier - 1]
        first = slot * (TIERS[tier].step // finer.step)
        begin = first % finer.count * _WIDTH
        end = begin + (_slot(number, tier - 1) - first + 1) * _WIDTH
        columns = (self._rings[tier - 1][begin + column : end : _WIDTH] for column in range(_WIDTH))
        return array("f", [_mean_of_known(column) for column in columns])

    def history(self, hours: int, now: float) -> UsageHistory:
        """The last `hours` before `now`, seconds since the epoch, as finely as there are so many."""
        index, tier = next((index, tier) for index, tier in enumerate(TIERS) if tier.step * tier.count >= hours * 3600)
        newest, last = int(now) // tier.step, _slot(self._last, index)
        numbers = range(max(newest - hours * 3600 // tier.step, last - tier.count) + 1, min(newest, last) + 1)
        rows = [self._row(index, number) for number in numbers]
        known = [place for place, row in enumerate(rows) if any(not math.isnan(each) for each in row)]
        if not known:
            return UsageHistory(now, newest * tier.step, tier.step)
        columns = zip(FIGURES, zip(*rows[known[0] : known[-1] + 1], strict=True), strict=True)
        told = {name: tuple(_told(name, each) for each in column) for name, column in columns}
        return UsageHistory(now, numbers[known[0]] * tier.step, tier.step, **told)

    def _row(self, tier: int, number: int) -> array[float]:
        begin = number % TIERS[tier].count * _WIDTH
        return self._rings[tier][begin : begin + _WIDTH]

    def packed(self) -> bytes:
        """All of it, in the byte order of this host. A checksum is in it (zlib, RFC 1950)."""
        return zlib.compress(_HEAD.pack(_MAGIC, self._last) + b"".join(each.tobytes() for each in self._rings), 1)

    @classmethod
    def unpacked(cls, content: bytes) -> UsageSeries:
        """What was packed. Raises ValueError for what is torn, or was not packed here."""
        unpacking = zlib.decompressobj()
        try:
            plain = unpacking.decompress(content, _SIZE + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from None
        if len(plain) != _SIZE or not unpacking.eof or unpacking.unused_data or not plain.startswith(_MAGIC):
            raise ValueError("it is torn, or of another version")
        series = cls()
        _, series._last = _HEAD.unpack_from(plain)
        begin = _HEAD.size
        for ring in series._rings:
            size = len(ring) * ring.itemsize
            memoryview(ring).cast("B")[:] = plain[begin : begin + size]
            begin += size
        return series


def _slot(number: int, tier: int) -> int:
    """The number of the slot of a tier that the slot `number` of the finest one lies in."""
    return number * TIERS[0].step // TIERS[tier].step


def _set(ring: array[float], place: int, row: array[float]) -> None:
    ring[place * _WIDTH : (place + 1) * _WIDTH] = row


def _mean_of_known(column: Sequence[float]) -> float:
    total = sum(column)
    if not math.isnan(total):  # mostly all is known
        return total / len(column)
    known = [each for each in column if not math.isnan(each)]
    return sum(known) / len(known) if known else math.nan


def _told(name: str, value: float) -> float | None:
    if math.isnan(value):
        return None
    return round(value, _DIGITS[name]) if name in _DIGITS else round(value)
