"""What all domains have used, looked at once for all who want to hear it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from xenia.api.ascii_json import ascii_json
from xenia.api.doors import Doors
from xenia.api.stats import stats_plain
from xenia.lib.codec import to_plain
from xenia.manager.stats import Counted

_FRESH = 1.0


@dataclass(frozen=True)
class Look:
    """What was seen at one moment."""

    counted: Counted
    host: Any

    @cached_property
    def text(self) -> str:
        """A frame of the stream."""
        return self.text_of(self.counted)

    def text_of(self, counted: Counted) -> str:
        """The frame for who sees only what is `counted` there."""
        return ascii_json({"type": "stats", **stats_plain(counted, self.host)})


class StatsFeed:
    """`clock` gives seconds that are never set back. Who asks within a second of another is told the same."""

    def __init__(self, doors: Doors, clock: Callable[[], float]) -> None:
        self._doors = doors
        self._clock = clock
        self._turn = asyncio.Lock()
        self._looked = float("-inf")
        self._look: Look | None = None

    async def look(self) -> Look:
        """Raises XeniaError where the engine does not answer."""
        async with self._turn:
            now = self._clock()
            if self._look is None or now - self._looked >= _FRESH:
                counted = await self._doors.manager.stats.all()
                self._look = Look(counted, to_plain(await self._doors.manager.host()))
                self._looked = now
            return self._look

    def pause(self, seconds: float) -> float:
        """How long to wait until the next time: all who asked for the same pace are told in the same moment."""
        return seconds - self._clock() % seconds
